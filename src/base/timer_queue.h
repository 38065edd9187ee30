/*
 * Moments that something waits for, the earliest first: a binary heap whose members know their place, so that putting,
 * moving and removing cost O(log n) and asking for the next one nothing. Time is whatever the caller counts.
 */
#ifndef BASE_TIMER_QUEUE_H
#define BASE_TIMER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lies inside the waiting thing; all zero: not waiting. */
struct timer {
	int64_t due;
	size_t place; /* 1-based index in the heap; 0: not in it */
};

struct timer_queue {
	struct timer **heap;
	size_t count;
	size_t capacity;
};

void timer_queue_init(struct timer_queue *queue);
void timer_queue_finish(struct timer_queue *queue);

/* Makes the timer due at that moment, whether it waits already or not. False: no memory, the timer is as it was. */
bool timer_queue_set(struct timer_queue *queue, struct timer *timer, int64_t due);

/* Stops the timer; harmless if it does not wait. */
void timer_queue_remove(struct timer_queue *queue, struct timer *timer);

/* The timer that is due first, or NULL. */
struct timer *timer_queue_first(const struct timer_queue *queue);

/* Takes out and returns a timer that is due at or before `now`, the earliest first, or NULL. */
struct timer *timer_queue_take_due(struct timer_queue *queue, int64_t now);

#endif
