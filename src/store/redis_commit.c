/*
 * Loading and committing, each in one go: all commands are sent before the first reply is read, and what belongs
 * together is a transaction. A commit whose outcome is unknown is sent again under the same name: what was made already
 * is answered alike.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/stages.h"
#include "store/redis_parts.h"

enum { PUTS_AT_ONCE_MAX = 1024, LOADS_AT_ONCE_MAX = 1024, WAIT_MS = 400, ROW_NO_JOB = -2 };

static enum err add(struct redis_link *link, const char *word, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redis_word(&words, word);
	return redis_link_add(link, &words, fault);
}

/* Reads the replies of MULTI and of `count` commands of its transaction, and then that of EXEC, an array with a reply
 * for each. */
static enum err read_transaction(struct redis_link *link, size_t count, redisReply **ret_reply, struct fault *fault)
{
	redisReply *reply = NULL;
	enum err err = ERR_OK;
	for (size_t i = 0; i < count + 1 && err == ERR_OK; i++) {
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STATUS), &reply, fault);
		if (err == ERR_OK)
			freeReplyObject(reply);
	}
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &reply, fault);
	if (err != ERR_OK)
		return err;
	if (reply->elements == count) {
		*ret_reply = reply;
		return ERR_OK;
	}
	freeReplyObject(reply);
	redis_link_close(link);
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_STRANGE", "store: Redis answers something else than was asked");
}

enum err redis_refuse_reply(const redisReply *reply, struct fault *fault)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return redis_fault_of_error(reply->str, fault);
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_STRANGE", "store: Redis answers something else than was asked");
}

/* Whether the link has come to another server since it was asked this the last time. */
static bool has_moved(struct redis_link *link)
{
	bool has_moved = link->has_moved;
	link->has_moved = false;
	return has_moved;
}

/* ---- load ---- */

struct loading {
	struct redis_store *redis;
	struct store_load *loads;
	size_t count;
};

void redis_forget_loads(struct store_load *loads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(loads[i].payload);
		loads[i] = (struct store_load){.job_id = loads[i].job_id};
	}
}

static enum err add_loads(struct redis_link *link, const struct loading *loading, size_t first, size_t count,
                          struct fault *fault)
{
	char key[REDIS_KEY_BYTES];
	const struct redis_address *address = &loading->redis->address;
	enum err err = add(link, "MULTI", fault);
	for (size_t i = first; i < first + count && err == ERR_OK; i++) {
		struct redis_words words = {.count = 0};
		redis_key(address, "progress:", loading->loads[i].job_id, key);
		redis_word(&words, "HMGET");
		redis_word(&words, key);
		redis_word(&words, "row");
		redis_word(&words, "revision");
		redis_word(&words, "record");
		err = redis_link_add(link, &words, fault);
	}
	struct redis_words words = {.count = 0};
	redis_key(address, "progress-index:", "changes", key);
	redis_word(&words, "GET");
	redis_word(&words, key);
	if (err == ERR_OK)
		err = redis_link_add(link, &words, fault);
	return err == ERR_OK ? add(link, "EXEC", fault) : err;
}

