/* The world of a simulation, and the random calls that are made in it. */
#ifndef TESTS_STRESS_SIMULATION_CALLS_H
#define TESTS_STRESS_SIMULATION_CALLS_H

#include "service/corridor.h"
#include "simulation_store.h"
#include "simulation_watcher.h"

enum {
	SIMULATION_WATCHERS = 10,
	SIMULATION_WRITERS = 3,
	SIMULATION_UPDATES_KEPT = 64,
	SIMULATION_CALL_BYTES_MAX = 4 << 20,
	SIMULATION_LEASE_MAX_MS = 2000,
};

struct world;

/* A call on its way or answered. */
struct asked {
	struct call call; /* first */
	struct list link;
	struct arena arena;
	struct world *world;
	enum command_kind kind;
	int job;
	bool may_wait;
	bool is_first;
	int replies;
	int watcher; /* of a watch */
	uint64_t born_epoch;
};

struct seat {
	struct watcher watcher;
	struct asked *asked; /* NULL: it does not watch at the moment */
	int job;
	char token[WATCH_TOKEN_BYTES]; /* empty: none */
	uint64_t peer;
};

struct world {
	struct random random;
	struct simulation_store store;
	struct feed feed;
	struct feed_listener listener;
	struct corridor *corridor;
	struct list commands;
	struct list asked;
	struct moment now;
	uint64_t epoch;
	struct feed_history_limits limits;
	struct knowledge told[SIMULATION_JOBS]; /* by the listener: the model of the store */
	int64_t heard_ms[SIMULATION_JOBS];      /* steady: the last sign of life that was answered well */
	uint64_t sequences[SIMULATION_WRITERS];
	struct job_update sent[SIMULATION_UPDATES_KEPT]; /* to be repeated */
	int sent_job[SIMULATION_UPDATES_KEPT];
	size_t sent_count;
	struct seat seats[SIMULATION_WATCHERS];
	uint64_t calls;
	uint64_t changes;
};

/* A number below the bound. */
uint64_t simulation_pick(struct world *world, uint64_t bound);

/* Puts a call of any kind in line. */
void simulation_ask(struct world *world);

/* Lets a watcher that does not watch at the moment go on from its token. */
void simulation_watch(struct world *world, int number);

#endif
