/*
 * Numbers that look random and can be had again: a test takes its seed from TEST_SEED, or from the clock, prints it,
 * and with the same seed does the same again.
 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

/* Starts from $TEST_SEED or a fresh seed, and prints which to stderr under the test's name. */
void random_start(struct random *random, const char *test_name);

/* Starts from the given seed. */
void random_start_from(struct random *random, uint64_t seed);

/* A number from 0 to bound - 1; bound >= 1. */
uint64_t random_below(struct random *random, uint64_t bound);

/* A number in [0, 1). */
double random_unit(struct random *random);

#endif
