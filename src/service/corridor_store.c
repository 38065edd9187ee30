/* What is loaded, what is committed, and what becomes of a batch when the store says no. */
#include "service/corridor_store.h"

#include <assert.h>
#include <stdlib.h>

#include "service/corridor_news.h"
#include "wire/record.h"

enum { TRIES_MAX = 16, LOAD_ROUNDS_MAX = 3 };

static enum err set_no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to carry out the call");
}

/* Fails those, too, that were refused: what they were refused for may not have come to be. */
static void fail_commands_of(struct corridor *corridor, const struct cache_entry *entry, const struct fault *fault)
{
	for (size_t i = 0; i < corridor->batch_count; i++) {
		struct command *command = corridor->batch[i];
		if (command->entry == entry && (command->is_applied || command->fault->code == ERR_OK))
			*command->fault = *fault;
	}
}

/* Finds the entries of all commands; returns how many of them are to be loaded. */
static size_t touch_entries(struct corridor *corridor)
{
	size_t load_count = 0;
	corridor->touched_count = 0;
	for (size_t i = 0; i < corridor->batch_count; i++) {
		struct command *command = corridor->batch[i];
		command->entry = NULL;
		command->is_applied = false;
		if (command->job_id == NULL)
			continue;
		struct cache_entry *entry = cache_get(&corridor->cache, command->job_id);
		if (entry == NULL) {
			set_no_memory(command->fault);
			continue;
		}
		command->entry = entry;
		if (entry->is_touched)
			continue;
		entry->is_touched = true;
		corridor->touched[corridor->touched_count++] = entry;
		if (entry->is_loaded)
			continue;
		corridor->loads[load_count] = (struct store_load){.job_id = entry->job_id};
		corridor->load_entries[load_count++] = entry;
	}
	return load_count;
}

static void open_loaded(struct corridor *corridor, struct store_load *load, struct cache_entry *entry)
{
	entry->is_loaded = true;
	entry->is_fresh = true;
	if (!load->found)
		return;
	struct fault fault = {0};
	entry->row = load->row;
	entry->stored_revision = load->revision;
	if (record_open(load->payload, load->payload_bytes, &entry->job, &fault) != ERR_OK) {
		entry->is_lost = true;
		fail_commands_of(corridor, entry, &fault);
	}
	free(load->payload);
}

/* False: the store cannot be asked. */
static bool load(struct corridor *corridor, size_t count)
{
	struct fault fault = {0};
	bool is_loaded = store_load_all(corridor->store, corridor->loads, count, &fault) == ERR_OK;
	for (size_t i = 0; i < count; i++) {
		struct cache_entry *entry = corridor->load_entries[i];
		if (is_loaded) {
			open_loaded(corridor, &corridor->loads[i], entry);
		} else {
			entry->is_lost = true;
			fail_commands_of(corridor, entry, &fault);
		}
	}
	return is_loaded;
}

/* Empties the entries that have become stale, to be loaded anew; returns their number. */
static size_t empty_stale(struct corridor *corridor)
{
	size_t count = 0;
	for (size_t i = 0; i < corridor->touched_count; i++) {
		struct cache_entry *entry = corridor->touched[i];
		if (!entry->is_stale || entry->is_lost)
			continue;
		job_destroy(entry->job);
		entry->job = NULL;
		entry->row = 0;
		entry->stored_revision = 0;
		entry->is_loaded = false;
		entry->is_stale = false;
		corridor->loads[count] = (struct store_load){.job_id = entry->job_id};
		corridor->load_entries[count++] = entry;
	}
	return count;
}

/* Hearing up to what was loaded may tell that other entries are stale; those are loaded then, which may tell the same
 * again. What is loaded last is as new as can be had. */
