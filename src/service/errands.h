/*
 * Errands: calls that ask the store beside the corridor and may take long. A thread of their own carries them out one
 * after another, so that neither the corridor nor the doors wait for them.
 */
#ifndef SERVICE_ERRANDS_H
#define SERVICE_ERRANDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"

/* One errand; a member of what it needs. */
struct errand {
	struct list link;
	void (*run)(struct errand *errand); /* the last thing that happens to it; may free it */
};

struct errands {
	pthread_mutex_t lock;
	pthread_cond_t work; /* something changed for the thread */
	struct list waiting;
	size_t count;
	size_t count_max;
	bool is_stopping;
	pthread_t thread;
};

/* Starts the thread; at most count_max errands may wait. UNAVAILABLE: the system has no thread left. */
enum err errands_start(struct errands *errands, size_t count_max, struct fault *fault) MUST_USE;

/* Carries out what waits and ends the thread. */
void errands_stop(struct errands *errands);

/* After errands_stop, when nobody will put any more. */
void errands_finish(struct errands *errands);

/* Hands over an errand. Any thread. RESOURCE_EXHAUSTED: too many wait; UNAVAILABLE: stopped. Then it is not run. */
enum err errands_put(struct errands *errands, struct errand *errand, struct fault *fault) MUST_USE;

#endif
