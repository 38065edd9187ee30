/* The metadata of a job: pairs sorted by key, merged entry by entry. */
#include <stdlib.h>
#include <string.h>

#include "job/parts.h"

/* The entry of the key, or where it would have to be put. */
static size_t find_place(const struct job *job, const char *key, bool *ret_found)
{
	size_t low = 0, high = job->metadata_count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(job->metadata[middle].key, key);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool occurs_before(const struct job_entry *entries, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(entries[i].key, entries[index].key) == 0)
			return true;
	return false;
}

struct part_merge part_plan_merge(const struct job *job, const struct job_entry *entries, size_t count)
{
	struct part_merge plan = {.count = job->metadata_count};
	for (size_t i = 0; i < count; i++) {
		bool found;
		size_t place = find_place(job, entries[i].key, &found);
		if (!found && !occurs_before(entries, i))
			plan.count++;
		if (!found || strcmp(job->metadata[place].value, entries[i].value) != 0)
			plan.is_change = true;
	}
	return plan;
}

static bool insert(struct job *job, size_t place, const struct job_entry *entry)
{
	struct job_entry *grown = realloc(job->metadata, (job->metadata_count + 1) * sizeof *grown);
	if (grown == NULL)
		return false;
	job->metadata = grown;
	struct job_entry copy = {.key = strdup(entry->key), .value = strdup(entry->value)};
	if (copy.key == NULL || copy.value == NULL) {
		free(copy.key);
		free(copy.value);
		return false;
	}
	memmove(&grown[place + 1], &grown[place], (job->metadata_count - place) * sizeof *grown);
	grown[place] = copy;
	job->metadata_count++;
	return true;
}

static bool merge_entry(struct job *job, const struct job_entry *entry)
{
	bool found;
	size_t place = find_place(job, entry->key, &found);
	if (!found)
		return insert(job, place, entry);
	char *value = strdup(entry->value);
	if (value == NULL)
		return false;
	free(job->metadata[place].value);
	job->metadata[place].value = value;
	return true;
}

bool part_merge(struct job *job, const struct job_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!merge_entry(job, &entries[i]))
			return false;
	return true;
}
