/* A ring of changes by position, and for each job in it a trail through its own changes. */
#include "feed/history.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	CAPACITY_FIRST = 1024,
	CHUNK_BYTES = 64 * 1024 - 64, /* with what malloc adds it stays below a round number */
};

const struct feed_history_limits feed_history_limits_default = {
    .changes_min = 100000,
    .changes_max = 1000000,
    .bytes_max = 256 << 20,
    .age_min_ms = 10 * 60 * 1000,
};

void feed_history_init(struct feed_history *history, const struct feed_history_limits *limits)
{
	*history = (struct feed_history){.limits = *limits, .first = 1, .next = 1};
	map_init(&history->trails);
}

static struct feed_memory **place_of(const struct feed_history *history, uint64_t position)
{
	return &history->ring[position & (history->capacity - 1)];
}

static size_t count_of(const struct feed_history *history)
{
	return (size_t)(history->next - history->first);
}

/* The chunks hold the changes in their order, and so are emptied from the oldest one on. */
static void leave_oldest_chunk(struct feed_history *history)
{
	struct feed_chunk *chunk = history->oldest;
	if (--chunk->count > 0)
		return;
	history->oldest = chunk->newer;
	if (history->oldest == NULL)
		history->newest = NULL;
	free(chunk);
}

static void forget_first(struct feed_history *history)
{
	struct feed_memory **place = place_of(history, history->first);
	struct feed_memory *memory = *place;
	if (memory->next_position == 0)
		map_remove(&history->trails, memory->change.facts.job_id);
	history->bytes -= memory->bytes;
	history->first++;
	*place = NULL;
	leave_oldest_chunk(history);
}

static void forget_all(struct feed_history *history)
{
	while (count_of(history) > 0)
		forget_first(history);
}

void feed_history_finish(struct feed_history *history)
{
	forget_all(history);
	map_finish(&history->trails);
	free(history->ring);
}

static bool is_first_spare(const struct feed_history *history, int64_t now_ms)
{
	const struct feed_history_limits *limits = &history->limits;
	size_t count = count_of(history);
	if (count <= limits->changes_min)
		return false;
	bool is_old = now_ms - (*place_of(history, history->first))->change.told_ms >= limits->age_min_ms;
	return is_old || count > limits->changes_max || history->bytes > limits->bytes_max;
}

static bool grow(struct feed_history *history)
{
	size_t capacity = history->capacity == 0 ? CAPACITY_FIRST : history->capacity * 2;
	struct feed_memory **ring = calloc(capacity, sizeof(struct feed_memory *));
	if (ring == NULL)
		return false;
	for (uint64_t position = history->first; position < history->next; position++)
		ring[position & (capacity - 1)] = *place_of(history, position);
	free(history->ring);
	history->ring = ring;
	history->capacity = capacity;
	return true;
}

static char *append_string(char *end, const char *string, const char **ret_copy)
{
	size_t bytes = strlen(string) + 1;
	memcpy(end, string, bytes);
	*ret_copy = end;
	return end + bytes;
}

static bool add_chunk(struct feed_history *history, size_t need)
{
	size_t bytes = need > CHUNK_BYTES ? need : CHUNK_BYTES;
	struct feed_chunk *chunk = malloc(sizeof *chunk + bytes);
	if (chunk == NULL)
		return false;
	chunk->newer = NULL;
	chunk->bytes = bytes;
	chunk->used = 0;
	chunk->count = 0;
	if (history->newest != NULL)
		history->newest->newer = chunk;
	else
		history->oldest = chunk;
	history->newest = chunk;
	return true;
}

/* Memory in the newest chunk; it counts as that of a remembered change. NULL: no memory. */
static void *take(struct feed_history *history, size_t bytes)
{
	struct feed_chunk *chunk = history->newest;
	if ((chunk == NULL || bytes > chunk->bytes - chunk->used) && !add_chunk(history, bytes))
		return NULL;
	chunk = history->newest;
	void *taken = chunk->room + chunk->used;
	chunk->used += bytes;
	chunk->count++;
	return taken;
}

