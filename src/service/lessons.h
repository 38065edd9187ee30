/*
 * What is learned of pipelines, each flow of each in a book of its own: read from the store when it is first needed,
 * learned into at once, and written back soon (at most once a second each), so that a crash loses some lessons and
 * nothing else. The books at hand are bounded; the least recently used go first. Where other processes learn, too, a
 * book is read again when it is older than some seconds, and what has been learned meanwhile is added to it.
 *
 * For the corridor; times are steady ms.
 */
#ifndef SERVICE_LESSONS_H
#define SERVICE_LESSONS_H

#include "base/list.h"
#include "base/map.h"
#include "base/timer_queue.h"
#include "job/pace.h"
#include "store/store.h"

struct lessons {
	struct store *store;
	struct map books; /* by key */
	struct list recent;
	struct timer_queue unsaved;
	int64_t next_save_ms; /* no book is saved before: many together would keep the store busy */
};

void lessons_init(struct lessons *lessons, struct store *store);

/* What is not saved is lost. */
void lessons_finish(struct lessons *lessons);

/* What is learned of that flow of the pipeline, fitting its plan; borrowed until the next call. NULL: no memory. While
 * the store cannot be read, nothing is learned yet. */
const struct learned *lessons_of(struct lessons *lessons, const char *pipeline, enum stage_flow flow, int64_t now_ms);

/* Learns from a run that has ended, at once and for the time being: each lesson is to be kept once the end is
 * committed, or else undone. */
void lessons_learn(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms);

/* It is to be saved. Without memory, or when too much waits to be saved, it may be forgotten later. */
void lessons_keep(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms);

/* Forgets what was learned and not kept of that flow of the pipeline. */
void lessons_undo(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms);

/* Saves one book, if it is time to. DATA_LOSS as of store_put_note; other failures are tried again later. */
enum err lessons_save_due(struct lessons *lessons, int64_t now_ms, struct fault *fault) MUST_USE;

/* Saves all, because the service stops. DATA_LOSS likewise; what else fails is lost. */
enum err lessons_save_all(struct lessons *lessons, int64_t now_ms, struct fault *fault) MUST_USE;

/* When lessons_save_due should be called next; INT64_MAX: nothing is to be saved. */
int64_t lessons_next_due(const struct lessons *lessons);

#endif