enum err redis_take_load(const redisReply *reply, struct store_load *load, struct fault *fault)
{
	bool is_triple = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3;
	if (!is_triple)
		return redis_refuse_reply(reply, fault);
	const redisReply *record = reply->element[2];
	int64_t row = redis_number_of(reply->element[0]), revision = redis_number_of(reply->element[1]);
	if (reply->element[0]->type == REDIS_REPLY_NIL)
		return ERR_OK;
	if (row <= 0 || revision <= 0 || record->type != REDIS_REPLY_STRING)
		return fault_set(fault, ERR_INTERNAL, "STORE_STRANGE", "store: the key of job %.128s is not ours",
		                 load->job_id);
	load->payload = malloc(record->len + 1);
	if (load->payload == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	memcpy(load->payload, record->str, record->len);
	load->payload_bytes = record->len;
	load->found = true;
	load->row = row;
	load->revision = (uint64_t)revision;
	return ERR_OK;
}

static enum err read_loads(struct redis_link *link, const struct loading *loading, size_t first, size_t count,
                           struct fault *fault)
{
	redisReply *reply;
	enum err err = read_transaction(link, count + 1, &reply, fault);
	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = redis_take_load(reply->element[i], &loading->loads[first + i], fault);
	if (err == ERR_UNAVAILABLE || err == ERR_INTERNAL)
		redis_link_close(link);
	int64_t number = redis_number_of(reply->element[count]);
	redis_line_note_shown(&loading->redis->line, 0, number > 0 ? number : 0);
	freeReplyObject(reply);
	return err;
}

static enum err try_load(struct redis_link *link, void *context, struct fault *fault)
{
	struct loading *loading = context;
	if (has_moved(link))
		redis_line_note_loss(&loading->redis->line, 0);
	redis_forget_loads(loading->loads, loading->count);
	for (size_t first = 0; first < loading->count; first += LOADS_AT_ONCE_MAX) {
		size_t left = loading->count - first, count = left < LOADS_AT_ONCE_MAX ? left : LOADS_AT_ONCE_MAX;
		enum err err = add_loads(link, loading, first, count, fault);
		if (err == ERR_OK)
			err = read_loads(link, loading, first, count, fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

enum err redis_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct loading loading = {redis, loads, count};
	redis_line_set_busy(&redis->line, true);
	redis_ear_check_master(&redis->ear, &redis->link);
	enum err err = redis_try(&redis->link, try_load, &loading, fault);
	if (err != ERR_OK) {
		redis_forget_loads(loads, count);
		redis_line_set_busy(&redis->line, false);
	}
	return err;
}

/* ---- commit ---- */

/* What all puts of a commit have in common. */
struct commit {
	struct redis_store *redis;
	struct store_put *puts;
	size_t count;
	uint64_t first_name;  /* number of the first put */
	int64_t first_number; /* of changes, if this is the first one of the store */
	int attempts;
	int replicas; /* that have it */
	char index[REDIS_KEY_BYTES];
	char changes[REDIS_KEY_BYTES];
	char channel[REDIS_KEY_BYTES];
};

void redis_add_fields(struct redis_words *words, const struct store_record *record, char (*keys)[REDIS_FIELD_BYTES_MAX])
{
	const struct stage *stage = stages_find(record->stage);
	const struct {
		const char *name;
		int64_t number;
	} numbers[] = {
	    {"stage", record->stage},           {"state", record->state},
	    {"progress", record->progress},     {"revision", (int64_t)record->revision},
	    {"updated_ms", record->updated_ms}, {"ended_ms", record->ended_ms},
	    {"expires_ms", record->expires_ms},
	};
	redis_word(words, "status");
	redis_word(words, stage != NULL ? stage->status : "");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		redis_word(words, numbers[i].name);
		redis_word_number(words, numbers[i].number);
	}
	redis_word(words, "message");
	redis_word(words, record->message);
	redis_word(words, "record");
	redis_word_bytes(words, record->payload, record->payload_bytes);
	for (size_t i = 0; i < record->metadata_count; i++) {
		snprintf(keys[i], sizeof keys[i], "metadata.%.*s", JOB_METADATA_KEY_BYTES_MAX, record->metadata[i].key);
		redis_word(words, keys[i]);
		redis_word(words, record->metadata[i].value);
	}
	redis_word(words, "pipeline");
	redis_word(words, record->pipeline);
	redis_word(words, "parent");
	redis_word(words, record->parent);
	redis_word(words, "created_ms");
	redis_word_number(words, record->created_ms);
}

static enum err add_put(struct redis_link *link, const struct commit *commit, size_t index, struct fault *fault)
{
	const struct store_put *put = &commit->puts[index];
	const struct store_record *record = &put->record;
	char job[REDIS_KEY_BYTES], name[REDIS_NAME_BYTES + 24];
	char keys[JOB_METADATA_ENTRIES_MAX][REDIS_FIELD_BYTES_MAX];
	struct redis_words words;
	words.count = 0;
	words.numbers_bytes = 0;
	redis_key(&commit->redis->address, "progress:", record->job_id, job);
	snprintf(name, sizeof name, "%s.%" PRIu64, commit->redis->instance, commit->first_name + index);
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_PUT]);
	redis_word(&words, "2");
	redis_word(&words, job);
	redis_word(&words, commit->changes);
	redis_word(&words, commit->index);
	redis_word(&words, commit->channel);
	redis_word(&words, name);
	redis_word_number(&words, (int64_t)put->expected_revision);
	redis_word_number(&words, commit->first_number);
	redis_word_bytes(&words, put->news, put->news_bytes);
	redis_word(&words, record->job_id);
	redis_word(&words, put->is_removal ? "remove" : "put");
	redis_word_number(&words, record->state);
	redis_word_number(&words, record->expires_ms);
	redis_word(&words, record->parent);
	if (!put->is_removal)
		redis_add_fields(&words, record, keys);
	return redis_link_add(link, &words, fault);
}

