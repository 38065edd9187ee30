/*
 * Tells of changes: to listeners every change of every job, to waiters the next change of one job. Knows no sockets and
 * no time. Everything here is done by one thread at a time, under the corridor.
 */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "feed/listener.h"

struct feed_topic;

/* Somebody who waits for a job to get beyond a revision; lies inside the waiting thing. Its link must be
 * initialized. */
struct feed_waiter {
	struct list link;         /* of its topic's waiters, or of the woken */
	struct feed_topic *topic; /* NULL: not waiting */
	uint64_t after_revision;
};

struct feed {
	struct list listeners;
	struct map topics; /* by job_id; only jobs somebody waits for */
	struct list woken; /* waiters that have been told: a change got beyond after_revision, or the job is gone */
	size_t waiter_count;
};

/* A committed change. Borrowed. */
struct feed_change {
	const char *job_id;
	uint64_t revision;
	bool is_removal;
	const uint8_t *event; /* serialized progress.v1.ProgressEvent */
	size_t event_bytes;
};

void feed_init(struct feed *feed);

/* Nobody may wait any more. */
void feed_finish(struct feed *feed);

/* Starts to wait for changes of the job after waiter->after_revision. False: no memory. */
bool feed_wait(struct feed *feed, struct feed_waiter *waiter, const char *job_id);

/* Stops to wait, or to be among the woken; harmless if it does neither. */
void feed_stop_waiting(struct feed *feed, struct feed_waiter *waiter);

/* Tells listeners, then moves the waiters whom the change concerns to feed->woken. */
void feed_publish(struct feed *feed, const struct feed_change *change);

/* The waiter that was woken first, which is neither waiting nor woken any more, or NULL. */
struct feed_waiter *feed_take_woken(struct feed *feed);

/* Whether any listener wants to be told of changes now. */
bool feed_has_listener(struct feed *feed);

#endif
