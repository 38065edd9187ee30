/*
 * Turns: of the updates of one job by one client only one is under way at a time, in the order they were asked for.
 * Each has a number higher than the one before, and the service drops a lower number that comes after a higher one, so
 * they must not overtake each other. Updates of different jobs do not wait for each other.
 */
#ifndef PRG_TURN_H
#define PRG_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct turn {
	const char *job_id;
	struct turn *next;
	pthread_cond_t mine; /* nobody of the same job is ahead any more */
};

struct turn_list {
	struct turn *first; /* in the order of asking */
};

/* Waits until no update of the same job is ahead. True: the caller has the turn until turn_end. False: the deadline
 * (steady.h) passed first, or *given_up became true (then turn_wake_all must be called); there is no turn. The
 * lock, which is held, protects the list. */
bool turn_begin(struct turn_list *list, struct turn *turn, const char *job_id, int64_t deadline_ms,
                const bool *given_up, pthread_mutex_t *lock);

/* Lets the next one of the same job go; the lock is held. */
void turn_end(struct turn_list *list, struct turn *turn);

/* Wakes all that wait; the lock is held. */
void turn_wake_all(struct turn_list *list);

#endif
