/*
 * A connection: made when it is needed, given up at the first error. What was under way then has an unknown outcome,
 * and every command is such that it can be repeated. A server that is gone is tried again after a pause that grows,
 * with chance in it, so that many processes do not come back in the same moment; until then every call fails at once.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "store/redis_parts.h"

enum {
	RETRY_MS_MIN = 20,
	RETRY_MS_MAX = 1000,
};

void redis_link_init(struct redis_link *link, const struct redis_address *address)
{
	*link = (struct redis_link){.address = address, .patience_ms = REDIS_REPLY_MS_MAX};
}

void redis_link_close(struct redis_link *link)
{
	if (link->context != NULL)
		redisFree(link->context);
	link->context = NULL;
}

static int64_t random_below(int64_t bound)
{
	uint32_t number = 0;
	ssize_t length = getrandom(&number, sizeof number, 0);
	assert(length == sizeof number);
	return (int64_t)(number % (uint32_t)bound);
}

void redis_make_name(char ret_name[REDIS_NAME_BYTES])
{
	uint64_t number = 0;
	ssize_t length = getrandom(&number, sizeof number, 0);
	assert(length == sizeof number);
	snprintf(ret_name, REDIS_NAME_BYTES, "%016" PRIx64, number);
}

/* ---- commands ---- */

void redis_word_bytes(struct redis_words *words, const void *bytes, size_t length)
{
	assert((size_t)words->count < sizeof words->texts / sizeof *words->texts);
	words->texts[words->count] = bytes != NULL ? bytes : "";
	words->lengths[words->count++] = length;
}

void redis_word(struct redis_words *words, const char *text)
{
	redis_word_bytes(words, text, text != NULL ? strlen(text) : 0);
}

void redis_word_number(struct redis_words *words, int64_t number)
{
	char *text = words->numbers + words->numbers_bytes;
	size_t room = sizeof words->numbers - words->numbers_bytes;
	int length = snprintf(text, room, "%" PRId64, number);
	assert(length > 0 && (size_t)length < room);
	words->numbers_bytes += (size_t)length + 1;
	redis_word_bytes(words, text, (size_t)length);
}

static enum err add(struct redis_link *link, const char **texts, const size_t *lengths, int count, struct fault *fault)
{
	assert(link->context != NULL);
	if (redisAppendCommandArgv(link->context, count, texts, lengths) == REDIS_OK)
		return ERR_OK;
	redis_link_close(link);
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
}

enum err redis_link_add(struct redis_link *link, const struct redis_words *words, struct fault *fault)
{
	const char **texts = (const char **)(uintptr_t)words->texts; /* hiredis only reads them */
	return add(link, texts, words->lengths, words->count, fault);
}

enum err redis_link_add_texts(struct redis_link *link, const char **texts, int count, struct fault *fault)
{
	return add(link, texts, NULL, count, fault);
}

/* ---- replies ---- */

static bool begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words != NULL && !begins_with(text, *words))
		words++;
	return *words != NULL;
}

/* The connection may be good, but the server may not be the one we need, and replies to come may be errors, too: it is
 * closed in any case. */
enum err redis_fault_of_error(const char *text, struct fault *fault)
{
	static const char *const passing[] = {"LOADING",     "READONLY",   "MASTERDOWN", "BUSY",       "TRYAGAIN",
	                                      "NOSCRIPT",    "NOREPLICAS", "EXECABORT",  "UNKILLABLE", "MISCONF",
	                                      "CLUSTERDOWN", "UNBLOCKED",  "ERR max",    NULL};
	static const char *const closed[] = {"NOAUTH", "WRONGPASS", "NOPERM", "ERR invalid password", "ERR AUTH", NULL};
	if (is_one_of(text, passing))
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREADY", "store: Redis cannot serve now: %.200s", text);
	if (is_one_of(text, closed))
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_REFUSES", "store: Redis does not let us in: %.200s",
		                 text);
	if (begins_with(text, "OOM"))
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "STORE_FULL", "store: Redis has no memory left: %.200s", text);
	return fault_set(fault, ERR_INTERNAL, "STORE_ERROR", "store: Redis: %.200s", text);
}

