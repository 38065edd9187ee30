/*
 * More for the stand (stand.h): signs of life, cancelling, watches, time that moves both clocks, and restarts. What a
 * watch was told is written as one text, in order:
 *     S:a@3<0             a snapshot of job a at revision 3; Snapshot, Created, Updated, Ended or Deleted
 *     U:a@7<6+2           revision 7 after 6, with 2 changes merged into it
 *     resync              before all else, if the answer says so
 */
#ifndef TESTS_SERVICE_LIFE_H
#define TESTS_SERVICE_LIFE_H

#include "stand.h"

/* A call of the test and what it was answered; lives until life_stop. */
struct sight {
	struct call call; /* first */
	struct list link;
	struct arena arena;
	enum command_kind kind;
	int replies;
	const Progress__V1__ProgressInfo *info;          /* of a good answer about one job */
	const Progress__V1__WatchProgressResponse *page; /* of a good watch; that of many jobs has the same fields */
	char *text;                                      /* in the arena */
	size_t text_bytes;
};

struct view {
	const char *token; /* NULL: none */
	int64_t timeout_ms;
	bool is_latest_only;
	bool for_creation;
	struct feed_filter filter;
	uint32_t answer_bytes_max;
	uint64_t peer;
};

struct stand *life_start(void);

/* Checks that every call was answered exactly once. */
void life_stop(struct stand *stand);

/* Walks what is in line at so many ms after the start, by both clocks. */
void life_walk_at(struct stand *stand, int64_t ms);

/* The corridor and the feed anew, over the same store and at the same time, with another epoch. */
void life_restart(struct stand *stand);

/* Puts a call in line. Strings are borrowed. */
struct sight *life_sign(struct stand *stand, const char *job_id, uint32_t attempt, int64_t lease_ms);
struct sight *life_cancel(struct stand *stand, const char *job_id, const char *reason);
struct sight *life_watch(struct stand *stand, const char *job_id, struct view view);
struct sight *life_watch_all(struct stand *stand, struct view view);
struct sight *life_create(struct stand *stand, struct job_creation creation);

/* Walks a watch that does not wait through the corridor, after all that is in line. */
struct sight *life_look(struct stand *stand, const char *job_id, struct view view);
struct sight *life_look_at_all(struct stand *stand, struct view view);

/* Updates the job and walks. */
void life_update(struct stand *stand, const char *job_id, struct job_update update);

struct job_update with_lease(struct job_update update, int64_t lease_ms);

/* The state of the job in the store, JOB_STATE_UNSPECIFIED if there is none. */
enum job_state life_state(struct stand *stand, const char *job_id);

#endif