void corridor_load(struct corridor *corridor)
{
	size_t count = touch_entries(corridor);
	for (int round = 0; count > 0 && round < LOAD_ROUNDS_MAX; round++) {
		if (!load(corridor, count) || !store_is_shared(corridor->store))
			return;
		corridor_hear(corridor, STORE_HEAR_SHOWN);
		if (round + 1 < LOAD_ROUNDS_MAX)
			count = empty_stale(corridor);
	}
	for (size_t i = 0; i < corridor->touched_count; i++)
		corridor->touched[i]->is_stale = false;
}

static struct store_record record_of(const struct corridor *corridor, const struct job *job, struct wire_bytes payload)
{
	return (struct store_record){
	    .job_id = job->job_id,
	    .revision = job->view.revision,
	    .stage = job->view.stage,
	    .state = (int)job->view.state,
	    .progress = job_shown_percent(job->view.percent),
	    .pipeline = job->pipeline,
	    .parent = job->parent,
	    .message = job->view.message != NULL ? job->view.message : "",
	    .created_ms = job->created_ms,
	    .updated_ms = job->view.updated_ms,
	    .ended_ms = job->view.ended_ms,
	    .expires_ms = job_expires_ms(job, corridor->options.default_ttl_ms),
	    .payload = payload.at,
	    .payload_bytes = payload.length,
	    .metadata = job->metadata,
	    .metadata_count = job->metadata_count,
	};
}

static enum err make_put(struct corridor *corridor, const struct cache_entry *entry, struct store_put *ret_put,
                         struct fault *fault)
{
	struct wire_bytes payload = {0}, news = {0};
	enum err err = entry->is_removed ? ERR_OK : record_seal(entry->job, &corridor->arena, &payload, fault);
	if (err == ERR_OK && store_is_shared(corridor->store))
		err = corridor_seal_news(corridor, entry, &news, fault);
	if (err != ERR_OK)
		return err;
	*ret_put = (struct store_put){
	    .record = record_of(corridor, entry->job, payload),
	    .expected_revision = entry->stored_revision,
	    .is_removal = entry->is_removed,
	    .row = entry->row,
	    .news = news.at,
	    .news_bytes = news.length,
	};
	return ERR_OK;
}

static void lose(struct corridor *corridor, struct cache_entry *entry, const struct fault *fault)
{
	entry->is_lost = true;
	fail_commands_of(corridor, entry, fault);
}

/* Prepares the puts of all changed jobs; returns their number. */
static size_t make_puts(struct corridor *corridor)
{
	size_t count = 0;
	for (size_t i = 0; i < corridor->touched_count; i++) {
		struct cache_entry *entry = corridor->touched[i];
		struct fault fault = {0};
		bool was_never_stored = entry->is_removed && entry->stored_revision == 0;
		if (!entry->is_dirty || entry->is_lost || was_never_stored)
			continue;
		if (make_put(corridor, entry, &corridor->puts[count], &fault) != ERR_OK)
			lose(corridor, entry, &fault);
		else
			corridor->put_entries[count++] = entry;
	}
	return count;
}

/* Puts the entry's commands back to be carried out anew, in their order. */
static void retry_commands_of(struct corridor *corridor, const struct cache_entry *entry, struct list *commands)
{
	size_t kept = corridor->batch_count;
	for (size_t i = corridor->batch_count; i-- > 0;) {
		struct command *command = corridor->batch[i];
		if (command->entry != entry || !command->is_applied || command->tries++ >= TRIES_MAX) {
			corridor->batch[--kept] = command;
			continue;
		}
		command->fault->code = ERR_OK;
		list_prepend(commands, &command->link);
	}
	for (size_t i = kept; i < corridor->batch_count; i++)
		corridor->batch[i - kept] = corridor->batch[i];
	corridor->batch_count -= kept;
}

/* Has the entry's commands carried out anew on what is there now. */
static void try_again(struct corridor *corridor, struct cache_entry *entry, struct list *commands)
{
	struct fault fault = {0};
	retry_commands_of(corridor, entry, commands);
	fault_set(&fault, ERR_ABORTED, "CONFLICT", "job_id: job %s is changed by too many at once; try again",
	          entry->job_id);
	lose(corridor, entry, &fault);
}

