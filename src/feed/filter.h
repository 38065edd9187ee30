/* Which changes a watcher of many jobs wants to be told of. */
#ifndef FEED_FILTER_H
#define FEED_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/change.h"

/* Zero or NULL lets all pass. Strings are borrowed. */
struct feed_filter {
	uint64_t states; /* bit 1 << number for each state to let pass */
	uint64_t stages; /* likewise */
	const char *pipeline;
	const char *parent;
	const char *job_id_prefix;
	const char **job_ids; /* sorted by strcmp, each once */
	size_t job_id_count;
};

/* Sorts the ids of the filter and drops those that occur twice. */
void feed_filter_sort_ids(struct feed_filter *filter);

/* Whether the change concerns a watcher with that filter: the job passes it now, or has passed it until now, so that
 * the watcher learns that it does not any more. */
bool feed_filter_lets_pass(const struct feed_filter *filter, const struct feed_facts *facts);

#endif
