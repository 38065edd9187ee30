/* A change passes if every part of the filter lets it. */
#include "feed/filter.h"

#include <stddef.h>
#include <string.h>

static bool has(uint64_t wanted, int number)
{
	return wanted == 0 || (wanted >> number & 1) != 0;
}

static bool lets_place_pass(const struct feed_filter *filter, int state, int stage)
{
	return has(filter->states, state) && has(filter->stages, stage);
}

static bool is_equal(const char *wanted, const char *found)
{
	return wanted == NULL || strcmp(wanted, found) == 0;
}

bool feed_filter_lets_pass(const struct feed_filter *filter, const struct feed_facts *facts)
{
	const char *prefix = filter->job_id_prefix;
	bool is_new = facts->previous_state == 0;
	bool passes = lets_place_pass(filter, facts->state, facts->stage) ||
	              (!is_new && lets_place_pass(filter, facts->previous_state, facts->previous_stage));
	return passes && is_equal(filter->pipeline, facts->pipeline) && is_equal(filter->parent, facts->parent) &&
	       (prefix == NULL || strncmp(prefix, facts->job_id, strlen(prefix)) == 0);
}
