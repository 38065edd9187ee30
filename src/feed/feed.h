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
#include "feed/change.h"
#include "feed/filter.h"
#include "feed/history.h"
#include "feed/listener.h"

struct feed_topic;

struct feed_waiter;

/* The place of a waiter for several jobs at one of them. */
struct feed_post {
	struct list link; /* of its topic's posts */
	struct feed_topic *topic;
	struct feed_waiter *waiter;
};

/* Somebody who waits for a job to get beyond a revision; lies inside the waiting thing. Its link must be
 * initialized. */
struct feed_waiter {
	struct list link;         /* of its topic's waiters, or of the woken */
	struct feed_topic *topic; /* NULL: not waiting */
	uint64_t after_revision;
	const struct feed_filter *filter; /* of one who waits for any job. Borrowed */
	bool is_for_any;
	struct feed_post *posts; /* of one who waits for some jobs. Borrowed */
	size_t post_count;       /* 0: it does not */
	bool wants_moves;        /* is woken by movements, too */
	uint64_t quiet_until;    /* once it has ceased to wait: no change up to this position of the history concerned it */
};

struct feed {
	struct list listeners;
	struct map topics;    /* by job_id; only jobs somebody waits for */
	struct list watchers; /* those who wait for any job that passes their filter */
	struct feed_history history;
	struct feed_history
	    moves;         /* the latest movements, with positions of their own; revision and row as of the change */
	struct list woken; /* waiters that have been told: a change got beyond after_revision, or the job is gone */
	size_t waiter_count;
};

/* `limits` of the history. */
void feed_init(struct feed *feed, const struct feed_history_limits *limits);

/* Nobody may wait any more. */
void feed_finish(struct feed *feed);

/* Starts to wait for changes of the job after waiter->after_revision. False: no memory. */
bool feed_wait(struct feed *feed, struct feed_waiter *waiter, const char *job_id);

/* Starts to wait for a change of any job that passes waiter->filter. */
void feed_wait_for_any(struct feed *feed, struct feed_waiter *waiter);

/* Starts to wait for a change of the jobs in waiter->filter->job_ids that passes the filter; costs nothing while other
 * jobs change. `posts` has a place for each of these jobs, and is lent until the waiter ceases to wait. False: no
 * memory. */
bool feed_wait_for_some(struct feed *feed, struct feed_waiter *waiter, struct feed_post *posts);

/* Stops to wait, or to be among the woken; harmless if it does neither. */
void feed_stop_waiting(struct feed *feed, struct feed_waiter *waiter);

/* Remembers the change, tells listeners, then moves the waiters whom the change concerns to feed->woken. */
void feed_publish(struct feed *feed, const struct feed_change *change);

/* Nobody knows what has changed meanwhile: forgets the history and moves all waiters to feed->woken, with quiet_until
 * 0. */
void feed_begin_anew(struct feed *feed);

/* Remembers a movement: what a job shows has moved by itself, without a change. Listeners are not told. Waiters whom it
 * concerns and who want movements are moved to feed->woken. */
void feed_move(struct feed *feed, const struct feed_change *movement);

/* Whether somebody waits who wants movements of such a job. */
bool feed_is_watched(const struct feed *feed, const struct feed_facts *facts);

/* The waiter that was woken first, which is neither waiting nor woken any more, or NULL. */
struct feed_waiter *feed_take_woken(struct feed *feed);

#endif