enum err redis_take_put(const redisReply *reply, struct store_put *put, bool is_repeated, int64_t *ret_number,
                        struct fault *fault)
{
	bool is_pair = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
	int64_t row = is_pair ? redis_number_of(reply->element[0]) : 0;
	*ret_number = is_pair ? redis_number_of(reply->element[1]) : -1;
	if (*ret_number < 0 || row == 0)
		return redis_refuse_reply(reply, fault);
	bool was_removed = row == ROW_NO_JOB && put->is_removal && is_repeated;
	put->is_conflict = row < 0 && !was_removed;
	if (!put->is_conflict)
		put->row = put->is_removal ? 0 : row;
	return ERR_OK;
}

static enum err take_put(struct redis_link *link, const struct commit *commit, const redisReply *reply,
                         struct store_put *put, struct fault *fault)
{
	int64_t number;
	enum err err = redis_take_put(reply, put, commit->attempts > 1, &number, fault);
	if (err == ERR_OK)
		redis_line_note_shown(&commit->redis->line, 0, number);
	else
		redis_link_close(link);
	return err;
}

/* One put needs no transaction: the script is one. */
static enum err read_puts(struct redis_link *link, const struct commit *commit, size_t first, size_t count,
                          struct fault *fault)
{
	redisReply *reply = NULL;
	if (count == 1) {
		enum err err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &reply, fault);
		if (err == ERR_OK)
			err = take_put(link, commit, reply, &commit->puts[first], fault);
		freeReplyObject(reply);
		return err;
	}
	enum err err = read_transaction(link, count, &reply, fault);
	assert(err != ERR_OK || reply != NULL);
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = take_put(link, commit, reply->element[i], &commit->puts[first + i], fault);
	freeReplyObject(reply);
	return err;
}

static enum err make_puts(struct redis_link *link, struct commit *commit, size_t first, size_t count,
                          struct fault *fault)
{
	enum err err = count > 1 ? add(link, "MULTI", fault) : ERR_OK;
	for (size_t i = first; i < first + count && err == ERR_OK; i++)
		err = add_put(link, commit, i, fault);
	if (err == ERR_OK && count > 1)
		err = add(link, "EXEC", fault);
	return err == ERR_OK ? read_puts(link, commit, first, count, fault) : err;
}

/* Asks for the number of the latest commit: what is at hand is of today if nothing was missed up to it. */
static enum err ask_number(struct redis_link *link, const struct commit *commit, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redisReply *reply;
	redis_word(&words, "GET");
	redis_word(&words, commit->changes);
	enum err err = redis_link_add(link, &words, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STRING) | REDIS_ONE_OF(REDIS_REPLY_NIL), &reply, fault);
	if (err != ERR_OK)
		return err;
	int64_t number = redis_number_of(reply);
	redis_line_note_shown(&commit->redis->line, 0, number > 0 ? number : 0);
	freeReplyObject(reply);
	return ERR_OK;
}

