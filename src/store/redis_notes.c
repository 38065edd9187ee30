/* Notes: small things beside the jobs, each a hash under a key of its own. */
#include <stdlib.h>
#include <string.h>

#include "store/redis_parts.h"

/* ---- load ---- */

struct note_load {
	const struct redis_address *address;
	const char *key;
	struct store_note note;
};

enum err redis_ask_note(struct redis_link *link, const char *key, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redis_word(&words, "HMGET");
	redis_word(&words, key);
	redis_word(&words, "revision");
	redis_word(&words, "note");
	return redis_link_add(link, &words, fault);
}

enum err redis_take_note(const redisReply *reply, struct store_note *ret_note, struct fault *fault)
{
	if (reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_STRING)
		return ERR_OK;
	int64_t revision = redis_number_of(reply->element[0]);
	size_t length = reply->element[1]->len;
	if (revision <= 0 || length > STORE_NOTE_BYTES_MAX)
		return fault_set(fault, ERR_INTERNAL, "STORE_STRANGE", "store: the key of a note is not ours");
	ret_note->bytes = malloc(length + 1);
	if (ret_note->bytes == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	memcpy(ret_note->bytes, reply->element[1]->str, length);
	ret_note->length = length;
	ret_note->revision = (uint64_t)revision;
	return ERR_OK;
}

static enum err load_note(struct redis_link *link, void *context, struct fault *fault)
{
	struct note_load *load = context;
	char key[REDIS_KEY_BYTES];
	redisReply *reply;
	redis_key(load->address, "progress-note:", load->key, key);
	enum err err = redis_ask_note(link, key, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &reply, fault);
	if (err != ERR_OK)
		return err;
	err = redis_take_note(reply, &load->note, fault);
	freeReplyObject(reply);
	return err;
}

enum err redis_load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct note_load load = {.address = &redis->address, .key = key};
	enum err err = redis_try(&redis->link, load_note, &load, fault);
	if (err == ERR_OK)
		*ret_note = load.note;
	return err;
}

/* ---- put ---- */

struct note_put {
	const struct redis_address *address;
	const char *key;
	struct redis_note_put put;
	bool is_made;
};

enum err redis_ask_put_note(struct redis_link *link, const char *key, const struct redis_note_put *put,
                            struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_NOTE]);
	redis_word(&words, "1");
	redis_word(&words, key);
	redis_word_number(&words, (int64_t)put->expected_revision);
	redis_word_number(&words, (int64_t)put->expected_revision + 1);
	redis_word_bytes(&words, put->length > 0 ? put->bytes : (const void *)"", put->length);
	return redis_link_add(link, &words, fault);
}

static enum err put_note(struct redis_link *link, void *context, struct fault *fault)
{
	struct note_put *put = context;
	char key[REDIS_KEY_BYTES];
	redisReply *reply;
	redis_key(put->address, "progress-note:", put->key, key);
	enum err err = redis_ask_put_note(link, key, &put->put, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_INTEGER), &reply, fault);
	if (err != ERR_OK)
		return err;
	put->is_made = reply->integer == 1;
	freeReplyObject(reply);
	return ERR_OK;
}

enum err redis_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                        size_t length, bool *ret_is_conflict, struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct note_put put = {&redis->address, key, {expected_revision, bytes, length}, false};
	enum err err = redis_try(&redis->link, put_note, &put, fault);
	if (err == ERR_OK)
		*ret_is_conflict = !put.is_made;
	return err;
}
