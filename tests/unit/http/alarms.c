/* Alarms ring when they are due, in order, and not after they are cancelled. */
#include "http/alarms.h"

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/list.h"

enum { BELLS = 5 };

struct bell {
	struct alarm alarm;
	int number;
	int64_t again_ms; /* 0: once */
};

static struct alarms alarms;
static struct bell bells[BELLS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static int heard[64];
static size_t heard_count;

static int64_t ring(struct alarm *alarm)
{
	struct bell *bell = LIST_MEMBER(alarm, struct bell, alarm);
	pthread_mutex_lock(&lock);
	heard[heard_count++ % 64] = bell->number;
	pthread_cond_signal(&rung);
	pthread_mutex_unlock(&lock);
	return bell->again_ms;
}

static void await_rings(size_t count)
{
	pthread_mutex_lock(&lock);
	while (heard_count < count)
		pthread_cond_wait(&rung, &lock);
	pthread_mutex_unlock(&lock);
}

static void start(void)
{
	struct fault fault;
	cr_assert_eq(alarms_start(&alarms, &fault), ERR_OK);
	for (int i = 0; i < BELLS; i++)
		bells[i] = (struct bell){.alarm.ring = ring, .number = i};
}

static void stop(void)
{
	alarms_stop(&alarms);
}

TestSuite(alarms_set, .init = start, .fini = stop, .timeout = 60);

Test(alarms_set, rings_in_the_order_of_the_moments)
{
	int64_t now_ms = clock_steady_ms();
	for (int i = 0; i < BELLS; i++)
		cr_assert(alarms_set(&alarms, &bells[i].alarm, now_ms + 40 - i * 5));
	await_rings(BELLS);
	for (int i = 0; i < BELLS; i++)
		cr_assert_eq(heard[i], BELLS - 1 - i);
}

Test(alarms_set, does_not_ring_what_was_cancelled)
{
	int64_t now_ms = clock_steady_ms();
	alarms_set(&alarms, &bells[0].alarm, now_ms + 3600000);
	alarms_cancel(&alarms, &bells[0].alarm);
	alarms_cancel(&alarms, &bells[0].alarm);
	alarms_set(&alarms, &bells[1].alarm, now_ms);
	await_rings(1);
	cr_assert_eq(heard[0], 1);
	cr_assert_null(timer_queue_first(&alarms.queue));
}

Test(alarms_set, rings_again_when_the_bell_says_so)
{
	int64_t now_ms = clock_steady_ms();
	bells[0].again_ms = now_ms;
	alarms_set(&alarms, &bells[0].alarm, now_ms);
	await_rings(10);
	alarms_cancel(&alarms, &bells[0].alarm);
	pthread_mutex_lock(&lock);
	size_t count = heard_count;
	pthread_mutex_unlock(&lock);
	alarms_set(&alarms, &bells[1].alarm, now_ms);
	await_rings(count + 1);
	cr_assert_eq(heard[count % 64], 1);
}
