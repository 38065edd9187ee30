/* Decides which waiting timer comes first: a binary heap on `due`. Slot i holds the timer with place i + 1. */
#include "base/timer_queue.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

static void put_at(struct timer_queue *queue, size_t index, struct timer *timer)
{
	queue->heap[index] = timer;
	timer->place = index + 1;
}

static void sift_up(struct timer_queue *queue, size_t index)
{
	struct timer *timer = queue->heap[index];
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (queue->heap[parent]->due <= timer->due)
			break;
		put_at(queue, index, queue->heap[parent]);
		index = parent;
	}
	put_at(queue, index, timer);
}

static void sift_down(struct timer_queue *queue, size_t index)
{
	struct timer *timer = queue->heap[index];
	for (;;) {
		size_t child = 2 * index + 1;
		if (child + 1 < queue->count && queue->heap[child + 1]->due < queue->heap[child]->due)
			child++;
		if (child >= queue->count || timer->due <= queue->heap[child]->due)
			break;
		put_at(queue, index, queue->heap[child]);
		index = child;
	}
	put_at(queue, index, timer);
}

static bool make_room(struct timer_queue *queue)
{
	if (queue->count < queue->capacity)
		return true;
	size_t capacity = queue->capacity == 0 ? FIRST_CAPACITY : queue->capacity * 2;
	struct timer **heap = reallocarray(queue->heap, capacity, sizeof *heap);
	if (heap == NULL)
		return false;
	queue->heap = heap;
	queue->capacity = capacity;
	return true;
}

void timer_queue_init(struct timer_queue *queue)
{
	*queue = (struct timer_queue){0};
}

void timer_queue_finish(struct timer_queue *queue)
{
	free(queue->heap);
	*queue = (struct timer_queue){0};
}

bool timer_queue_set(struct timer_queue *queue, struct timer *timer, int64_t due)
{
	if (timer->place == 0) {
		if (!make_room(queue))
			return false;
		put_at(queue, queue->count++, timer);
	}
	assert(timer->place <= queue->count && queue->heap[timer->place - 1] == timer);
	timer->due = due;
	sift_up(queue, timer->place - 1);
	sift_down(queue, timer->place - 1);
	return true;
}

void timer_queue_remove(struct timer_queue *queue, struct timer *timer)
{
	if (timer->place == 0)
		return;
	size_t index = timer->place - 1;
	assert(index < queue->count && queue->heap[index] == timer);
	struct timer *last = queue->heap[--queue->count];
	timer->place = 0;
	if (last == timer)
		return;
	put_at(queue, index, last);
	sift_up(queue, index);
	sift_down(queue, last->place - 1);
}

struct timer *timer_queue_first(const struct timer_queue *queue)
{
	return queue->count == 0 ? NULL : queue->heap[0];
}

struct timer *timer_queue_take_due(struct timer_queue *queue, int64_t now)
{
	struct timer *first = timer_queue_first(queue);
	if (first == NULL || first->due > now)
		return NULL;
	timer_queue_remove(queue, first);
	return first;
}
