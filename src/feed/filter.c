/* A change passes if every part of the filter lets it. */
#include "feed/filter.h"

#include <stdlib.h>
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

static int compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void feed_filter_sort_ids(struct feed_filter *filter)
{
	size_t kept = 0;
	if (filter->job_id_count == 0)
		return;
	qsort(filter->job_ids, filter->job_id_count, sizeof *filter->job_ids, compare);
	for (size_t i = 1; i < filter->job_id_count; i++)
		if (strcmp(filter->job_ids[kept], filter->job_ids[i]) != 0)
			filter->job_ids[++kept] = filter->job_ids[i];
	filter->job_id_count = kept + 1;
}

static bool is_among(const struct feed_filter *filter, const char *job_id)
{
	return filter->job_id_count == 0 ||
	       bsearch(&job_id, filter->job_ids, filter->job_id_count, sizeof *filter->job_ids, compare) != NULL;
}

bool feed_filter_lets_pass(const struct feed_filter *filter, const struct feed_facts *facts)
{
	const char *prefix = filter->job_id_prefix;
	bool is_new = facts->previous_state == 0;
	bool passes = lets_place_pass(filter, facts->state, facts->stage) ||
	              (!is_new && lets_place_pass(filter, facts->previous_state, facts->previous_stage));
	return passes && is_equal(filter->pipeline, facts->pipeline) && is_equal(filter->parent, facts->parent) &&
	       (prefix == NULL || strncmp(prefix, facts->job_id, strlen(prefix)) == 0) && is_among(filter, facts->job_id);
}
