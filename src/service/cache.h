/*
 * The jobs that the corridor has at hand, so that an update of a live job reads nothing from the store. Bounded: the
 * least recently used go first; what is gone is loaded again.
 */
#ifndef SERVICE_CACHE_H
#define SERVICE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "job/job.h"

struct corridor_change;

struct cache_entry {
	struct list link;         /* of the cache, the least recently used first */
	struct job *job;          /* NULL: there is no such job, or it is not loaded yet */
	int64_t row;              /* the store's name for the job; 0: none yet */
	uint64_t stored_revision; /* what the store has; 0: nothing */
	bool is_loaded;
	bool is_dirty;                         /* the job differs from what the store has */
	bool is_removed;                       /* to be removed from the store by this batch */
	bool is_touched;                       /* belongs to the present batch */
	bool is_lost;                          /* its changes could not be committed; to be dropped */
	bool is_heard;                         /* the worker gave a sign of life in this batch */
	bool is_silent;                        /* it was found in this batch that it gives none */
	bool is_fresh;                         /* loaded for this batch */
	bool is_stale;                         /* another instance has changed the job since it was loaded; to be dropped */
	struct corridor_change *latest_change; /* of this batch; NULL: none */
	char job_id[JOB_ID_BYTES_MAX + 1];
};

struct cache {
	struct map entries; /* by job_id */
	struct list recent;
	size_t entries_max;
};

void cache_init(struct cache *cache, size_t entries_max);
void cache_finish(struct cache *cache);

/* The entry of the job, made empty if there is none yet, as the most recently used. NULL: no memory. */
struct cache_entry *cache_get(struct cache *cache, const char *job_id);

/* Forgets the entry. */
void cache_drop(struct cache *cache, struct cache_entry *entry);

/* Drops all entries but those of the present batch. */
void cache_drop_untouched(struct cache *cache);

/* Drops the least recently used entries beyond the limit. */
void cache_trim(struct cache *cache);

#endif
