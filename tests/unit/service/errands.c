/* Errands run in order, in a thread of their own, and none is forgotten. */
#include "service/errands.h"

#include <criterion/criterion.h>
#include <semaphore.h>

enum { WAITING_MAX = 3 };

struct trip {
	struct errand errand;
	int number;
};

static struct errands errands;
static sem_t is_begun, may_end;
static int order[WAITING_MAX + 1];
static int done_count;
static pthread_t thread_of_trips;

static void start(void)
{
	struct fault fault = {0};
	sem_init(&is_begun, 0, 0);
	sem_init(&may_end, 0, 0);
	cr_assert_eq(errands_start(&errands, WAITING_MAX, &fault), ERR_OK);
}

static void stop(void)
{
	errands_finish(&errands);
}

TestSuite(errands_put, .init = start, .fini = stop);

static void note(struct errand *errand)
{
	order[done_count++] = LIST_MEMBER(errand, struct trip, errand)->number;
	thread_of_trips = pthread_self();
}

static void note_when_told(struct errand *errand)
{
	sem_post(&is_begun);
	while (sem_wait(&may_end) != 0)
		continue;
	note(errand);
}

/* Puts a trip that goes on until may_end, and waits until it is under way. */
static void put_long_trip(struct trip *trip)
{
	struct fault fault = {0};
	trip->errand.run = note_when_told;
	cr_assert_eq(errands_put(&errands, &trip->errand, &fault), ERR_OK);
	while (sem_wait(&is_begun) != 0)
		continue;
}

Test(errands_put, carries_out_all_in_order_before_it_stops)
{
	struct fault fault = {0};
	struct trip trips[WAITING_MAX + 1];
	for (int i = 0; i <= WAITING_MAX; i++)
		trips[i] = (struct trip){.errand.run = note, .number = i};
	put_long_trip(&trips[0]);
	for (int i = 1; i <= WAITING_MAX; i++)
		cr_assert_eq(errands_put(&errands, &trips[i].errand, &fault), ERR_OK, "it does not wait for the one under way");
	sem_post(&may_end);
	errands_stop(&errands);
	cr_assert_eq(done_count, WAITING_MAX + 1);
	for (int i = 0; i <= WAITING_MAX; i++)
		cr_assert_eq(order[i], i);
	cr_assert_not(pthread_equal(thread_of_trips, pthread_self()));
}

Test(errands_put, refuses_more_than_may_wait)
{
	struct fault fault = {0};
	struct trip trips[WAITING_MAX + 2];
	for (int i = 0; i < WAITING_MAX + 2; i++)
		trips[i] = (struct trip){.errand.run = note, .number = i};
	put_long_trip(&trips[0]);
	for (int i = 1; i <= WAITING_MAX; i++)
		cr_assert_eq(errands_put(&errands, &trips[i].errand, &fault), ERR_OK);
	cr_assert_eq(errands_put(&errands, &trips[WAITING_MAX + 1].errand, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(fault.reason, "QUEUE_FULL");
	sem_post(&may_end);
	errands_stop(&errands);
	cr_assert_eq(done_count, WAITING_MAX + 1);
}

Test(errands_put, refuses_all_after_the_stop)
{
	struct fault fault = {0};
	struct trip trip = {.errand.run = note};
	errands_stop(&errands);
	cr_assert_eq(errands_put(&errands, &trip.errand, &fault), ERR_UNAVAILABLE);
	cr_assert_eq(done_count, 0);
}