static enum err fault_of_context(struct redis_link *link, struct fault *fault)
{
	const redisContext *context = link->context;
	bool is_late = context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT);
	enum err err =
	    fault_set(fault, context->err == REDIS_ERR_OOM ? ERR_RESOURCE_EXHAUSTED : ERR_UNAVAILABLE, "STORE_UNREACHABLE",
	              "store: Redis: %.200s", is_late ? "it does not answer" : context->errstr);
	redis_link_close(link);
	return err;
}

enum err redis_link_read(struct redis_link *link, unsigned types, redisReply **ret_reply, struct fault *fault)
{
	assert(link->context != NULL);
	void *found = NULL;
	if (redisGetReply(link->context, &found) != REDIS_OK || found == NULL)
		return fault_of_context(link, fault);
	redisReply *reply = found;
	bool is_known = reply->type > 0 && reply->type < 32;
	if (is_known && (types & REDIS_ONE_OF(reply->type)) != 0) {
		*ret_reply = reply;
		return ERR_OK;
	}
	enum err err = reply->type == REDIS_REPLY_ERROR
	                   ? redis_fault_of_error(reply->str, fault)
	                   : fault_set(fault, ERR_UNAVAILABLE, "STORE_STRANGE", "store: what answers is no Redis");
	freeReplyObject(reply);
	redis_link_close(link);
	return err;
}

int64_t redis_number_of(const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	if (reply->type != REDIS_REPLY_STRING || reply->len == 0 || reply->len > 20)
		return -1;
	char *end;
	errno = 0;
	long long number = strtoll(reply->str, &end, 10);
	return errno == 0 && end == reply->str + reply->len ? number : -1;
}

/* ---- connecting ---- */

static struct timeval to_timeval(int ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static enum err dial(struct redis_link *link, struct fault *fault)
{
	const struct redis_address *address = link->address;
	struct timeval patience = to_timeval(REDIS_CONNECT_MS_MAX);
	struct redis_host host = address->hosts[0];
	if (address->way == REDIS_BY_SENTINEL) {
		enum err err = redis_find_master(address, &host, fault);
		if (err != ERR_OK)
			return err;
		link->has_moved |= link->master.port != 0 && !redis_is_same_host(&host, &link->master);
		link->master = host;
	} else if (address->way == REDIS_BY_CLUSTER) {
		host = link->master;
	}
	link->context = address->way == REDIS_BY_SOCKET ? redisConnectUnixWithTimeout(address->path, patience)
	                                                : redisConnectWithTimeout(host.name, host.port, patience);
	if (link->context == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	if (link->context->err == 0 && redisSetTimeout(link->context, to_timeval(link->patience_ms)) == REDIS_OK)
		return ERR_OK;
	return fault_of_context(link, fault);
}

/* Sends one command and drops its reply. */
static enum err tell(struct redis_link *link, const struct redis_words *words, struct fault *fault)
{
	redisReply *reply;
	enum err err = redis_link_add(link, words, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STATUS), &reply, fault);
	if (err == ERR_OK)
		freeReplyObject(reply);
	return err;
}

static enum err log_in(struct redis_link *link, struct fault *fault)
{
	const struct redis_address *address = link->address;
	struct redis_words login = {.count = 0}, choice = {.count = 0};
	enum err err = ERR_OK;
	if (*address->password != '\0') {
		redis_word(&login, "AUTH");
		if (*address->user != '\0')
			redis_word(&login, address->user);
		redis_word(&login, address->password);
		err = tell(link, &login, fault);
	}
	if (err == ERR_OK && address->database != 0) {
		redis_word(&choice, "SELECT");
		redis_word_number(&choice, address->database);
		err = tell(link, &choice, fault);
	}
	return err;
}

/* For a while sentinels may name a server that is the master no more, or not yet. */
static enum err expect_master(struct redis_link *link, struct fault *fault)
{
	struct redis_words words = {.count = 0};
	redisReply *reply = NULL;
	redis_word(&words, "ROLE");
	enum err err = redis_link_add(link, &words, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &reply, fault);
	if (err != ERR_OK)
		return err;
	assert(reply != NULL);
	bool is_master = reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_STRING &&
	                 strcmp(reply->element[0]->str, "master") == 0;
	freeReplyObject(reply);
	if (is_master)
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREADY", "store: Redis: the sentinels name no master now");
}

static enum err teach_scripts(struct redis_link *link, struct fault *fault)
{
	for (int i = 0; i < REDIS_SCRIPT_COUNT; i++) {
		struct redis_words words = {.count = 0};
		redis_word(&words, "SCRIPT");
		redis_word(&words, "LOAD");
		redis_word(&words, redis_script_texts[i]);
		enum err err = redis_link_add(link, &words, fault);
		if (err != ERR_OK)
			return err;
	}
	for (int i = 0; i < REDIS_SCRIPT_COUNT; i++) {
		redisReply *reply = NULL;
		enum err err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STRING), &reply, fault);
		if (err != ERR_OK)
			return err;
		assert(reply != NULL);
		snprintf(link->scripts[i], sizeof link->scripts[i], "%s", reply->str);
		freeReplyObject(reply);
	}
	return ERR_OK;
}

