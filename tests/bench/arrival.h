/* How long a change takes from the call that makes it until somebody else hears of it. */
#ifndef TESTS_BENCH_ARRIVAL_H
#define TESTS_BENCH_ARRIVAL_H

#include <pthread.h>
#include <stdint.h>

struct arrival {
	long count;
	long heard; /* changes so far */
	int64_t called_ns;
	int64_t *durations_ns;
	pthread_mutex_t lock;
	pthread_cond_t is_heard;
};

/* Reads --count, default 20000; exits 2 if it is bad. */
void arrival_init(struct arrival *arrival, int argc, char **argv);

/* Makes change number `number`, from 0, and returns when its maker has his answer. */
typedef void arrival_call(long number, void *context);

/* Makes the changes, each after the one before was heard, and prints the result as one JSON object. */
void arrival_measure(struct arrival *arrival, arrival_call *call, void *context);

/* The latest change was heard; for another thread. */
void arrival_note(struct arrival *arrival);

/* The value of that option, or NULL. */
const char *arrival_option(int argc, char **argv, const char *name);

#endif
