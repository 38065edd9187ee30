/*
 * News of a put, in the wire format: field 1 for each change of the job, in order, then 2 lease_ms and 3 lost_after_ms
 * of the job as it is after them. A change: 1 pipeline, 2 parent, 3 state, 4 stage, 5 previous state, 6 previous stage,
 * 7 revision, 8 flags, 9 serialized ProgressEvent. Instances of different versions may share a store: unknown fields
 * are skipped, and news that cannot be read count as missed.
 */
#include "service/corridor_news.h"

#include <string.h>

#include "service/corridor_adopt.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum { FLAG_END = 1, FLAG_REMOVAL = 2 };
enum { NEWS_CHANGE = 1, NEWS_LEASE, NEWS_LOST_AFTER };
enum {
	CHANGE_PIPELINE = 1,
	CHANGE_PARENT,
	CHANGE_STATE,
	CHANGE_STAGE,
	CHANGE_PREVIOUS_STATE,
	CHANGE_PREVIOUS_STAGE,
	CHANGE_REVISION,
	CHANGE_FLAGS,
	CHANGE_EVENT,
};

/* ---- telling ---- */

static int64_t flags_of(const struct feed_change *change)
{
	return (change->is_end ? FLAG_END : 0) | (change->is_removal ? FLAG_REMOVAL : 0);
}

static size_t change_bytes(const struct feed_change *change)
{
	const struct feed_facts *facts = &change->facts;
	return writer_bytes_bytes(strlen(facts->pipeline)) + writer_bytes_bytes(strlen(facts->parent)) +
	       writer_number_bytes(facts->state) + writer_number_bytes(facts->stage) +
	       writer_number_bytes(facts->previous_state) + writer_number_bytes(facts->previous_stage) +
	       writer_number_bytes((int64_t)change->revision) + writer_number_bytes(flags_of(change)) +
	       writer_bytes_bytes(change->event_bytes);
}

static void put_change(uint8_t *out, const struct feed_change *change, size_t bytes)
{
	const struct feed_facts *facts = &change->facts;
	out = writer_put_head(out, NEWS_CHANGE, bytes);
	out = writer_put_string(out, CHANGE_PIPELINE, facts->pipeline);
	out = writer_put_string(out, CHANGE_PARENT, facts->parent);
	out = writer_put_number(out, CHANGE_STATE, facts->state);
	out = writer_put_number(out, CHANGE_STAGE, facts->stage);
	out = writer_put_number(out, CHANGE_PREVIOUS_STATE, facts->previous_state);
	out = writer_put_number(out, CHANGE_PREVIOUS_STAGE, facts->previous_stage);
	out = writer_put_number(out, CHANGE_REVISION, (int64_t)change->revision);
	out = writer_put_number(out, CHANGE_FLAGS, flags_of(change));
	writer_put_bytes(out, CHANGE_EVENT, change->event, change->event_bytes);
}

enum err corridor_seal_news(struct corridor *corridor, const struct cache_entry *entry, struct wire_bytes *ret_news,
                            struct fault *fault)
{
	const struct job *job = entry->job;
	size_t changes_bytes = 0;
	size_t bytes = writer_number_bytes(job->lease_ms) + writer_number_bytes(job->lost_after_ms);
	for (const struct corridor_change *change = entry->latest_change; change != NULL; change = change->before)
		changes_bytes += writer_bytes_bytes(change_bytes(&change->told));
	uint8_t *news = arena_take(&corridor->arena, changes_bytes + bytes + 1);
	if (news == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "no memory to tell of the change");
	/* The latest change is at hand first, and is written last. */
	uint8_t *end = news + changes_bytes;
	for (const struct corridor_change *change = entry->latest_change; change != NULL; change = change->before) {
		size_t own_bytes = change_bytes(&change->told);
		end -= writer_bytes_bytes(own_bytes);
		put_change(end, &change->told, own_bytes);
	}
	end = writer_put_number(news + changes_bytes, NEWS_LEASE, job->lease_ms);
	writer_put_number(end, NEWS_LOST_AFTER, job->lost_after_ms);
	*ret_news = (struct wire_bytes){news, changes_bytes + bytes};
	return ERR_OK;
}

void corridor_tell_signs(struct corridor *corridor)
{
	size_t count = 0;
	if (!store_is_shared(corridor->store))
		return;
	const char **job_ids = arena_take(&corridor->arena, (corridor->touched_count + 1) * sizeof *job_ids);
	if (job_ids == NULL)
		return;
	for (size_t i = 0; i < corridor->touched_count; i++) {
		const struct cache_entry *entry = corridor->touched[i];
		bool is_told = entry->is_dirty && !entry->is_lost;
		if (entry->is_heard && !is_told && leases_has(&corridor->leases, entry->job_id))
			job_ids[count++] = entry->job_id;
	}
	if (count > 0)
		store_sign(corridor->store, job_ids, count);
}

/* ---- hearing ---- */

/* What the news of one put say. */
struct heard {
	char pipeline[JOB_ID_BYTES_MAX + 1];
	char parent[JOB_ID_BYTES_MAX + 1];
	struct feed_change change; /* the latest one */
	int64_t lease_ms;
	int64_t lost_after_ms;
};

/* What is heard in one go. */
struct hearing {
	struct corridor *corridor;
	bool is_unreadable;
};

static bool copy_name(struct wire_bytes bytes, char name[JOB_ID_BYTES_MAX + 1])
{
	if (bytes.length > JOB_ID_BYTES_MAX)
		return false;
	memcpy(name, bytes.at, bytes.length);
	name[bytes.length] = '\0';
	return true;
}

