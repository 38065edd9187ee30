/* Decides which clocks of the system are ours. */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec now;
	int failed = clock_gettime(clock, &now);
	assert(failed == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_steady_ns(void)
{
	struct timespec now;
	int failed = clock_gettime(CLOCK_MONOTONIC, &now);
	assert(failed == 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
