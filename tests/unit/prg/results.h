/* What the callbacks of asynchronous updates were told, in the order in which they were called. */
#ifndef TESTS_UNIT_PRG_RESULTS_H
#define TESTS_UNIT_PRG_RESULTS_H

#include <prg/prg.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESULTS_MAX = 4096 };

struct results {
	pthread_mutex_t lock;
	pthread_cond_t more;
	size_t count;
	struct seen {
		const void *context;
		enum prg_code code;
		enum prg_outcome outcome;
		uint64_t revision;
		bool cancel_requested;
		int progress; /* -1: no state */
		char job_id[40];
		char reason[40];
		char error[200];
	} seen[RESULTS_MAX];
};

extern struct results results;

/* The callback. */
void results_note(const struct prg_result *result, void *context);

/* Waits until so many results have come, and returns how many have. */
size_t results_wait(size_t count);

/* Advances a job of the fixture's client without waiting; fails the test if that is refused. */
void results_advance(const char *job, int done);

/* Lets the fake service give no answers, or go on. */
void results_hold(bool on);

/* Has one update under way, which waits for its answer, so that what comes next gathers. */
void results_occupy(void);

#endif
