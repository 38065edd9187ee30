/* A store over memory whose loads and commits fail, and whose commits meet conflicts, as a seed says. */
#ifndef TESTS_STRESS_SIMULATION_STORE_H
#define TESTS_STRESS_SIMULATION_STORE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "job/job.h"
#include "store/store.h"
#include "support/random.h"

enum { SIMULATION_JOBS = 8 };

/* The names of the jobs of a simulation. */
extern const char *const simulation_jobs[SIMULATION_JOBS];

/* The place of the name among them. */
int simulation_number(const char *job_id);

/* Ends the program with the seed, so that it can be replayed. */
#define CHECK(condition, ...)                                                                                          \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                                    \
			fprintf(stderr, __VA_ARGS__);                                                                              \
			fprintf(stderr, "\n");                                                                                     \
			simulation_fail();                                                                                         \
		}                                                                                                              \
	} while (false)

_Noreturn void simulation_fail(void);

/* A record that was looked at, and the job in it: most are looked at many times before they change. */
struct simulation_record {
	uint8_t *payload;
	size_t bytes;
	struct job *job;
};

struct simulation_store {
	struct store base;
	struct store *inner;
	struct random *random;
	bool is_faulty;
	uint64_t faults; /* how often it has failed, or has met a conflict */
	struct simulation_record records[SIMULATION_JOBS];
};

void simulation_store_open(struct simulation_store *store, struct random *random);
void simulation_store_close(struct simulation_store *store);

/* The job as it is stored; NULL: there is none. Borrowed until the next question about it. */
const struct job *simulation_store_find(struct simulation_store *store, const char *job_id);

#endif
