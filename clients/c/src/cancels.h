/* Which jobs should be cancelled, and of which of them the callback knows. Not for two threads at once. */
#ifndef PRG_CANCELS_H
#define PRG_CANCELS_H

#include <prg/prg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cancel {
	struct cancel *next;
	int64_t create_time_ms; /* a job that was made anew is another one */
	uint64_t revision;      /* when it was noted */
	bool told;
	char *reason; /* lies behind job_id */
	char job_id[];
};

struct cancels {
	prg_cancel_fn *callback; /* NULL: none */
	void *context;
	struct cancel *first; /* in the order in which they were noted */
	size_t count;
};

/* Notes a job that should be cancelled, unless it is known already or no memory is left. True: it is new. */
bool cancels_note(struct cancels *cancels, const struct prg_progress *progress);

/* Whether a job of that name was noted at that revision or before; one with a lower revision was made anew. */
bool cancels_has(const struct cancels *cancels, const char *job_id, uint64_t revision);

/* The job to tell next, marked as told; NULL: none. Jobs told long before may be forgotten, so that what is kept has a
 * limit. It stays until the next call. */
const struct cancel *cancels_take(struct cancels *cancels);

/* Forgets all. */
void cancels_clear(struct cancels *cancels);

#endif