static bool take_change_field(const struct reader_field *field, struct heard *heard)
{
	struct feed_change *change = &heard->change;
	bool is_bytes = field->type == READER_BYTES;
	bool must_be_bytes =
	    field->number == CHANGE_PIPELINE || field->number == CHANGE_PARENT || field->number == CHANGE_EVENT;
	if (field->number <= CHANGE_EVENT && is_bytes != must_be_bytes)
		return false;
	switch (field->number) {
	case CHANGE_PIPELINE:
		return copy_name(field->bytes, heard->pipeline);
	case CHANGE_PARENT:
		return copy_name(field->bytes, heard->parent);
	case CHANGE_STATE:
		change->facts.state = (int)(field->value % STORE_NUMBERS_MAX);
		break;
	case CHANGE_STAGE:
		change->facts.stage = (int)(field->value % STORE_NUMBERS_MAX);
		break;
	case CHANGE_PREVIOUS_STATE:
		change->facts.previous_state = (int)(field->value % STORE_NUMBERS_MAX);
		break;
	case CHANGE_PREVIOUS_STAGE:
		change->facts.previous_stage = (int)(field->value % STORE_NUMBERS_MAX);
		break;
	case CHANGE_REVISION:
		change->revision = field->value;
		break;
	case CHANGE_FLAGS:
		change->is_end = (field->value & FLAG_END) != 0;
		change->is_removal = (field->value & FLAG_REMOVAL) != 0;
		break;
	case CHANGE_EVENT:
		change->event = field->bytes.at;
		change->event_bytes = field->bytes.length;
		break;
	default:
		break;
	}
	return true;
}

/* Reads one change. False: it is none. */
static bool read_change(struct wire_bytes bytes, const struct store_news *news, struct heard *heard)
{
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	heard->pipeline[0] = heard->parent[0] = '\0';
	heard->change = (struct feed_change){
	    .facts = {.job_id = news->job_id, .pipeline = heard->pipeline, .parent = heard->parent}, .row = news->row};
	while (reader.at < reader.end) {
		struct reader_field field;
		if (reader_next(&reader, &field) != NULL || !take_change_field(&field, heard))
			return false;
	}
	return heard->change.revision > 0 && heard->change.event != NULL;
}

/* Reads the news and publishes each change. False: they are none. */
static bool publish_news(struct corridor *corridor, const struct store_news *news, struct heard *heard)
{
	struct reader reader = {news->bytes, news->bytes + news->length};
	while (reader.at < reader.end) {
		struct reader_field field;
		if (reader_next(&reader, &field) != NULL)
			return false;
		if (field.number == NEWS_LEASE && field.type == READER_VARINT)
			heard->lease_ms = (int64_t)field.value;
		if (field.number == NEWS_LOST_AFTER && field.type == READER_VARINT)
			heard->lost_after_ms = (int64_t)field.value;
		if (field.number != NEWS_CHANGE || field.type != READER_BYTES)
			continue;
		if (!read_change(field.bytes, news, heard))
			return false;
		heard->change.told_ms = corridor->now.steady_ms;
		corridor_publish(corridor, &heard->change);
	}
	return heard->change.revision > 0;
}

/* Whether what is at hand is older than what was heard of. */
static void compare(struct corridor *corridor, const struct store_news *news, uint64_t revision)
{
	struct cache_entry *entry = map_find(&corridor->cache.entries, news->job_id);
	if (entry == NULL || !entry->is_loaded)
		return;
	bool is_newer = news->row > entry->row || (news->row == entry->row && revision > entry->stored_revision);
	if (!is_newer)
		return;
	if (entry->is_touched)
		entry->is_stale = true;
	else
		cache_drop(&corridor->cache, entry);
}

/* The worker was heard by another instance, or found silent by it. */
static void follow(struct corridor *corridor, const struct store_news *news, const struct heard *heard)
{
	struct lease_terms terms = {
	    .state = (enum job_state)heard->change.facts.state,
	    .lease_ms = heard->change.is_removal ? 0 : heard->lease_ms,
	    .lost_after_ms = heard->lost_after_ms,
	};
	leases_follow(&corridor->leases, news->job_id, &terms, corridor->options.default_lost_after_ms,
	              corridor->now.steady_ms);
}

static void take_news(const struct store_news *news, void *context)
{
	struct hearing *hearing = context;
	struct corridor *corridor = hearing->corridor;
	struct heard heard = {.lease_ms = 0};
	if (news->is_sign) {
		leases_renew(&corridor->leases, news->job_id, corridor->now.steady_ms);
		return;
	}
	if (!publish_news(corridor, news, &heard)) {
		hearing->is_unreadable = true;
		return;
	}
	compare(corridor, news, heard.change.revision);
	if (!news->is_own)
		follow(corridor, news, &heard);
}

/* Nothing that is at hand counts any more, and nobody knows what watchers have missed. */
static void begin_anew(struct corridor *corridor)
{
	cache_drop_untouched(&corridor->cache);
	for (size_t i = 0; i < corridor->touched_count; i++)
		corridor->touched[i]->is_stale = true;
	feed_begin_anew(corridor->feed);
	corridor->missed_ms = corridor->now.steady_ms;
	corridor_begin_adoption(corridor);
}

bool corridor_hear(struct corridor *corridor, enum store_hearing hearing)
{
	if (!store_is_shared(corridor->store))
		return true;
	struct hearing taking = {.corridor = corridor};
	bool is_whole = store_hear(corridor->store, hearing, take_news, &taking) && !taking.is_unreadable;
	if (!is_whole)
		begin_anew(corridor);
	return is_whole;
}
