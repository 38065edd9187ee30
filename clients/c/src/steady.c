/* Deadlines by CLOCK_MONOTONIC. */
#include "steady.h"

#include <time.h>

int64_t steady_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void steady_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

void steady_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t deadline_ms)
{
	if (deadline_ms == STEADY_NEVER) {
		pthread_cond_wait(condition, lock);
		return;
	}
	struct timespec moment = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
	pthread_cond_timedwait(condition, lock, &moment);
}