static enum err wait_for_replicas(struct redis_link *link, struct commit *commit, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redisReply *reply;
	redis_word(&words, "WAIT");
	redis_word_number(&words, commit->redis->address.replicas);
	redis_word_number(&words, WAIT_MS);
	enum err err = redis_link_add(link, &words, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_INTEGER), &reply, fault);
	if (err != ERR_OK)
		return err;
	commit->replicas = (int)reply->integer;
	freeReplyObject(reply);
	return ERR_OK;
}

static enum err try_commit(struct redis_link *link, void *context, struct fault *fault)
{
	struct commit *commit = context;
	commit->attempts++;
	/* The puts rest on what the other server had; the same revision may mean something else here. */
	if (has_moved(link)) {
		redis_line_note_loss(&commit->redis->line, 0);
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_MOVED", "store: Redis has a new master; try again");
	}
	if (commit->count == 0)
		return ask_number(link, commit, fault);
	for (size_t first = 0; first < commit->count; first += PUTS_AT_ONCE_MAX) {
		size_t left = commit->count - first;
		enum err err = make_puts(link, commit, first, left < PUTS_AT_ONCE_MAX ? left : PUTS_AT_ONCE_MAX, fault);
		if (err != ERR_OK)
			return err;
	}
	return commit->redis->address.replicas > 0 ? wait_for_replicas(link, commit, fault) : ERR_OK;
}

static enum store_durability worth_of(const struct commit *commit)
{
	enum store_durability settings = (enum store_durability)atomic_load(&commit->redis->ear.durability);
	int wanted = commit->redis->address.replicas;
	bool is_replicated = wanted > 0 && commit->replicas >= wanted;
	return is_replicated && settings == STORE_MEMORY ? STORE_WRITTEN : settings;
}

enum err redis_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                      struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct commit commit = {
	    .redis = redis,
	    .puts = puts,
	    .count = count,
	    .first_name = redis->commit_count + 1,
	    .first_number = redis_first_number(),
	};
	redis_key(&redis->address, "progress-index:", "", commit.index);
	redis_key(&redis->address, "progress-index:", "changes", commit.changes);
	redis_key(&redis->address, "progress-changes", "", commit.channel);
	redis->commit_count += count;
	redis_line_set_busy(&redis->line, true);
	redis_ear_check_master(&redis->ear, &redis->link);
	enum err err = redis_try(&redis->link, try_commit, &commit, fault);
	if (err == ERR_OK)
		*ret_durability = worth_of(&commit);
	else
		redis_line_set_busy(&redis->line, false);
	return err;
}

void redis_sign(struct store *store, const char *const *job_ids, size_t count)
{
	struct redis_store *redis = redis_of(store);
	char channel[REDIS_KEY_BYTES], text[REDIS_NAME_BYTES + JOB_ID_BYTES_MAX + 16];
	struct fault fault;
	redisReply *reply;
	if (redis_link_is_broken(&redis->link))
		return;
	redis_key(&redis->address, "progress-changes", "", channel);
	for (size_t i = 0; i < count; i++) {
		struct redis_words words = {.count = 0};
		snprintf(text, sizeof text, "0 0 %s.0 %s\n", redis->instance, job_ids[i]);
		redis_word(&words, "PUBLISH");
		redis_word(&words, channel);
		redis_word(&words, text);
		if (redis_link_add(&redis->link, &words, &fault) != ERR_OK)
			return;
	}
	for (size_t i = 0; i < count; i++) {
		if (redis_link_read(&redis->link, REDIS_ONE_OF(REDIS_REPLY_INTEGER), &reply, &fault) != ERR_OK)
			return;
		freeReplyObject(reply);
	}
}
