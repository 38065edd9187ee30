/* What the server says about itself: what its acknowledgement is worth, and which store it holds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/redis_parts.h"

struct settings {
	bool is_appending;     /* each write is appended to a file */
	bool is_synced;        /* which is synced before the answer */
	bool is_left_unsynced; /* but not always */
};

static bool is(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

/* {name, value, name, value, ...} */
static void note_pairs(const redisReply *reply, struct settings *settings)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const redisReply *name = reply->element[i], *value = reply->element[i + 1];
		if (is(name, "appendonly"))
			settings->is_appending = is(value, "yes");
		else if (is(name, "appendfsync"))
			settings->is_synced = is(value, "always");
		else if (is(name, "no-appendfsync-on-rewrite"))
			settings->is_left_unsynced = is(value, "yes");
	}
}

static enum err ask_config(struct redis_link *link, const char *pattern, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redis_word(&words, "CONFIG");
	redis_word(&words, "GET");
	redis_word(&words, pattern);
	return redis_link_add(link, &words, fault);
}

static enum err ask_info(struct redis_link *link, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redis_word(&words, "INFO");
	redis_word(&words, "persistence");
	return redis_link_add(link, &words, fault);
}

/* Where CONFIG is not allowed, INFO still tells whether there is a file; nothing is known about syncs then. */
static void note_info(const redisReply *reply, bool is_config_known, struct settings *settings)
{
	bool is_failing = strstr(reply->str, "aof_last_write_status:err") != NULL;
	if (!is_config_known)
		settings->is_appending = strstr(reply->str, "aof_enabled:1") != NULL;
	if (is_failing)
		settings->is_appending = false;
}

enum err redis_ask_durability(struct redis_link *link, enum store_durability *ret_durability, struct fault *fault)
{
	struct settings settings = {0};
	bool is_config_known = true;
	redisReply *reply;
	enum err err = ask_config(link, "append*", fault);
	if (err == ERR_OK)
		err = ask_config(link, "no-appendfsync-on-rewrite", fault);
	if (err == ERR_OK)
		err = ask_info(link, fault);
	for (int i = 0; i < 2 && err == ERR_OK; i++) {
		unsigned types = REDIS_ONE_OF(REDIS_REPLY_ARRAY) | REDIS_ONE_OF(REDIS_REPLY_ERROR);
		err = redis_link_read(link, types, &reply, fault);
		if (err != ERR_OK)
			break;
		is_config_known &= reply->type == REDIS_REPLY_ARRAY;
		note_pairs(reply, &settings);
		freeReplyObject(reply);
	}
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STRING), &reply, fault);
	if (err != ERR_OK)
		return err;
	note_info(reply, is_config_known, &settings);
	freeReplyObject(reply);
	if (!settings.is_appending)
		*ret_durability = STORE_MEMORY;
	else
		*ret_durability = settings.is_synced && !settings.is_left_unsynced ? STORE_SYNCED : STORE_WRITTEN;
	return ERR_OK;
}

/* Sets the key unless it is set, and asks for it. */
static enum err claim(struct redis_link *link, const char *name, const char *value, struct fault *fault)
{
	char key[REDIS_KEY_BYTES];
	redis_key(link->address, "progress-index:", name, key);
	struct redis_words words = {.count = 0}, question = {.count = 0};
	redis_word(&words, "SET");
	redis_word(&words, key);
	redis_word(&words, value);
	redis_word(&words, "NX");
	redis_word(&question, "GET");
	redis_word(&question, key);
	enum err err = redis_link_add(link, &words, fault);
	return err == ERR_OK ? redis_link_add(link, &question, fault) : err;
}

/* Reads the replies to a claim; the text is the caller's to free. */
static enum err read_claim(struct redis_link *link, redisReply **ret_text, struct fault *fault)
{
	redisReply *reply;
	unsigned taken = REDIS_ONE_OF(REDIS_REPLY_STATUS) | REDIS_ONE_OF(REDIS_REPLY_NIL);
	enum err err = redis_link_read(link, taken, &reply, fault);
	if (err != ERR_OK)
		return err;
	freeReplyObject(reply);
	return redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STRING), ret_text, fault);
}

int64_t redis_first_number(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

enum err redis_ask_store(struct redis_link *link, char ret_name[REDIS_NAME_BYTES], uint64_t *ret_number,
                         struct fault *fault)
{
	redisReply *reply;
	char fresh[REDIS_NAME_BYTES], first[24];
	redis_make_name(fresh);
	snprintf(first, sizeof first, "%" PRId64, redis_first_number());
	enum err err = claim(link, "store", fresh, fault);
	if (err == ERR_OK)
		err = claim(link, "changes", first, fault);
	if (err == ERR_OK)
		err = read_claim(link, &reply, fault);
	if (err != ERR_OK)
		return err;
	snprintf(ret_name, REDIS_NAME_BYTES, "%s", reply->str);
	freeReplyObject(reply);
	err = read_claim(link, &reply, fault);
	if (err != ERR_OK)
		return err;
	int64_t number = redis_number_of(reply);
	freeReplyObject(reply);
	if (number < 0)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS",
		                 "store: the keys with our prefix are not ours: progress-index:changes is no number");
	*ret_number = (uint64_t)number;
	return ERR_OK;
}
