/* A change passes if every part of the filter lets it. */
#include "feed/filter.h"

#include <stddef.h>
#include <string.h>

static bool has_one_of(uint64_t wanted, int now, int before)
{
	return wanted == 0 || (wanted >> now & 1) != 0 || (before != 0 && (wanted >> before & 1) != 0);
}

static bool is_equal(const char *wanted, const char *found)
{
	return wanted == NULL || strcmp(wanted, found) == 0;
}

bool feed_filter_lets_pass(const struct feed_filter *filter, const struct feed_facts *facts)
{
	const char *prefix = filter->job_id_prefix;
	return has_one_of(filter->states, facts->state, facts->previous_state) &&
	       has_one_of(filter->stages, facts->stage, facts->previous_stage) &&
	       is_equal(filter->pipeline, facts->pipeline) && is_equal(filter->parent, facts->parent) &&
	       (prefix == NULL || strncmp(prefix, facts->job_id, strlen(prefix)) == 0);
}
