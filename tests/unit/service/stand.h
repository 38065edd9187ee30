/*
 * The corridor on a stand: no threads, time as the test says, a store that can fail, and one log of everything that is
 * seen outside, in its order:
 *     commit:2            two jobs were committed (fail: the commit failed)
 *     told:a@3<2U         an event of job a, revision 3 after 2; Created, Updated, Ended or Deleted
 *     reply:x             the call that the test named x was answered
 */
#ifndef TESTS_SERVICE_STAND_H
#define TESTS_SERVICE_STAND_H

#include <progress/v1/progress_service.pb-c.h>

#include "fake_store.h"
#include "service/corridor.h"

enum { STAND_LOG_BYTES = 1 << 20 };

struct stand {
	struct fake_store store;
	struct feed feed;
	struct feed_listener listener;
	struct corridor corridor;
	struct list commands; /* asked, not yet carried out */
	struct list asked;    /* all */
	struct moment now;
	char log[STAND_LOG_BYTES];
};

/* A call of the test; lives until the stand is torn down. */
struct asked {
	struct call call; /* first */
	struct list link;
	struct arena arena;
	struct stand *stand;
	char name[16];
	int replies;
	const Progress__V1__ProgressInfo *info; /* of a good answer, else NULL */
	enum job_outcome outcome;
	bool timed_out;
};

struct stand *stand_create(size_t cached_jobs_max);

/* Checks that every call was answered exactly once. */
void stand_destroy(struct stand *stand);

/* What a waiting command waits for. */
struct wish {
	uint64_t after_revision;
	int64_t timeout_ms;
	bool for_creation;
};

/* Puts a command in line. The strings of updates and the job_id are borrowed. */
struct asked *ask_read(struct stand *stand, const char *name, const char *job_id);
struct asked *ask_update(struct stand *stand, const char *name, const char *job_id, struct job_update update);
struct asked *ask_create(struct stand *stand, const char *name, const char *job_id, const char *request_id);
struct asked *ask_delete(struct stand *stand, const char *name, const char *job_id);
struct asked *ask_wait(struct stand *stand, const char *name, const char *job_id, struct wish wish, uint64_t peer);
void ask_forget(struct stand *stand, uint64_t peer);

/* Walks all that are in line through the corridor, as one run. */
void stand_walk(struct stand *stand);

/* The same at a later steady time, in ms from the start of the stand. */
void stand_walk_at(struct stand *stand, int64_t steady_ms);

/* Empties the log. */
void stand_forget_log(struct stand *stand);

/* An update to the start of a stage, to a percent of the bar, or with a message. */
struct job_update to_stage(int stage);
struct job_update to_percent(int stage, double percent);
struct job_update with_message(struct job_update update, const char *message);

#endif
