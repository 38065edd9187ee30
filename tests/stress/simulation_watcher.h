/*
 * What somebody learns who is told of changes, and what must never be seen: a gap, a repeat, a bar that goes back, a
 * change after the end.
 */
#ifndef TESTS_STRESS_SIMULATION_WATCHER_H
#define TESTS_STRESS_SIMULATION_WATCHER_H

#include <progress/v1/progress_service.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed/filter.h"
#include "simulation_store.h"

/* What is known of a job. revision 0: nothing. */
struct knowledge {
	uint64_t revision;
	uint32_t attempt;
	uint32_t run;
	int32_t progress;
	int state;
	int stage;
	double fraction;
	double time_fraction;
	int64_t created_ms;
};

struct watcher {
	struct knowledge jobs[SIMULATION_JOBS];
	bool is_for_many;
	bool is_latest_only;
	bool has_filter; /* then changes that do not concern it are left out */
	struct feed_filter filter;
	bool may_resync; /* the feed has begun anew since the last answer, or forgets quickly */
	uint64_t told;
};

/* Takes in the events of an answer, and checks them. */
void watcher_learn(struct watcher *watcher, const Progress__V1__WatchProgressResponse *page, bool is_first);

/* Checks what comes after what in the life of a job: `event` after what is known; then knows it. */
void watcher_follow(struct knowledge *known, const Progress__V1__ProgressEvent *event);

/* When the job was made, in ms since the epoch. */
int64_t watcher_created_ms(const Progress__V1__ProgressInfo *info);

/* Whether what is known passes the filter. */
bool watcher_passes(const struct watcher *watcher, const struct knowledge *known);

#endif
