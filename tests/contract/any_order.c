/* Thousands of random operations, each compared with a model that is too simple to be wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/random.h"

enum { JOBS = 40, OPERATIONS = 2000, BATCH_MAX = 12, PAYLOAD_MAX = 900 };

struct model_job {
	char job_id[16];
	char message[32];
	uint8_t payload[PAYLOAD_MAX];
	struct store_record record; /* points into this struct */
	bool exists;
	int64_t row;
};

struct model {
	struct random random;
	struct model_job jobs[JOBS];
	struct model_job planned[BATCH_MAX]; /* what the jobs become if the commit takes them */
};

static const char *const pipelines[] = {"clips", "posts"};
static const char *const parents[] = {"", "batch-1", "batch-2"};
static const char *const prefixes[] = {NULL, "", "job-1", "job-3", "job-12", "x"};

static int pick(struct model *model, int bound)
{
	return (int)random_below(&model->random, (uint64_t)bound);
}

/* What is to become of the job, with new values for all that may change. */
static void plan(struct model *model, const struct model_job *job, struct model_job *planned)
{
	*planned = *job;
	snprintf(planned->message, sizeof planned->message, "message %d", pick(model, 1000));
	struct store_record *record = &planned->record;
	record->payload_bytes = (size_t)pick(model, PAYLOAD_MAX);
	memset(planned->payload, pick(model, 256), record->payload_bytes);
	record->revision += 1 + (uint64_t)pick(model, 3);
	record->stage = 1 + pick(model, 16);
	if (!job->exists || pick(model, 4) == 0) {
		record->state = 1 + pick(model, 5);
		record->expires_ms = record->state >= 3 ? 1 + pick(model, 1000) : 0;
	}
	record->progress = pick(model, 101);
	record->updated_ms = 1000 + pick(model, 1000);
	record->ended_ms = record->state >= 3 ? record->updated_ms : 0;
	planned->exists = true;
}

static void point_into_itself(struct model_job *job)
{
	job->record.job_id = job->job_id;
	job->record.message = job->message;
	job->record.payload = job->payload;
}

static void plan_put(struct model *model, struct model_job *job, struct model_job *planned, struct store_put *put)
{
	bool is_wrong = pick(model, 6) == 0;
	uint64_t revision = job->exists ? job->record.revision : 0;
	uint64_t expected = is_wrong ? revision + 1 - 2 * (uint64_t)(revision > 1 && pick(model, 2) == 0) : revision;
	*put = (struct store_put){.expected_revision = expected, .is_removal = expected > 0 && pick(model, 5) == 0};
	plan(model, job, planned);
	point_into_itself(planned);
	if (planned->record.revision <= expected)
		planned->record.revision = expected + 1;
	put->record = planned->record;
	put->row = pick(model, 2) == 0 ? job->row : 0;
}

static void absorb(struct model_job *job, const struct model_job *planned, const struct store_put *put)
{
	uint64_t revision = job->exists ? job->record.revision : 0;
	cr_assert_eq(put->is_conflict, put->expected_revision != revision);
	if (put->is_conflict)
		return;
	if (put->is_removal) {
		cr_assert_eq(put->row, 0);
		job->exists = false;
		job->record.revision = 0;
		job->row = 0;
		return;
	}
	cr_assert(job->row == 0 || put->row == job->row);
	*job = *planned;
	point_into_itself(job);
	job->row = put->row;
}

static void try_commit(struct model *model, struct store *store)
{
	struct store_put puts[BATCH_MAX];
	size_t count = random_below(&model->random, BATCH_MAX + 1);
	int first = pick(model, JOBS), step = 1 + 2 * pick(model, 2);
	for (size_t i = 0; i < count; i++)
		plan_put(model, &model->jobs[(first + (int)i * step) % JOBS], &model->planned[i], &puts[i]);
	commit(store, puts, count);
	for (size_t i = 0; i < count; i++)
		absorb(&model->jobs[(first + (int)i * step) % JOBS], &model->planned[i], &puts[i]);
}

static void try_load(struct model *model, struct store *store)
{
	struct store_load loads[JOBS];
	struct fault fault;
	for (int i = 0; i < JOBS; i++)
		loads[i].job_id = model->jobs[i].job_id;
	cr_assert_eq(store_load_all(store, loads, JOBS, &fault), ERR_OK);
	for (int i = 0; i < JOBS; i++) {
		const struct model_job *job = &model->jobs[i];
		cr_assert_eq(loads[i].found, job->exists);
		if (!job->exists)
			continue;
		cr_assert_eq(loads[i].revision, job->record.revision);
		cr_assert_eq(loads[i].row, job->row);
		cr_assert_eq(loads[i].payload_bytes, job->record.payload_bytes);
		cr_assert_eq(memcmp(loads[i].payload, job->payload, loads[i].payload_bytes), 0);
		free(loads[i].payload);
	}
}

