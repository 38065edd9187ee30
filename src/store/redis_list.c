/*
 * Listings. A script looks at some rows in one moment and gives those that match, so that even a long listing holds the
 * server up only for moments; it goes on where the last one has ended.
 */
#include <stdio.h>
#include <string.h>

#include "store/redis_cluster.h"

enum {
	ROWS_AT_ONCE = 1000,               /* looked at by one script */
	JOBS_AT_ONCE = 500,                /* given by it */
	BYTES_AT_ONCE = 4 << 20,           /* or as soon as they have so many bytes */
	STATES_BY_INDEX_MAX = 5,           /* so many states are looked for in their own sets */
	SET_BYTES = 4 * STORE_NUMBERS_MAX, /* of ",1,2,63," */
	FIELD_COUNT = 13,
	INDEX_NAME_BYTES = JOB_ID_BYTES_MAX + 16,
};

struct listing {
	struct redis_store *redis;
	const struct store_query *query;
	int64_t before_row; /* 0: from the newest */
	size_t left;
	redisReply *reply;
};

static bool is_set(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Writes ",1,2," for the bits 1 and 2; nothing for none. */
static void write_set(uint64_t set, char ret_text[SET_BYTES])
{
	size_t length = 0;
	ret_text[0] = '\0';
	for (int number = 0; number < STORE_NUMBERS_MAX; number++)
		if (set >> number & 1)
			length += (size_t)snprintf(ret_text + length, SET_BYTES - length, length == 0 ? ",%d," : "%d,", number);
}

struct sources {
	char keys[STATES_BY_INDEX_MAX][REDIS_KEY_BYTES];
	int count;
};

/* The key of an index of a lane, or of a single server. */
static void index_key(const struct redis_address *address, int lane, const char *name, const char *rest,
                      char ret_key[REDIS_KEY_BYTES])
{
	char text[INDEX_NAME_BYTES];
	snprintf(text, sizeof text, "%s%s", name, rest);
	if (lane == REDIS_NO_LANE)
		redis_key(address, "progress-index:", text, ret_key);
	else
		redis_lane_key(address, "progress-index:", lane, text, ret_key);
}

/* What stands before the job_id in the key of a job. */
static void jobs_prefix(const struct redis_address *address, int lane, char ret_prefix[REDIS_KEY_BYTES])
{
	if (lane == REDIS_NO_LANE)
		redis_key(address, "progress:", "", ret_prefix);
	else
		redis_lane_prefix(address, "progress:", lane, ret_prefix);
}

/* The sorted sets in which all that match must be. */
static void choose_sources(const struct redis_address *address, const struct redis_list_question *question,
                           struct sources *ret_sources)
{
	const struct store_query *query = question->query;
	int lane = question->lane;
	ret_sources->count = 1;
	if (is_set(query->parent)) {
		index_key(address, lane, "parent:", query->parent, ret_sources->keys[0]);
	} else if (query->states != 0 && __builtin_popcountll(query->states) <= STATES_BY_INDEX_MAX) {
		ret_sources->count = 0;
		for (int state = 0; state < STORE_NUMBERS_MAX; state++) {
			char number[8];
			if ((query->states >> state & 1) == 0)
				continue;
			snprintf(number, sizeof number, "%d", state);
			index_key(address, lane, "state:", number, ret_sources->keys[ret_sources->count++]);
		}
	} else {
		index_key(address, lane, "rows", "", ret_sources->keys[0]);
	}
}

enum err redis_ask_list(struct redis_link *link, const struct redis_list_question *question, struct fault *fault)
{
	const struct store_query *query = question->query;
	const struct redis_address *address = link->address;
	char changes[REDIS_KEY_BYTES], jobs[REDIS_KEY_BYTES], before[24] = "+inf", states[SET_BYTES], stages[SET_BYTES];
	struct sources sources;
	struct redis_words words = {.count = 0};
	choose_sources(address, question, &sources);
	index_key(address, question->lane, "changes", "", changes);
	jobs_prefix(address, question->lane, jobs);
	write_set(query->states, states);
	write_set(query->stages, stages);
	if (question->before_row > 0)
		snprintf(before, sizeof before, "(%lld", (long long)question->before_row);
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_LIST]);
	redis_word_number(&words, sources.count + 1);
	redis_word(&words, changes);
	for (int i = 0; i < sources.count; i++)
		redis_word(&words, sources.keys[i]);
	redis_word(&words, jobs);
	redis_word(&words, before);
	redis_word_number(&words, question->rows_max);
	redis_word_number(&words, (int64_t)question->jobs_max);
	redis_word(&words, states);
	redis_word(&words, stages);
	redis_word(&words, query->pipeline);
	redis_word(&words, query->parent);
	redis_word(&words, query->job_id_prefix);
	redis_word_number(&words, question->bytes_max);
	return redis_link_add(link, &words, fault);
}

static enum err try_list(struct redis_link *link, void *context, struct fault *fault)
{
	struct listing *listing = context;
	struct redis_list_question question = {
	    .lane = REDIS_NO_LANE,
	    .query = listing->query,
	    .before_row = listing->before_row,
	    .rows_max = ROWS_AT_ONCE,
	    .jobs_max = listing->left < JOBS_AT_ONCE ? listing->left : JOBS_AT_ONCE,
	    .bytes_max = BYTES_AT_ONCE,
	};
	enum err err = redis_ask_list(link, &question, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &listing->reply, fault);
	return err;
}

enum err redis_refuse_list(struct fault *fault)
{
	return fault_set(fault, ERR_INTERNAL, "STORE_STRANGE", "store: Redis gives something else than jobs of ours");
}

