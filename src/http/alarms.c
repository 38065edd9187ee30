/* A timer queue under a lock, and a thread that sleeps until the next one is due. */
#include "http/alarms.h"

#include <stddef.h>
#include <time.h>

#include "base/clock.h"
#include "base/list.h"

static void ring_due(struct alarms *alarms)
{
	struct timer *timer;
	int64_t now_ms = clock_steady_ms();
	while ((timer = timer_queue_take_due(&alarms->queue, now_ms)) != NULL) {
		struct alarm *alarm = LIST_MEMBER(timer, struct alarm, timer);
		int64_t next_ms = alarm->ring(alarm);
		/* It has just left the queue, so there is room for it. At once would be for ever. */
		if (next_ms != 0)
			(void)!timer_queue_set(&alarms->queue, &alarm->timer, next_ms > now_ms ? next_ms : now_ms + 1);
	}
}

static void *run(void *context)
{
	struct alarms *alarms = context;
	pthread_mutex_lock(&alarms->lock);
	while (!alarms->is_stopping) {
		ring_due(alarms);
		const struct timer *first = timer_queue_first(&alarms->queue);
		if (first == NULL) {
			pthread_cond_wait(&alarms->changed, &alarms->lock);
			continue;
		}
		struct timespec until = {.tv_sec = first->due / 1000, .tv_nsec = first->due % 1000 * 1000000};
		pthread_cond_timedwait(&alarms->changed, &alarms->lock, &until);
	}
	pthread_mutex_unlock(&alarms->lock);
	return NULL;
}

enum err alarms_start(struct alarms *alarms, struct fault *fault)
{
	pthread_condattr_t attributes;
	*alarms = (struct alarms){0};
	pthread_mutex_init(&alarms->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&alarms->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	timer_queue_init(&alarms->queue);
	if (pthread_create(&alarms->thread, NULL, run, alarms) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "the system gave no thread for the deadlines");
}

void alarms_stop(struct alarms *alarms)
{
	pthread_mutex_lock(&alarms->lock);
	alarms->is_stopping = true;
	pthread_cond_signal(&alarms->changed);
	pthread_mutex_unlock(&alarms->lock);
	pthread_join(alarms->thread, NULL);
	timer_queue_finish(&alarms->queue);
	pthread_cond_destroy(&alarms->changed);
	pthread_mutex_destroy(&alarms->lock);
}

bool alarms_set(struct alarms *alarms, struct alarm *alarm, int64_t due_ms)
{
	pthread_mutex_lock(&alarms->lock);
	bool is_set = timer_queue_set(&alarms->queue, &alarm->timer, due_ms);
	if (timer_queue_first(&alarms->queue) == &alarm->timer)
		pthread_cond_signal(&alarms->changed);
	pthread_mutex_unlock(&alarms->lock);
	return is_set;
}

void alarms_cancel(struct alarms *alarms, struct alarm *alarm)
{
	pthread_mutex_lock(&alarms->lock);
	timer_queue_remove(&alarms->queue, &alarm->timer);
	pthread_mutex_unlock(&alarms->lock);
}