static bool passes(const struct store_query *query, const struct model_job *job)
{
	const struct store_record *record = &job->record;
	return job->exists && (query->states == 0 || (query->states >> record->state & 1)) &&
	       (query->stages == 0 || (query->stages >> record->stage & 1)) &&
	       (query->pipeline == NULL || strcmp(query->pipeline, record->pipeline) == 0) &&
	       (query->parent == NULL || strcmp(query->parent, record->parent) == 0) &&
	       (query->job_id_prefix == NULL ||
	        strncmp(record->job_id, query->job_id_prefix, strlen(query->job_id_prefix)) == 0) &&
	       (query->before_row == 0 || job->row < query->before_row);
}

/* Walks the model beside a listing. */
struct walk {
	struct model *model;
	const struct store_query *query;
	int64_t before_row;
	size_t count;
};

static const struct model_job *next_match(const struct walk *walk)
{
	const struct model_job *next = NULL;
	for (int i = 0; i < JOBS; i++) {
		const struct model_job *job = &walk->model->jobs[i];
		if (passes(walk->query, job) && job->row < walk->before_row && (next == NULL || job->row > next->row))
			next = job;
	}
	return next;
}

static bool expect_next(const struct store_record *record, int64_t row, void *context)
{
	struct walk *walk = context;
	const struct model_job *job = next_match(walk);
	cr_assert_not_null(job, "%s should not be there", record->job_id);
	cr_assert_eq(row, job->row);
	cr_assert(is_same_record(record, &job->record), "%s differs", record->job_id);
	walk->before_row = row;
	walk->count++;
	return true;
}

static void try_list(struct model *model, struct store *store)
{
	struct fault fault;
	struct store_query query = {
	    .states = pick(model, 2) == 0 ? 0 : (uint32_t)pick(model, 64),
	    .stages = pick(model, 2) == 0 ? 0 : (uint32_t)pick(model, 1 << 17),
	    .pipeline = pick(model, 2) == 0 ? NULL : pipelines[pick(model, 2)],
	    .parent = pick(model, 2) == 0 ? NULL : parents[1 + pick(model, 2)],
	    .job_id_prefix = prefixes[pick(model, 6)],
	    .limit = 1 + (size_t)pick(model, 20),
	    .before_row = pick(model, 2) == 0 ? 0 : model->jobs[pick(model, JOBS)].row,
	};
	struct walk walk = {.model = model, .query = &query, .before_row = INT64_MAX};
	cr_assert_eq(store_list(store, &query, expect_next, &walk, &fault), ERR_OK);
	cr_assert(walk.count == query.limit || (walk.count < query.limit && next_match(&walk) == NULL));
}

static void try_expired(struct model *model, struct store *store)
{
	struct fault fault;
	struct listing listing = {0};
	size_t expected = 0, limit = 1 + (size_t)pick(model, JOBS);
	int64_t now_ms = pick(model, 1200);
	for (int i = 0; i < JOBS; i++) {
		const struct model_job *job = &model->jobs[i];
		expected += job->exists && job->record.expires_ms > 0 && job->record.expires_ms <= now_ms;
	}
	cr_assert_eq(store_expired(store, now_ms, limit, note_item, &listing, &fault), ERR_OK);
	cr_assert_eq(listing.count, expected < limit ? expected : limit);
}

STORE_TEST(store_any_order, of_operations_gives_what_a_simple_model_gives)
{
	static struct model model;
	random_start(&model.random, "store_any_order");
	for (int i = 0; i < JOBS; i++) {
		struct model_job *job = &model.jobs[i];
		snprintf(job->job_id, sizeof job->job_id, "job-%d", i);
		job->record.pipeline = pipelines[i % 2];
		job->record.parent = parents[i % 3];
		job->record.created_ms = i;
		point_into_itself(job);
	}
	for (int i = 0; i < OPERATIONS; i++) {
		int choice = pick(&model, 100);
		if (choice < 60)
			try_commit(&model, fixture->store);
		else if (choice < 70)
			try_load(&model, fixture->store);
		else if (choice < 90)
			try_list(&model, fixture->store);
		else if (choice < 99 || fixture->kind == FIXTURE_MEMORY)
			try_expired(&model, fixture->store);
		else
			fixture_reopen(fixture);
	}
}
