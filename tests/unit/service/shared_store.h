/*
 * A store in memory that several corridors share, each by a door of its own: commits are numbered and told to all
 * doors. Before anything is done at a door, others may do something first; and what a door has not yet heard may be
 * missed.
 */
#ifndef TESTS_SERVICE_SHARED_STORE_H
#define TESTS_SERVICE_SHARED_STORE_H

#include "base/list.h"
#include "store/store.h"

enum { SHARED_DOORS = 2 };

struct shared_store;

struct shared_door {
	struct store base; /* what a corridor is given */
	struct shared_store *shared;
	struct list heard; /* not yet told */
	uint64_t shown;
	bool has_missed;
};

struct shared_store {
	struct store *inner;
	uint64_t number; /* of the latest commit */
	struct shared_door doors[SHARED_DOORS];
	/* Called before a load, a commit or a listing at the door. */
	void (*before)(struct shared_store *shared, size_t door, void *context);
	/* How many of `count` news that nobody waits for have arrived at a door. */
	size_t (*arrived)(size_t count, void *context);
	void *context;
};

void shared_store_open(struct shared_store *shared);
void shared_store_close(struct shared_store *shared);

/* What the door has not been told yet is missed. */
void shared_store_miss(struct shared_store *shared, size_t door);

#endif
