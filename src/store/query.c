/* What a listing lets pass. */
#include <string.h>

#include "store/parts.h"

static bool mask_passes(uint64_t mask, int number)
{
	return mask == 0 || (mask >> number & 1) != 0;
}

static bool text_passes(const char *wanted, const char *text)
{
	return wanted == NULL || *wanted == '\0' || strcmp(wanted, text) == 0;
}

bool query_lets_pass(const struct store_query *query, const struct store_record *record)
{
	const char *prefix = query->job_id_prefix;
	return mask_passes(query->states, record->state) && mask_passes(query->stages, record->stage) &&
	       text_passes(query->pipeline, record->pipeline) && text_passes(query->parent, record->parent) &&
	       (prefix == NULL || strncmp(prefix, record->job_id, strlen(prefix)) == 0);
}