/* A server that let us wait is left alone for longer: meanwhile nobody else need wait. */
void redis_link_put_off(struct redis_link *link, int64_t started_ms)
{
	int64_t now_ms = clock_steady_ms();
	bool is_slow = now_ms - started_ms > link->patience_ms / 2;
	int doubled = link->retry_ms == 0 ? RETRY_MS_MIN : link->retry_ms * 2;
	link->retry_ms = is_slow || doubled > RETRY_MS_MAX ? RETRY_MS_MAX : doubled;
	link->retry_at_ms = now_ms + link->retry_ms / 2 + random_below(link->retry_ms);
}

bool redis_link_is_known_gone(const struct redis_link *link)
{
	return link->retry_ms > RETRY_MS_MAX / 4;
}

static enum err make_connection(struct redis_link *link, struct fault *fault)
{
	enum err err = dial(link, fault);
	if (err == ERR_OK)
		err = log_in(link, fault);
	if (err == ERR_OK && link->address->way == REDIS_BY_SENTINEL)
		err = expect_master(link, fault);
	return err == ERR_OK ? teach_scripts(link, fault) : err;
}

enum err redis_link_connect(struct redis_link *link, struct fault *fault)
{
	if (link->context != NULL)
		return ERR_OK;
	int64_t started_ms = clock_steady_ms();
	if (link->retry_at_ms > started_ms)
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: Redis cannot be reached");
	enum err err = make_connection(link, fault);
	if (err == ERR_OK)
		return ERR_OK;
	redis_link_close(link);
	redis_link_put_off(link, started_ms);
	return err;
}

static void sleep_until(int64_t ms)
{
	struct timespec until = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

enum err redis_try(struct redis_link *link, redis_attempt *attempt, void *context, struct fault *fault)
{
	int64_t deadline_ms = clock_steady_ms() + REDIS_CALL_MS_MAX;
	for (;;) {
		int64_t started_ms = clock_steady_ms();
		enum err err = redis_link_connect(link, fault);
		if (err == ERR_OK) {
			err = attempt(link, context, fault);
			if (!redis_link_is_broken(link))
				link->retry_ms = 0;
			else
				redis_link_put_off(link, started_ms);
		}
		/* Who is let in no more is not the caller's business: the server is there for nobody. */
		if (err == ERR_FAILED_PRECONDITION)
			err = fault->code = ERR_UNAVAILABLE;
		bool may_pass = err == ERR_UNAVAILABLE && redis_link_is_broken(link);
		if (!may_pass || redis_link_is_known_gone(link) || link->retry_at_ms > deadline_ms)
			return err;
		sleep_until(link->retry_at_ms);
	}
}
