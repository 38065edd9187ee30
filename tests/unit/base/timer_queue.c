/* A timer queue against a search through all timers. */
#include "base/timer_queue.h"

#include <criterion/criterion.h>

#include "support/random.h"

enum { TIMERS = 200 };

static struct timer timers[TIMERS];

static const struct timer *earliest(size_t *ret_waiting)
{
	const struct timer *first = NULL;
	*ret_waiting = 0;
	for (size_t i = 0; i < TIMERS; i++) {
		if (timers[i].place == 0)
			continue;
		++*ret_waiting;
		if (first == NULL || timers[i].due < first->due)
			first = &timers[i];
	}
	return first;
}

static void check(const struct timer_queue *queue)
{
	size_t waiting;
	const struct timer *first = earliest(&waiting);
	cr_assert_eq(queue->count, waiting);
	const struct timer *told = timer_queue_first(queue);
	cr_assert_eq(told == NULL, first == NULL);
	if (first != NULL)
		cr_assert_eq(told->due, first->due);
	for (size_t i = 0; i < queue->count; i++)
		cr_assert_eq(queue->heap[i]->place, i + 1);
}

Test(timer_queue_set, agrees_with_a_search_over_random_steps)
{
	struct random random;
	random_start(&random, "timer_queue_set");
	struct timer_queue queue;
	timer_queue_init(&queue);
	for (int i = 0; i < 20000; i++) {
		struct timer *timer = &timers[random_below(&random, TIMERS)];
		int64_t moment = (int64_t)random_below(&random, 1000) - 500;
		switch (random_below(&random, 4)) {
		case 0:
			timer_queue_remove(&queue, timer);
			cr_assert_eq(timer->place, 0);
			break;
		case 1: {
			const struct timer *first = timer_queue_first(&queue);
			struct timer *due = timer_queue_take_due(&queue, moment);
			cr_assert_eq(due, first != NULL && first->due <= moment ? first : NULL);
			cr_assert(due == NULL || due->place == 0);
			break;
		}
		default:
			cr_assert(timer_queue_set(&queue, timer, moment));
			cr_assert_eq(timer->due, moment);
		}
		check(&queue);
	}
	timer_queue_finish(&queue);
}

Test(timer_queue_take_due, gives_the_earliest_first_and_leaves_the_later_ones)
{
	struct timer_queue queue;
	timer_queue_init(&queue);
	for (int i = 0; i < TIMERS; i++)
		cr_assert(timer_queue_set(&queue, &timers[i], i * 37 % TIMERS));
	for (int64_t i = 0; i <= 100; i++)
		cr_assert_eq(timer_queue_take_due(&queue, 100)->due, i);
	cr_assert_null(timer_queue_take_due(&queue, 100));
	cr_assert_eq(timer_queue_first(&queue)->due, 101);
	timer_queue_finish(&queue);
}

Test(timer_queue_remove, is_harmless_for_a_timer_that_does_not_wait)
{
	struct timer_queue queue;
	timer_queue_init(&queue);
	struct timer timer = {0};
	timer_queue_remove(&queue, &timer);
	cr_assert_null(timer_queue_first(&queue));
	cr_assert_null(timer_queue_take_due(&queue, INT64_MAX));
	timer_queue_finish(&queue);
}
