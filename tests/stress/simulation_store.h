/* A store over memory whose loads and commits fail, and whose commits meet conflicts, as a seed says. */
#ifndef TESTS_STRESS_SIMULATION_STORE_H
#define TESTS_STRESS_SIMULATION_STORE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"
#include "support/random.h"

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

struct simulation_store {
	struct store base;
	struct store *inner;
	struct random *random;
	bool is_faulty;
};

void simulation_store_open(struct simulation_store *store, struct random *random);
void simulation_store_close(struct simulation_store *store);

/* The job as it is stored, to be destroyed by the caller; NULL: there is none. */
struct job *simulation_store_find(struct simulation_store *store, const char *job_id);

#endif
