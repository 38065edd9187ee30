/* splitmix64: small, fast, and good enough to choose what a test does next. */
#include "support/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t next(struct random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
	return mixed ^ (mixed >> 31);
}

void random_start(struct random *random, const char *test_name)
{
	const char *given = getenv("TEST_SEED");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t fresh = (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 32;
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : fresh;
	fprintf(stderr, "%s: TEST_SEED=%" PRIu64 "\n", test_name, seed);
	random_start_from(random, seed);
}

void random_start_from(struct random *random, uint64_t seed)
{
	random->state = seed;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
	return next(random) % bound;
}

double random_unit(struct random *random)
{
	return (double)(next(random) >> 11) * 0x1.0p-53;
}
