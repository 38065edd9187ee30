/* What the programs that race against each other have in common: options, a common start, and the result. */
#ifndef TESTS_BENCH_RACE_H
#define TESTS_BENCH_RACE_H

#include <stdint.h>

struct race {
	const char *url;
	int outstanding; /* updates without an answer at a time */
	int jobs;        /* updated in turn */
	long count;      /* of updates */
};

/* Reads --url, --outstanding, --jobs and --count; exits 2 if one is bad. */
struct race race_parse(int argc, char **argv);

/* Says that everything is ready and waits for a line of the standard input. */
void race_await_start(void);

/* Nanoseconds of a clock that all processes share. */
int64_t race_now_ns(void);

/* Prints the result as one JSON object. */
void race_print(const struct race *race, int64_t start_ns, int64_t end_ns, long failed);

#endif
