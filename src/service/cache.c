/* Entries live in a map and in a list ordered by use. */
#include "service/cache.h"

#include <stdlib.h>
#include <string.h>

void cache_init(struct cache *cache, size_t entries_max)
{
	map_init(&cache->entries);
	list_init(&cache->recent);
	cache->entries_max = entries_max;
}

void cache_finish(struct cache *cache)
{
	while (!list_is_empty(&cache->recent))
		cache_drop(cache, LIST_MEMBER(cache->recent.next, struct cache_entry, link));
	map_finish(&cache->entries);
}

static struct cache_entry *add(struct cache *cache, const char *job_id)
{
	struct cache_entry *entry = calloc(1, sizeof *entry);
	if (entry == NULL)
		return NULL;
	memcpy(entry->job_id, job_id, strlen(job_id) + 1);
	list_append(&cache->recent, &entry->link);
	if (map_put(&cache->entries, entry->job_id, entry))
		return entry;
	list_remove(&entry->link);
	free(entry);
	return NULL;
}

struct cache_entry *cache_get(struct cache *cache, const char *job_id)
{
	struct cache_entry *entry = map_find(&cache->entries, job_id);
	if (entry == NULL)
		return add(cache, job_id);
	list_remove(&entry->link);
	list_append(&cache->recent, &entry->link);
	return entry;
}

void cache_drop(struct cache *cache, struct cache_entry *entry)
{
	map_remove(&cache->entries, entry->job_id);
	list_remove(&entry->link);
	job_destroy(entry->job);
	free(entry);
}

void cache_drop_untouched(struct cache *cache)
{
	struct list *next;
	for (struct list *link = cache->recent.next; link != &cache->recent; link = next) {
		next = link->next;
		struct cache_entry *entry = LIST_MEMBER(link, struct cache_entry, link);
		if (!entry->is_touched)
			cache_drop(cache, entry);
	}
}

void cache_trim(struct cache *cache)
{
	while (cache->entries.count > cache->entries_max)
		cache_drop(cache, LIST_MEMBER(cache->recent.next, struct cache_entry, link));
}