/* The change, its strings and its event in one piece of memory. */
static struct feed_memory *copy_change(struct feed_history *history, const struct feed_change *change)
{
	const size_t step = _Alignof(max_align_t);
	const struct feed_facts *facts = &change->facts;
	size_t string_bytes = strlen(facts->job_id) + strlen(facts->pipeline) + strlen(facts->parent) + 3;
	size_t bytes = (sizeof(struct feed_memory) + string_bytes + change->event_bytes + step - 1) / step * step;
	struct feed_memory *copy = take(history, bytes);
	if (copy == NULL)
		return NULL;
	copy->bytes = bytes;
	copy->change = *change;
	char *end = (char *)(copy + 1);
	end = append_string(end, facts->job_id, &copy->change.facts.job_id);
	end = append_string(end, facts->pipeline, &copy->change.facts.pipeline);
	end = append_string(end, facts->parent, &copy->change.facts.parent);
	if (change->event_bytes > 0)
		memcpy(end, change->event, change->event_bytes);
	copy->change.event = (const uint8_t *)end;
	return copy;
}

/* Makes the change the latest of its job. */
static bool extend_trail(struct feed_history *history, struct feed_memory *memory)
{
	void *old;
	if (!map_exchange(&history->trails, memory->change.facts.job_id, memory, &old))
		return false;
	struct feed_memory *latest = old;
	memory->next_position = 0;
	memory->previous_position = latest != NULL ? latest->position : 0;
	if (latest != NULL)
		latest->next_position = memory->position;
	return true;
}

void feed_history_forget(struct feed_history *history)
{
	forget_all(history);
	history->next++;
	history->first = history->next;
}

/* Forgets everything, and the position of a change that could not be remembered with it. */
static void lose(struct feed_history *history)
{
	feed_history_forget(history);
}

void feed_history_add(struct feed_history *history, const struct feed_change *change)
{
	bool has_place = count_of(history) < history->capacity || grow(history);
	struct feed_memory *memory = has_place ? copy_change(history, change) : NULL;
	if (memory == NULL) {
		lose(history);
		return;
	}
	memory->position = history->next;
	if (!extend_trail(history, memory)) {
		lose(history);
		leave_oldest_chunk(history);
		return;
	}
	*place_of(history, history->next++) = memory;
	history->bytes += memory->bytes;
	while (is_first_spare(history, change->told_ms))
		forget_first(history);
}

uint64_t feed_history_position(const struct feed_history *history)
{
	return history->next - 1;
}

bool feed_history_reaches(const struct feed_history *history, uint64_t position)
{
	return position + 1 >= history->first && position < history->next;
}

const struct feed_memory *feed_history_at(const struct feed_history *history, uint64_t position)
{
	assert(position >= history->first && position < history->next);
	return *place_of(history, position);
}

const struct feed_memory *feed_history_latest(const struct feed_history *history, const char *job_id)
{
	return map_find(&history->trails, job_id);
}

/* Whether that change is remembered and one of the job: then its trail need not be walked. */
static bool is_change_of(const struct feed_history *history, uint64_t position, const char *job_id)
{
	return position >= history->first && position < history->next &&
	       strcmp(feed_history_at(history, position)->change.facts.job_id, job_id) == 0;
}

const struct feed_memory *feed_history_first_after(const struct feed_history *history, const char *job_id,
                                                   uint64_t position, bool *ret_is_whole)
{
	if (is_change_of(history, position, job_id)) {
		uint64_t next = feed_history_at(history, position)->next_position;
		*ret_is_whole = true;
		return next != 0 ? feed_history_at(history, next) : NULL;
	}
	const struct feed_memory *memory = feed_history_latest(history, job_id), *first = NULL;
	*ret_is_whole = feed_history_reaches(history, position);
	while (memory != NULL && memory->position > position) {
		first = memory;
		bool is_before_kept = memory->previous_position < history->first;
		/* Nothing of the job lies between the position and this change: then the forgotten ones are none of its. */
		if (memory->previous_position != 0 && memory->previous_position <= position)
			*ret_is_whole = true;
		memory = is_before_kept ? NULL : feed_history_at(history, memory->previous_position);
	}
	return first;
}
