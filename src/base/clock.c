/* Decides which clocks of the system are ours. */
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
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

uint64_t clock_boot_key(void)
{
	unsigned first = 0, second = 0, third = 0;
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file == NULL)
		return 0;
	int count = fscanf(file, "%8x-%4x-%4x", &first, &second, &third);
	fclose(file);
	return count == 3 ? (uint64_t)first << 32 | second << 16 | third : 0;
}
