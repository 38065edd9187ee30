/* How the store fails and meddles. */
#include "fake_store.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/record.h"

static struct fake_store *fake_of(struct store *store)
{
	return (struct fake_store *)(void *)store;
}

void log_note(char *log, size_t log_bytes, const char *format, ...)
{
	if (log == NULL)
		return;
	size_t length = strlen(log);
	va_list arguments;
	va_start(arguments, format);
	int written = vsnprintf(log + length, log_bytes - length, format, arguments);
	va_end(arguments);
	cr_assert(written >= 0 && (size_t)written < log_bytes - length, "the log is full");
}

static enum err load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	struct fake_store *fake = fake_of(store);
	if (fake->load_failures > 0) {
		fake->load_failures--;
		return fault_set(fault, fake->load_err, "FAKE_LOAD", "the load was told to fail");
	}
	return store_load_all(fake->inner, loads, count, fault);
}

static enum err commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                       struct fault *fault)
{
	struct fake_store *fake = fake_of(store);
	const struct timespec disk = {.tv_nsec = fake->disk_ms * 1000000L};
	nanosleep(&disk, NULL);
	fake->committer = pthread_self();
	fake->commits++;
	fake->puts = count;
	if (fake->commit_failures > 0) {
		fake->commit_failures--;
		log_note(fake->log, fake->log_bytes, "fail ");
		return fault_set(fault, fake->commit_err, "FAKE_COMMIT", "the commit was told to fail");
	}
	if (fake->meddlings > 0) {
		fake->meddlings--;
		fake_store_apply(fake, fake->meddled, &fake->meddling);
		if (fake->meddling.attempt != 0)
			fake->meddling.attempt++;
	}
	enum err err = store_commit(fake->inner, puts, count, ret_durability, fault);
	log_note(fake->log, fake->log_bytes, "commit:%zu ", count);
	*ret_durability = STORE_SYNCED;
	return err;
}

static enum err list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                     struct fault *fault)
{
	return store_list(fake_of(store)->inner, query, visit, context, fault);
}

static enum err expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                        struct fault *fault)
{
	return store_expired(fake_of(store)->inner, now_ms, limit, visit, context, fault);
}

static enum store_durability durability(struct store *store)
{
	(void)store;
	return STORE_WRITTEN;
}

static enum err load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	return store_load_note(fake_of(store)->inner, key, ret_note, fault);
}

static enum err put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                         size_t length, bool *ret_is_conflict, struct fault *fault)
{
	fake_of(store)->notes++;
	return store_put_note(fake_of(store)->inner, key, expected_revision, bytes, length, ret_is_conflict, fault);
}

static const struct store_class fake_class = {
    .kind = "fake",
    .load = load,
    .commit = commit,
    .list = list,
    .expired = expired,
    .durability = durability,
    .load_note = load_note,
    .put_note = put_note,
};

void fake_store_open(struct fake_store *fake, char *log, size_t log_bytes)
{
	struct fault fault;
	*fake = (struct fake_store){.base.class = &fake_class, .log_bytes = log_bytes};
	fake->log = log;
	cr_assert_eq(store_open("memory:", &fake->inner, &fault), ERR_OK);
}

void fake_store_close(struct fake_store *fake)
{
	store_close(fake->inner);
}

/* The record of the job in the memory beneath. */
static struct store_load find(struct fake_store *fake, const char *job_id)
{
	struct store_load found = {.job_id = job_id};
	struct fault fault;
	cr_assert_eq(store_load_all(fake->inner, &found, 1, &fault), ERR_OK);
	return found;
}

uint8_t *fake_store_bytes(struct fake_store *fake, const char *job_id, size_t *ret_length)
{
	struct store_load found = find(fake, job_id);
	*ret_length = found.payload_bytes;
	return found.payload;
}

struct job *fake_store_find(struct fake_store *fake, const char *job_id)
{
	struct store_load found = find(fake, job_id);
	struct job *job = NULL;
	struct fault fault;
	if (found.found)
		cr_assert_eq(record_open(found.payload, found.payload_bytes, &job, &fault), ERR_OK, "%s", fault.text);
	free(found.payload);
	return job;
}

static void put(struct fake_store *fake, const char *job_id, const struct job *job, struct wire_bytes payload)
{
	struct store_load found = find(fake, job_id);
	free(found.payload);
	struct store_put put = {
	    .record = {.job_id = job_id,
	               .revision = job != NULL ? job->view.revision : found.revision + 1,
	               .stage = STAGE_QUEUED,
	               .state = JOB_STATE_ACTIVE,
	               .payload = payload.at,
	               .payload_bytes = payload.length},
	    .expected_revision = found.revision,
	    .row = found.row,
	};
	enum store_durability worth;
	struct fault fault;
	cr_assert_eq(store_commit(fake->inner, &put, 1, &worth, &fault), ERR_OK);
	cr_assert_not(put.is_conflict);
}

void fake_store_apply(struct fake_store *fake, const char *job_id, const struct job_update *update)
{
	struct job *job = fake_store_find(fake, job_id);
	struct job_creation creation = {.job_id = job_id};
	struct job_result result;
	struct fault fault = {0};
	enum err err = job != NULL ? job_apply(job, update, job->view.updated_ms, &result, &fault)
	                           : job_create(&creation, update, 1, &job, &fault);
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
	struct arena arena;
	struct wire_bytes payload;
	arena_init(&arena, 1 << 20);
	cr_assert_eq(record_seal(job, &arena, &payload, &fault), ERR_OK);
	put(fake, job_id, job, payload);
	arena_finish(&arena);
	job_destroy(job);
}

void fake_store_spoil(struct fake_store *fake, const char *job_id)
{
	static const uint8_t nonsense[] = "no job";
	put(fake, job_id, NULL, (struct wire_bytes){nonsense, sizeof nonsense});
}
