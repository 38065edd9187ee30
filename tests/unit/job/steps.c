/* How the steps are checked. */
#include "steps.h"

#include <criterion/criterion.h>
#include <string.h>

#include "wire/record.h"

enum { STEP_MS = 100, RECORD_BYTES_MAX = 8 << 20 };

void pace_on(struct job *job, const struct job_update *update, int64_t now_ms)
{
	struct pace_lesson lesson;
	pace_follow(job, update, NULL, (double)now_ms / 1000, &lesson);
}

static struct job *create(const struct job_update *first)
{
	struct job_creation creation = {.job_id = "j"};
	struct job *job = NULL;
	struct fault fault = {0};
	cr_assert_eq(job_create(&creation, first, BIRTH_MS, &job, &fault), ERR_OK, "%s", fault.text);
	pace_on(job, first, BIRTH_MS);
	cr_assert(job_is_sound(job));
	return job;
}

struct job *born(void)
{
	return create(NULL);
}

struct job *born_by(struct job_update first)
{
	return create(&first);
}

struct job_update at_stage(int stage)
{
	return (struct job_update){.stage = stages_find(stage), .claim = JOB_CLAIM_STAGE};
}

struct job_update at_percent(int stage, double percent)
{
	return (struct job_update){.stage = stages_find(stage), .claim = JOB_CLAIM_PERCENT, .percent = percent};
}

struct job_update at_fraction(int stage, double fraction)
{
	return (struct job_update){.stage = stages_find(stage), .claim = JOB_CLAIM_FRACTION, .fraction = fraction};
}

struct job_update saying(struct job_update update, const char *message)
{
	update.message = message;
	return update;
}

struct job_update in_attempt(struct job_update update, uint32_t attempt)
{
	update.attempt = attempt;
	return update;
}

struct job_update from_writer(struct job_update update, const char *writer, uint64_t sequence)
{
	update.origin = (struct job_origin){.writer = writer, .sequence = sequence};
	return update;
}

struct job_update from_request(struct job_update update, const char *request_id)
{
	update.origin = (struct job_origin){.request_id = request_id};
	return update;
}

static struct job_result step(struct job *job, const struct job_update *update, enum job_outcome outcome)
{
	struct job_result result;
	struct fault fault = {0};
	uint64_t before = job->view.revision;
	enum err err = job_apply(job, update, job->view.updated_ms + STEP_MS, &result, &fault);
	cr_assert_eq(err, ERR_OK, "refused: %s", fault.text);
	cr_assert_eq(result.outcome, outcome, "outcome is %d instead of %d", result.outcome, outcome);
	cr_assert_eq(job->view.revision, before + (outcome == JOB_OUTCOME_APPLIED));
	if (outcome == JOB_OUTCOME_APPLIED)
		pace_on(job, update, job->view.updated_ms);
	cr_assert(job_is_sound(job));
	return result;
}

void step_applied(struct job *job, struct job_update update)
{
	uint64_t before = job->view.revision;
	struct job_result result = step(job, &update, JOB_OUTCOME_APPLIED);
	cr_assert_eq(result.view, &job->view);
	cr_assert_eq(result.previous_revision, before);
}

void step_absorbed(struct job *job, struct job_update update)
{
	struct job_result result = step(job, &update, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(result.view, &job->view);
	cr_assert_eq(result.previous_revision, job->view.revision);
}

const struct job_view *step_repeated(struct job *job, struct job_update update)
{
	struct job *before = job_copy(job);
	struct job_result result = step(job, &update, JOB_OUTCOME_DUPLICATE);
	cr_assert_eq(result.previous_revision, result.view->revision);
	cr_assert(is_same(before, job), "a repeat changed the job");
	job_destroy(before);
	return result.view;
}

void step_refused(struct job *job, struct job_update update, enum err code, const char *reason)
{
	struct job *before = job_copy(job);
	struct job_result result;
	struct fault fault = {0};
	cr_assert_eq(job_apply(job, &update, job->view.updated_ms + STEP_MS, &result, &fault), code, "%s", fault.text);
	cr_assert_eq(fault.code, code);
	cr_assert_str_eq(fault.reason, reason);
	cr_assert(strlen(fault.text) > 0);
	cr_assert(is_same(before, job), "an error changed the job");
	job_destroy(before);
}

int shown(const struct job *job)
{
	return job_shown_percent(job->view.percent);
}

bool is_same(const struct job *a, const struct job *b)
{
	struct arena arena;
	struct wire_bytes a_bytes, b_bytes;
	struct fault fault = {0};
	arena_init(&arena, RECORD_BYTES_MAX);
	cr_assert_eq(record_seal(a, &arena, &a_bytes, &fault), ERR_OK);
	cr_assert_eq(record_seal(b, &arena, &b_bytes, &fault), ERR_OK);
	bool is_equal = a_bytes.length == b_bytes.length && memcmp(a_bytes.at, b_bytes.at, a_bytes.length) == 0;
	arena_finish(&arena);
	return is_equal;
}

struct job *reload(const struct job *job)
{
	struct arena arena;
	struct wire_bytes bytes;
	struct job *again = NULL;
	struct fault fault = {0};
	arena_init(&arena, RECORD_BYTES_MAX);
	cr_assert_eq(record_seal(job, &arena, &bytes, &fault), ERR_OK);
	cr_assert_eq(record_open(bytes.at, bytes.length, &again, &fault), ERR_OK, "%s", fault.text);
	arena_finish(&arena);
	return again;
}