bool redis_read_record(const redisReply *job, const redisReply *fields, struct store_record *ret_record,
                       int64_t *ret_row)
{
	bool is_record =
	    job->type == REDIS_REPLY_STRING && fields->type == REDIS_REPLY_ARRAY && fields->elements == FIELD_COUNT;
	for (size_t i = 0; is_record && i < FIELD_COUNT; i++)
		is_record = fields->element[i]->type == REDIS_REPLY_STRING;
	if (!is_record)
		return false;
	redisReply *const *field = fields->element;
	*ret_row = redis_number_of(field[0]);
	int64_t stage = redis_number_of(field[2]), state = redis_number_of(field[3]);
	*ret_record = (struct store_record){
	    .job_id = job->str,
	    .revision = (uint64_t)redis_number_of(field[1]),
	    .stage = (int)stage,
	    .state = (int)state,
	    .progress = (int)redis_number_of(field[4]),
	    .pipeline = field[5]->str,
	    .parent = field[6]->str,
	    .message = field[7]->str,
	    .created_ms = redis_number_of(field[8]),
	    .updated_ms = redis_number_of(field[9]),
	    .ended_ms = redis_number_of(field[10]),
	    .expires_ms = redis_number_of(field[11]),
	    .payload = (const uint8_t *)field[12]->str,
	    .payload_bytes = field[12]->len,
	};
	bool are_numbers = stage >= 0 && stage < STORE_NUMBERS_MAX && state >= 0 && state < STORE_NUMBERS_MAX;
	return are_numbers && *ret_row > 0 && ret_record->revision > 0 && ret_record->revision <= INT64_MAX;
}

/* Visits what a script has given. ret_goes_on: the visitor wants more. */
static enum err visit_reply(const redisReply *reply, store_visit *visit, void *context, size_t *left, bool *ret_goes_on,
                            struct fault *fault)
{
	if (reply->elements < 2 || reply->elements % 2 != 0)
		return redis_refuse_list(fault);
	for (size_t i = 2; i < reply->elements && *ret_goes_on; i += 2) {
		struct store_record record;
		int64_t row;
		if (!redis_read_record(reply->element[i], reply->element[i + 1], &record, &row))
			return redis_refuse_list(fault);
		*ret_goes_on = visit(&record, row, context) && --*left > 0;
	}
	return ERR_OK;
}

static enum err list_some(struct listing *listing, store_visit *visit, void *context, bool *ret_goes_on,
                          struct fault *fault)
{
	struct redis_store *redis = listing->redis;
	redis_ear_check_master(&redis->ear, &redis->list_link);
	enum err err = redis_try(&redis->list_link, try_list, listing, fault);
	if (err != ERR_OK)
		return err;
	*ret_goes_on = true;
	err = visit_reply(listing->reply, visit, context, &listing->left, ret_goes_on, fault);
	int64_t number = err == ERR_OK ? redis_number_of(listing->reply->element[0]) : -1;
	listing->before_row = err == ERR_OK ? redis_number_of(listing->reply->element[1]) : -1;
	freeReplyObject(listing->reply);
	if (err == ERR_OK && (number < 0 || listing->before_row < 0))
		err = redis_refuse_list(fault);
	struct store_place *place = listing->query->place;
	if (err == ERR_OK && place != NULL) {
		redis_line_note_shown(&redis->line, 0, number);
		place->next_row = listing->before_row;
	}
	*ret_goes_on = *ret_goes_on && listing->before_row != 0 && place == NULL;
	return err;
}

enum err redis_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                    struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct listing listing = {.redis = redis, .query = query, .before_row = query->before_row, .left = query->limit};
	bool goes_on = true;
	enum err err = ERR_OK;
	pthread_mutex_lock(&redis->list_lock);
	while (goes_on && err == ERR_OK)
		err = list_some(&listing, visit, context, &goes_on, fault);
	pthread_mutex_unlock(&redis->list_lock);
	return err;
}

/* ---- what has expired ---- */

struct expiring {
	int64_t now_ms;
	size_t limit;
	redisReply *reply;
};

enum err redis_ask_expired(struct redis_link *link, int lane, int64_t now_ms, size_t limit, struct fault *fault)
{
	char expiry[REDIS_KEY_BYTES], jobs[REDIS_KEY_BYTES];
	struct redis_words words = {.count = 0};
	index_key(link->address, lane, "expiry", "", expiry);
	jobs_prefix(link->address, lane, jobs);
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_EXPIRED]);
	redis_word(&words, "1");
	redis_word(&words, expiry);
	redis_word(&words, jobs);
	redis_word_number(&words, now_ms);
	redis_word_number(&words, limit < JOBS_AT_ONCE ? (int64_t)limit : JOBS_AT_ONCE);
	return redis_link_add(link, &words, fault);
}

static enum err try_expired(struct redis_link *link, void *context, struct fault *fault)
{
	struct expiring *expiring = context;
	enum err err = redis_ask_expired(link, REDIS_NO_LANE, expiring->now_ms, expiring->limit, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &expiring->reply, fault);
	return err;
}

enum err redis_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                       struct fault *fault)
{
	struct redis_store *redis = redis_of(store);
	struct expiring expiring = {now_ms, limit, NULL};
	bool goes_on = true;
	enum err err = redis_try(&redis->link, try_expired, &expiring, fault);
	if (err != ERR_OK)
		return err;
	err = visit_reply(expiring.reply, visit, context, &limit, &goes_on, fault);
	freeReplyObject(expiring.reply);
	return err;
}
