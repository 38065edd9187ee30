/* Chooses the kind of store by the URL's scheme, and asserts the contract before every call. */
#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/parts.h"

struct scheme {
	const char *prefix;
	enum err (*open)(const char *address, struct store **ret_store, struct fault *fault);
	enum err (*check)(const char *address, struct fault *fault);
};

static const struct scheme schemes[] = {
    {"memory:", memory_open, memory_check},
    {"file:", sqlite_open, sqlite_check},
    {"redis://", redis_open, redis_check},
    {"redis+unix://", redis_open_unix, redis_check_unix},
    {"redis+sentinel://", redis_open_sentinel, redis_check_sentinel},
    {"redis+cluster://", redis_open_cluster, redis_check_cluster},
};

/* The kind of store and what follows its prefix, or NULL. */
static const struct scheme *find_scheme(const char *url, const char **ret_address, struct fault *fault)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t length = strlen(schemes[i].prefix);
		*ret_address = url + length;
		if (strncmp(url, schemes[i].prefix, length) == 0)
			return &schemes[i];
	}
	char masked[200];
	store_mask_url(url, masked, sizeof masked);
	fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_URL",
	          "store: \"%s\" is no kind of store; allowed are redis://HOST:PORT, \"memory:\" and \"file:PATH\"",
	          masked);
	return NULL;
}

enum err store_open(const char *url, struct store **ret_store, struct fault *fault)
{
	assert(url != NULL && ret_store != NULL && fault != NULL);
	const char *address;
	const struct scheme *scheme = find_scheme(url, &address, fault);
	enum err err = scheme != NULL ? scheme->open(address, ret_store, fault) : fault->code;
	if (err == ERR_OK)
		store_note_durability((*ret_store)->class->durability(*ret_store));
	return err;
}

void store_note_durability(enum store_durability durability)
{
	metrics_set(METRICS_STORE_IS_WEAK, durability != STORE_SYNCED);
}

enum err store_check_url(const char *url, struct fault *fault)
{
	assert(url != NULL && fault != NULL);
	const char *address;
	const struct scheme *scheme = find_scheme(url, &address, fault);
	return scheme != NULL ? scheme->check(address, fault) : fault->code;
}

void store_mask_url(const char *url, char *ret_text, size_t size)
{
	const char *start = strstr(url, "://"), *host = NULL, *password = NULL;
	if (start != NULL) {
		start += 3;
		host = strrchr(start, '@');
		password = host != NULL ? memchr(start, ':', (size_t)(host - start)) : NULL;
	}
	if (password != NULL)
		snprintf(ret_text, size, "%.*s:***%s", (int)(password - url), url, host);
	else
		snprintf(ret_text, size, "%s", url);
}

void store_close(struct store *store)
{
	if (store != NULL)
		store->class->close(store);
}

enum err store_load_all(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	assert(store != NULL && fault != NULL && (loads != NULL || count == 0));
	for (size_t i = 0; i < count; i++) {
		assert(loads[i].job_id != NULL && *loads[i].job_id != '\0');
		loads[i] = (struct store_load){.job_id = loads[i].job_id};
	}
	return store->class->load(store, loads, count, fault);
}

static void assert_put(const struct store_put *put)
{
	assert(put->record.job_id != NULL && *put->record.job_id != '\0');
	assert(put->expected_revision <= INT64_MAX);
	if (put->is_removal) {
		assert(put->expected_revision > 0);
		return;
	}
	assert(put->record.revision > put->expected_revision && put->record.revision <= INT64_MAX);
	assert(put->record.state >= 0 && put->record.state < STORE_NUMBERS_MAX);
	assert(put->record.stage >= 0 && put->record.stage < STORE_NUMBERS_MAX);
	assert(put->record.payload != NULL || put->record.payload_bytes == 0);
	assert(put->record.expires_ms >= 0);
}

static void count_commit(const struct store_put *puts, size_t count, enum err err, int64_t duration_ns)
{
	size_t conflicts = 0;
	for (size_t i = 0; i < count; i++)
		conflicts += puts[i].is_conflict;
	metrics_add(err == ERR_OK ? METRICS_COMMITS : METRICS_COMMIT_FAILURES, 1);
	metrics_set(METRICS_STORE_IS_WELL, err == ERR_OK);
	metrics_observe(METRICS_COMMIT_TIME, (uint64_t)duration_ns);
	metrics_observe(METRICS_COMMIT_SIZE, count);
	if (err != ERR_OK)
		return;
	metrics_add(METRICS_CONFLICTS, conflicts);
	metrics_add(METRICS_COMMITTED_CHANGES, count - conflicts);
}

enum err store_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                      struct fault *fault)
{
	assert(store != NULL && ret_durability != NULL && fault != NULL && (puts != NULL || count == 0));
	for (size_t i = 0; i < count; i++) {
		assert_put(&puts[i]);
		puts[i].is_conflict = false;
	}
	int64_t started_ns = clock_steady_ns();
	enum err err = store->class->commit(store, puts, count, ret_durability, fault);
	count_commit(puts, count, err, clock_steady_ns() - started_ns);
	return err;
}

enum err store_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                    struct fault *fault)
{
	assert(store != NULL && query != NULL && visit != NULL && fault != NULL);
	assert(query->limit >= 1 && query->before_row >= 0);
	if (query->place != NULL)
		*query->place = (struct store_place){0};
	return store->class->list(store, query, visit, context, fault);
}

enum err store_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                       struct fault *fault)
{
	assert(store != NULL && visit != NULL && fault != NULL && limit >= 1);
	return store->class->expired(store, now_ms, limit, visit, context, fault);
}

enum store_durability store_durability(struct store *store)
{
	assert(store != NULL);
	return store->class->durability(store);
}

bool store_is_shared(const struct store *store)
{
	return store->class->hear != NULL;
}

bool store_hear(struct store *store, enum store_hearing hearing, store_tell *tell, void *context)
{
	assert(store_is_shared(store) && tell != NULL);
	return store->class->hear(store, hearing, tell, context);
}

void store_prove(struct store *store, const char *job_id)
{
	assert(store_is_shared(store));
	if (store->class->prove != NULL)
		store->class->prove(store, job_id);
}

void store_sign(struct store *store, const char *const *job_ids, size_t count)
{
	assert(store_is_shared(store));
	store->class->sign(store, job_ids, count);
}

void store_listen(struct store *store, void (*wake)(void *context), void *context)
{
	assert(store_is_shared(store));
	store->class->listen(store, wake, context);
}

enum err store_load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	assert(store != NULL && ret_note != NULL && fault != NULL);
	assert(*key != '\0' && strlen(key) < STORE_NOTE_KEY_BYTES_MAX);
	if (store->class->load_note != NULL)
		return store->class->load_note(store, key, ret_note, fault);
	*ret_note = (struct store_note){0};
	return ERR_OK;
}

enum err store_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                        size_t length, bool *ret_is_conflict, struct fault *fault)
{
	assert(store != NULL && ret_is_conflict != NULL && fault != NULL && expected_revision < INT64_MAX);
	assert(*key != '\0' && strlen(key) < STORE_NOTE_KEY_BYTES_MAX);
	assert(length <= STORE_NOTE_BYTES_MAX && (bytes != NULL || length == 0));
	if (store->class->put_note != NULL)
		return store->class->put_note(store, key, expected_revision, bytes, length, ret_is_conflict, fault);
	*ret_is_conflict = false;
	return ERR_OK;
}
