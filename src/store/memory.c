/*
 * Jobs in this process's memory. One thread changes them; a commit is prepared aside, where memory may run out, and
 * then made visible under the lock, where nothing can fail. Listings hold the lock for a few rows at a time, and a
 * waiting commit goes first, so that a long listing delays no commit.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/timer_queue.h"
#include "store/memory_entry.h"
#include "store/memory_notes.h"
#include "store/memory_rows.h"
#include "store/parts.h"

enum { LIST_ROWS_A_LOCK = 512 };

struct memory_store {
	struct store base;
	struct map entries;          /* by job_id; of the committing thread alone */
	struct timer_queue expiries; /* likewise */
	struct map notes;            /* likewise */
	pthread_rwlock_t lock;       /* guards rows and all contents against listings */
	struct memory_rows rows;
};

/* What a commit is about to do for one put. */
struct change {
	struct memory_entry *entry;   /* NULL: the job does not exist */
	struct memory_content *fresh; /* NULL: removal, or conflict */
	bool is_new;                  /* the entry was made for this put */
};

static struct memory_store *memory_of(struct store *store)
{
	return (struct memory_store *)(void *)store;
}

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
}

static bool load_one(struct memory_store *memory, struct store_load *load)
{
	struct memory_entry *entry = map_find(&memory->entries, load->job_id);
	if (entry == NULL)
		return true;
	const struct store_record *record = &entry->content->record;
	load->payload = malloc(record->payload_bytes + 1);
	if (load->payload == NULL)
		return false;
	memcpy(load->payload, record->payload, record->payload_bytes);
	load->payload_bytes = record->payload_bytes;
	load->found = true;
	load->revision = record->revision;
	load->row = entry->row;
	return true;
}

static enum err memory_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		if (load_one(memory_of(store), &loads[i]))
			continue;
		for (size_t j = 0; j < i; j++) {
			free(loads[j].payload);
			loads[j] = (struct store_load){.job_id = loads[j].job_id};
		}
		return no_memory(fault);
	}
	return ERR_OK;
}

static bool set_expiry(struct memory_store *memory, struct memory_entry *entry, int64_t expires_ms)
{
	if (expires_ms > 0)
		return timer_queue_set(&memory->expiries, &entry->expiry, expires_ms);
	timer_queue_remove(&memory->expiries, &entry->expiry);
	return true;
}

/* Does all of a put that can fail and that no listing sees. False: no memory; unstage undoes what was done. */
static bool stage(struct memory_store *memory, struct store_put *put, struct change *change)
{
	change->entry = map_find(&memory->entries, put->record.job_id);
	uint64_t revision = change->entry != NULL ? change->entry->content->record.revision : 0;
	put->is_conflict = revision != put->expected_revision;
	if (put->is_conflict || put->is_removal)
		return true;
	change->fresh = memory_content_create(&put->record);
	if (change->fresh == NULL)
		return false;
	if (change->entry == NULL) {
		change->entry = memory_entry_create(put->record.job_id);
		if (change->entry == NULL)
			return false;
		change->is_new = true;
		if (!map_put(&memory->entries, change->entry->job_id, change->entry))
			return false;
	}
	return set_expiry(memory, change->entry, put->record.expires_ms);
}

static void unstage(struct memory_store *memory, struct change *change)
{
	if (change->is_new) {
		map_remove(&memory->entries, change->entry->job_id);
		timer_queue_remove(&memory->expiries, &change->entry->expiry);
		memory_entry_destroy(change->entry);
	} else if (change->entry != NULL && change->fresh != NULL) {
		bool is_back = set_expiry(memory, change->entry, change->entry->content->record.expires_ms);
		assert(is_back); /* the queue had room for it before */
	}
	free(change->fresh);
}

/* Makes a staged put visible; the caller holds the lock. Leaves in `change` what is to be freed. */
static void apply(struct memory_store *memory, struct store_put *put, struct change *change)
{
	if (put->is_conflict) {
		*change = (struct change){0};
		return;
	}
	struct memory_entry *entry = change->entry;
	if (put->is_removal) {
		memory_rows_remove(&memory->rows, entry->row);
		put->row = 0;
		return;
	}
	struct memory_content *former = entry->content;
	entry->content = change->fresh;
	if (change->is_new)
		entry->row = memory_rows_append(&memory->rows, entry);
	put->row = entry->row;
	*change = (struct change){.fresh = former};
}

static void sweep(struct memory_store *memory, struct change *change)
{
	free(change->fresh);
	if (change->entry == NULL)
		return;
	map_remove(&memory->entries, change->entry->job_id);
	timer_queue_remove(&memory->expiries, &change->entry->expiry);
	memory_entry_destroy(change->entry);
}