static void take_put(struct corridor *corridor, const struct store_put *put, struct cache_entry *entry,
                     struct list *commands)
{
	if (put->is_conflict) {
		try_again(corridor, entry, commands);
		return;
	}
	entry->row = put->row;
	entry->stored_revision = put->record.revision;
}

/* Whether the entry has only been looked at, as it was at hand. */
static bool is_unproved(const struct cache_entry *entry)
{
	return !entry->is_dirty && !entry->is_fresh && !entry->is_lost;
}

/* Whether an answer of this batch rests on what was at hand alone: on a shared store it may be old, and the commit is
 * to prove that it is not. */
static bool must_prove(const struct corridor *corridor)
{
	bool must_prove = false;
	if (!store_is_shared(corridor->store))
		return false;
	for (size_t i = 0; i < corridor->batch_count; i++) {
		const struct command *command = corridor->batch[i];
		if (command->call == NULL || command->entry == NULL || !is_unproved(command->entry))
			continue;
		store_prove(corridor->store, command->entry->job_id);
		must_prove = true;
	}
	return must_prove;
}

/* What was looked at cannot be proved to be of today. */
static void lose_unproved(struct corridor *corridor, const struct fault *fault)
{
	for (size_t i = 0; i < corridor->touched_count; i++)
		if (is_unproved(corridor->touched[i]))
			lose(corridor, corridor->touched[i], fault);
}

/* The answer of the store has come with the number of the latest commit: what has become stale up to it, and was only
 * looked at, was looked at too early. */
static void hear_after_commit(struct corridor *corridor, struct list *commands)
{
	corridor_hear(corridor, STORE_HEAR_SHOWN);
	for (size_t i = 0; i < corridor->touched_count; i++) {
		struct cache_entry *entry = corridor->touched[i];
		if (entry->is_stale && !entry->is_dirty && !entry->is_lost)
			try_again(corridor, entry, commands);
	}
}

static void note_durability(struct corridor *corridor, enum store_durability durability)
{
	for (size_t i = 0; i < corridor->batch_count; i++)
		if (corridor->batch[i]->call != NULL)
			corridor->batch[i]->call->durability = durability;
}

static void fail_lost(struct corridor *corridor)
{
	struct fault fault = {0};
	set_no_memory(&fault);
	for (size_t i = 0; i < corridor->touched_count; i++)
		if (corridor->touched[i]->is_lost)
			fail_commands_of(corridor, corridor->touched[i], &fault);
}

void corridor_commit(struct corridor *corridor, struct list *commands)
{
	fail_lost(corridor);
	size_t count = make_puts(corridor);
	enum store_durability durability = store_durability(corridor->store);
	struct fault fault = {0};
	bool asks = must_prove(corridor) || count > 0;
	enum err err = asks ? store_commit(corridor->store, corridor->puts, count, &durability, &fault) : ERR_OK;
	if (err == ERR_DATA_LOSS) {
		corridor->options.on_data_loss(&fault);
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		if (err != ERR_OK)
			lose(corridor, corridor->put_entries[i], &fault);
		else
			take_put(corridor, &corridor->puts[i], corridor->put_entries[i], commands);
	}
	if (err != ERR_OK && store_is_shared(corridor->store))
		lose_unproved(corridor, &fault);
	else if (asks && store_is_shared(corridor->store))
		hear_after_commit(corridor, commands);
	note_durability(corridor, durability);
}

void corridor_settle(struct corridor *corridor)
{
	for (size_t i = 0; i < corridor->touched_count; i++) {
		struct cache_entry *entry = corridor->touched[i];
		entry->is_touched = false;
		entry->is_dirty = false;
		entry->is_fresh = false;
		entry->latest_change = NULL;
		if (entry->is_lost || entry->is_stale || entry->is_removed || entry->job == NULL)
			cache_drop(&corridor->cache, entry);
	}
	corridor->touched_count = 0;
	cache_trim(&corridor->cache);
}
