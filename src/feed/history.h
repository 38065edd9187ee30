/*
 * The latest changes, kept so that a watcher who was away can go on where it stopped. Each change has a position, one
 * more than that of the change before it, of whatever job. Changes are kept for a time and up to a number; between the
 * two bounds of each, memory decides. What is older is forgotten, and whoever asks for it is told so.
 */
#ifndef FEED_HISTORY_H
#define FEED_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "feed/change.h"

struct feed_history_limits {
	size_t changes_min; /* kept however old they are */
	size_t changes_max; /* never more */
	size_t bytes_max; /* beyond changes_min, changes go when they take more than this, with all that belongs to them */
	int64_t age_min_ms; /* changes younger than this are kept as long as the other limits allow */
};

/* A remembered change. */
struct feed_memory {
	uint64_t position;
	uint64_t previous_position; /* of the same job's change before; 0: none was remembered when this one came */
	uint64_t next_position;     /* of the same job's change after; 0: none yet */
	size_t bytes;               /* it takes, with its strings and its event */
	struct feed_change change;
};

/* A piece of memory for many changes. They are forgotten in their order, so it is given back as a whole. */
struct feed_chunk {
	struct feed_chunk *newer;
	size_t bytes; /* of `room` */
	size_t used;
	size_t count; /* of the changes in it that are remembered */
	_Alignas(max_align_t) unsigned char room[];
};

struct feed_history {
	struct feed_history_limits limits;
	struct feed_chunk *oldest;
	struct feed_chunk *newest;
	struct feed_memory **ring; /* a power of two of places; position p lies at p & (capacity - 1) */
	size_t capacity;
	uint64_t first;    /* position of the oldest change kept */
	uint64_t next;     /* position of the next change; the first is 1 */
	size_t bytes;      /* of all changes kept, with what they need here */
	struct map trails; /* by job_id: the latest change kept of each job */
};

/* At least 100,000 changes and 10 minutes, at most 1,000,000 changes and 256 MiB. */
extern const struct feed_history_limits feed_history_limits_default;

void feed_history_init(struct feed_history *history, const struct feed_history_limits *limits);
void feed_history_finish(struct feed_history *history);

/* Remembers a copy of the change under the next position. When there is no memory everything is forgotten, so that no
 * gap goes unnoticed. */
void feed_history_add(struct feed_history *history, const struct feed_change *change);

/* Forgets everything: whoever asks for a change up to now is told that it is forgotten. */
void feed_history_forget(struct feed_history *history);

/* Position of the latest change, 0 if there was none. */
uint64_t feed_history_position(const struct feed_history *history);

/* Whether all changes after the position are remembered. */
bool feed_history_reaches(const struct feed_history *history, uint64_t position);

/* The change at a position that is remembered. */
const struct feed_memory *feed_history_at(const struct feed_history *history, uint64_t position);

/* The first change of the job after the position, or NULL if there is none; the further ones follow by next_position.
 * ret_is_whole tells whether all changes of the job after the position are remembered. */
const struct feed_memory *feed_history_first_after(const struct feed_history *history, const char *job_id,
                                                   uint64_t position, bool *ret_is_whole);

/* The latest change of the job that is remembered, or NULL. */
const struct feed_memory *feed_history_latest(const struct feed_history *history, const char *job_id);

#endif