/* True: all are visible. False: no memory, none is. */
static bool commit_changes(struct memory_store *memory, struct store_put *puts, struct change *changes, size_t count)
{
	size_t new_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!stage(memory, &puts[i], &changes[i])) {
			for (size_t j = 0; j <= i; j++)
				unstage(memory, &changes[j]);
			return false;
		}
		new_count += changes[i].is_new;
	}
	pthread_rwlock_wrlock(&memory->lock);
	bool has_room = memory_rows_reserve(&memory->rows, new_count);
	for (size_t i = 0; has_room && i < count; i++)
		apply(memory, &puts[i], &changes[i]);
	pthread_rwlock_unlock(&memory->lock);
	for (size_t i = 0; i < count; i++)
		(has_room ? sweep : unstage)(memory, &changes[i]);
	return has_room;
}

static enum err memory_commit(struct store *store, struct store_put *puts, size_t count,
                              enum store_durability *ret_durability, struct fault *fault)
{
	struct change *changes = calloc(count + 1, sizeof *changes);
	bool is_done = changes != NULL && commit_changes(memory_of(store), puts, changes, count);
	free(changes);
	if (!is_done)
		return no_memory(fault);
	*ret_durability = STORE_MEMORY;
	return ERR_OK;
}

/* Visits the matches among a few rows before `before_row`. Returns the row to go on before, 0 when there is no more. */
static int64_t list_some(struct memory_store *memory, const struct store_query *query, int64_t before_row, size_t *left,
                         store_visit *visit, void *context)
{
	size_t place = memory_rows_place(&memory->rows, before_row);
	for (size_t seen = 0; place > 0; seen++) {
		if (seen == LIST_ROWS_A_LOCK)
			return memory->rows.rows[place].row;
		const struct memory_entry *entry = memory->rows.rows[--place].entry;
		if (entry == NULL || !query_lets_pass(query, &entry->content->record))
			continue;
		if (!visit(&entry->content->record, entry->row, context) || --*left == 0)
			return 0;
	}
	return 0;
}

static enum err memory_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                            struct fault *fault)
{
	(void)fault;
	struct memory_store *memory = memory_of(store);
	size_t left = query->limit;
	int64_t before_row = query->before_row > 0 ? query->before_row : INT64_MAX;
	while (before_row > 0) {
		pthread_rwlock_rdlock(&memory->lock);
		before_row = list_some(memory, query, before_row, &left, visit, context);
		pthread_rwlock_unlock(&memory->lock);
	}
	return ERR_OK;
}

static enum err memory_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                               struct fault *fault)
{
	struct memory_store *memory = memory_of(store);
	size_t count = 0, most = limit < memory->expiries.count ? limit : memory->expiries.count;
	struct timer **due = calloc(most + 1, sizeof *due);
	if (due == NULL)
		return no_memory(fault);
	while (count < most && (due[count] = timer_queue_take_due(&memory->expiries, now_ms)) != NULL)
		count++;
	for (size_t i = 0; i < count; i++) {
		bool is_back = timer_queue_set(&memory->expiries, due[i], due[i]->due);
		assert(is_back); /* the queue had room for it a moment ago */
	}
	for (size_t i = 0; i < count; i++) {
		const struct memory_entry *entry = LIST_MEMBER(due[i], struct memory_entry, expiry);
		if (!visit(&entry->content->record, entry->row, context))
			break;
	}
	free(due);
	return ERR_OK;
}

static enum store_durability memory_durability(struct store *store)
{
	(void)store;
	return STORE_MEMORY;
}

static void memory_close(struct store *store)
{
	struct memory_store *memory = memory_of(store);
	struct memory_entry *entry;
	for (size_t position = 0; (entry = map_next(&memory->entries, &position)) != NULL;)
		memory_entry_destroy(entry);
	map_finish(&memory->entries);
	memory_notes_finish(&memory->notes);
	timer_queue_finish(&memory->expiries);
	memory_rows_finish(&memory->rows);
	pthread_rwlock_destroy(&memory->lock);
	free(memory);
}

static enum err memory_load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	return memory_notes_load(&memory_of(store)->notes, key, ret_note, fault);
}

static enum err memory_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                                size_t length, bool *ret_is_conflict, struct fault *fault)
{
	return memory_notes_put(&memory_of(store)->notes, key, expected_revision, bytes, length, ret_is_conflict, fault);
}

static const struct store_class memory_class = {
    .kind = "memory",
    .commits_quickly = true,
    .load = memory_load,
    .commit = memory_commit,
    .list = memory_list,
    .expired = memory_expired,
    .durability = memory_durability,
    .close = memory_close,
    .load_note = memory_load_note,
    .put_note = memory_put_note,
};

enum err memory_check(const char *address, struct fault *fault)
{
	if (*address == '\0')
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_URL", "store: nothing may follow \"memory:\", but \"%s\" does",
	                 address);
}

enum err memory_open(const char *address, struct store **ret_store, struct fault *fault)
{
	enum err err = memory_check(address, fault);
	if (err != ERR_OK)
		return err;
	struct memory_store *memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return no_memory(fault);
	memory->base.class = &memory_class;
	map_init(&memory->entries);
	map_init(&memory->notes);
	timer_queue_init(&memory->expiries);
	pthread_rwlockattr_t attributes;
	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&memory->lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	*ret_store = &memory->base;
	return ERR_OK;
}
