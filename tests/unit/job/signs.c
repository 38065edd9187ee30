/* Signs of life, silence, loss, and the wish that a job be cancelled. */
#include <criterion/criterion.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"

enum { LEASE_MS = 1000 };

static struct job *job;

static void start(void)
{
	struct job_update update = at_stage(STAGE_TRANSCRIBING);
	update.lease_ms = LEASE_MS;
	job = born_by(update);
}

static void stop(void)
{
	cr_assert(job_is_sound(job));
	job_destroy(job);
}

TestSuite(job_sign, .init = start, .fini = stop);
TestSuite(job_stall, .init = start, .fini = stop);
TestSuite(job_lose, .init = start, .fini = stop);
TestSuite(job_request_cancel, .init = start, .fini = stop);

/* What was done must be a visible change by one revision, or none. */
static void check_done(enum err err, const struct job_result *result, const struct fault *fault, uint64_t before,
                       bool is_change)
{
	cr_assert_eq(err, ERR_OK, "%s", fault->text);
	cr_assert_eq(result->outcome, is_change ? JOB_OUTCOME_APPLIED : JOB_OUTCOME_ABSORBED);
	cr_assert_eq(job->view.revision, before + is_change);
	cr_assert_eq(result->previous_revision, before);
	cr_assert_eq(result->view, &job->view);
	cr_assert(job_is_sound(job));
}

static void sign_with(uint32_t attempt, int64_t lease_ms, int64_t now_ms, bool is_change)
{
	struct job_result result;
	struct fault fault = {0};
	uint64_t before = job->view.revision;
	check_done(job_sign(job, attempt, lease_ms, now_ms, &result, &fault), &result, &fault, before, is_change);
	cr_assert(result.is_sign);
}

static void stall(bool is_change)
{
	struct job_result result;
	struct fault fault = {0};
	uint64_t before = job->view.revision;
	check_done(job_stall(job, job->view.updated_ms + LEASE_MS, &result, &fault), &result, &fault, before, is_change);
	cr_assert_not(result.is_sign);
}

static void lose(bool is_change)
{
	struct job_result result;
	struct fault fault = {0};
	uint64_t before = job->view.revision;
	check_done(job_lose(job, job->view.updated_ms + LEASE_MS, &result, &fault), &result, &fault, before, is_change);
}

static void cancel(const char *reason, bool is_change)
{
	struct job_result result;
	struct fault fault = {0};
	uint64_t before = job->view.revision;
	check_done(job_request_cancel(job, reason, job->view.updated_ms + 1, &result, &fault), &result, &fault, before,
	           is_change);
	cr_assert_not(result.is_sign);
}

static void check_refused(enum err err, const struct fault *fault, enum err code, const char *reason,
                          const struct job *before)
{
	cr_assert_eq(err, code);
	cr_assert_str_eq(fault->reason, reason);
	cr_assert(is_same(job, before), "a refusal changed the job");
}

static void sign_refused(uint32_t attempt, enum err code, const char *reason)
{
	struct job *before = job_copy(job);
	struct job_result result;
	struct fault fault = {0};
	check_refused(job_sign(job, attempt, 7, job->view.updated_ms + 1, &result, &fault), &fault, code, reason, before);
	job_destroy(before);
}

/* ---- leases */

Test(job_sign, is_absorbed_when_it_says_nothing_new)
{
	sign_with(0, 0, BIRTH_MS + 10, false);
	sign_with(1, LEASE_MS, BIRTH_MS + 20, false);
	cr_assert_eq(job->signed_ms, BIRTH_MS + 20);
	cr_assert_eq(job->view.updated_ms, BIRTH_MS);
}

Test(job_sign, sets_another_lease)
{
	sign_with(0, 2 * LEASE_MS, BIRTH_MS + 10, true);
	cr_assert_eq(job->lease_ms, 2 * LEASE_MS);
	sign_with(0, 0, BIRTH_MS + 20, false);
	cr_assert_eq(job->lease_ms, 2 * LEASE_MS, "0 keeps the present one");
}

Test(job_sign, does_not_put_the_time_of_the_latest_change_back)
{
	sign_with(0, 2 * LEASE_MS, BIRTH_MS - 500, true);
	cr_assert_eq(job->view.updated_ms, BIRTH_MS);
	cr_assert_eq(job->signed_ms, BIRTH_MS);
}

Test(job_sign, of_an_update_sets_the_lease_and_the_time)
{
	struct job_update update = at_fraction(STAGE_TRANSCRIBING, 0.5);
	update.lease_ms = 5 * LEASE_MS;
	step_applied(job, update);
	cr_assert_eq(job->lease_ms, 5 * LEASE_MS);
	cr_assert_eq(job->signed_ms, job->view.updated_ms);
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.6));
	cr_assert_eq(job->lease_ms, 5 * LEASE_MS);
}

Test(job_sign, of_an_older_attempt_is_aborted)
{
	step_applied(job, in_attempt(at_stage(STAGE_TRANSCRIBING), 2));
	sign_refused(1, ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	sign_with(2, 0, BIRTH_MS + 1000, false);
}

Test(job_sign, of_an_attempt_that_has_not_begun_is_refused)
{
	sign_refused(2, ERR_FAILED_PRECONDITION, "ATTEMPT_NOT_STARTED");
}

Test(job_sign, after_the_end_is_refused)
{
	step_applied(job, at_stage(STAGE_COMPLETED));
	sign_refused(0, ERR_FAILED_PRECONDITION, "JOB_ENDED");
}

/* ---- stall */

Test(job_stall, comes_only_with_a_lease)
{
	struct job *with_lease = job;
	job = born();
	stall(false);
	job_destroy(job);
	job = with_lease;
	stall(true);
	cr_assert_eq(job->view.state, JOB_STATE_STALLED);
	stall(false);
}

Test(job_stall, keeps_the_bar_where_it_is)
{
	step_applied(job, saying(at_fraction(STAGE_TRANSCRIBING, 0.5), "half"));
	double percent = job->view.percent;
	stall(true);
	cr_assert_eq(job->view.percent, percent);
	cr_assert_str_eq(job->view.message, "half");
	cr_assert_eq(job->view.ended_ms, 0);
}

Test(job_stall, does_not_come_after_the_end)
{
	step_applied(job, at_stage(STAGE_FAILED));
	stall(false);
	cr_assert_eq(job->view.state, JOB_STATE_FAILED);
}

Test(job_stall, ends_with_a_sign)
{
	stall(true);
	sign_with(0, 0, job->view.updated_ms + 1, true);
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
}

Test(job_stall, ends_with_an_update)
{
	stall(true);
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.5));
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
}

/* The outcome tells that nothing of the update was taken, the revision that the job is back. */
Test(job_stall, ends_with_an_update_that_is_late)
{
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.5));
	stall(true);
	struct job_update late = at_fraction(STAGE_TRANSCRIBING, 0.2);
	struct job_result result;
	struct fault fault;
	uint64_t before = job->view.revision;
	double percent = job->view.percent;
	cr_assert_eq(job_apply(job, &late, job->view.updated_ms + 1, &result, &fault), ERR_OK);
	cr_assert_eq(result.outcome, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(result.previous_revision, before);
	cr_assert(result.is_sign);
	cr_assert_eq(job->view.revision, before + 1);
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
	cr_assert_eq(job->view.percent, percent);
}

Test(job_stall, does_not_end_with_an_overtaken_update)
{
	step_applied(job, from_writer(at_fraction(STAGE_TRANSCRIBING, 0.5), "w", 5));
	stall(true);
	step_absorbed(job, from_writer(at_fraction(STAGE_TRANSCRIBING, 0.6), "w", 4));
	cr_assert_eq(job->view.state, JOB_STATE_STALLED);
}

Test(job_stall, does_not_end_with_a_repeat)
{
	struct job_update update = from_writer(at_fraction(STAGE_TRANSCRIBING, 0.5), "w", 5);
	step_applied(job, update);
	uint64_t revision = job->view.revision;
	stall(true);
	const struct job_view *answer = step_repeated(job, update);
	cr_assert_eq(answer->revision, revision, "the repeat gets the answer from before the stall");
	cr_assert_eq(answer->state, JOB_STATE_ACTIVE);
	cr_assert_eq(job->view.state, JOB_STATE_STALLED);
}

Test(job_stall, does_not_end_with_an_older_attempt)
{
	step_applied(job, in_attempt(at_stage(STAGE_TRANSCRIBING), 2));
	stall(true);
	step_refused(job, in_attempt(at_fraction(STAGE_TRANSCRIBING, 0.5), 1), ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	sign_refused(1, ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	cr_assert_eq(job->view.state, JOB_STATE_STALLED);
}

Test(job_stall, ends_with_a_new_attempt)
{
	stall(true);
	step_applied(job, in_attempt(at_stage(STAGE_QUEUED), 2));
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
	cr_assert_eq(job->lease_ms, LEASE_MS);
}

/* ---- loss */

Test(job_lose, fails_a_stalled_job_with_the_reason)
{
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.5));
	double reached = job->view.reached_percent;
	stall(true);
	lose(true);
	cr_assert_eq(job->view.state, JOB_STATE_FAILED);
	cr_assert_eq(strncmp(job->view.error, "LOST", 4), 0);
	cr_assert_eq(shown(job), 0);
	cr_assert_eq(job->view.reached_percent, reached);
	cr_assert_neq(job->view.ended_ms, 0);
	cr_assert_eq(job->spans[job->span_count - 1].outcome, SPAN_OUTCOME_FAILED);
	lose(false);
}

Test(job_lose, does_nothing_to_a_job_that_is_not_stalled)
{
	lose(false);
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
	step_applied(job, at_stage(STAGE_COMPLETED));
	lose(false);
	cr_assert_eq(job->view.state, JOB_STATE_SUCCEEDED);
}

Test(job_lose, is_the_end_for_the_old_worker)
{
	stall(true);
	lose(true);
	sign_refused(0, ERR_FAILED_PRECONDITION, "JOB_ENDED");
	step_refused(job, at_fraction(STAGE_TRANSCRIBING, 0.9), ERR_FAILED_PRECONDITION, "JOB_ENDED");
}

/* ---- cancel */

Test(job_request_cancel, is_kept_once_with_its_first_reason)
{
	cancel("first", true);
	cancel("second", false);
	cr_assert(job->cancel_requested);
	cr_assert_str_eq(job->cancel_reason, "first");
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
}

Test(job_request_cancel, needs_no_reason)
{
	cancel(NULL, true);
	cancel("late", false);
	cr_assert_null(job->cancel_reason);
}

Test(job_request_cancel, may_be_ignored_by_a_worker_that_completes)
{
	cancel("why", true);
	step_applied(job, at_stage(STAGE_COMPLETED));
	cr_assert(job->cancel_requested);
	cr_assert_eq(job->view.state, JOB_STATE_SUCCEEDED);
	cr_assert_null(job->view.error);
}

Test(job_request_cancel, is_possible_while_the_job_is_stalled_and_leaves_it_so)
{
	stall(true);
	cancel("why", true);
	cr_assert_eq(job->view.state, JOB_STATE_STALLED);
}

Test(job_request_cancel, after_the_end_is_refused)
{
	step_applied(job, at_stage(STAGE_CANCELLED));
	struct job *before = job_copy(job);
	struct job_result result;
	struct fault fault = {0};
	check_refused(job_request_cancel(job, "why", job->view.updated_ms + 1, &result, &fault), &fault,
	              ERR_FAILED_PRECONDITION, "JOB_ENDED", before);
	job_destroy(before);
}

/* ---- all of them together */

/* The rules again, by the fields that they concern. */
struct expectation {
	enum job_state state;
	bool is_cancelled;
	uint64_t revision;
};

static void act(struct random *random, struct expectation *expected)
{
	struct job_result result;
	struct fault fault;
	int64_t now_ms = job->view.updated_ms + (int64_t)random_below(random, 200) - 50;
	struct job_update update = at_fraction(STAGE_TRANSCRIBING, 0);
	switch (random_below(random, 5)) {
	case 0:
		cr_assert_eq(job_sign(job, 0, 0, now_ms, &result, &fault), ERR_OK);
		expected->revision += expected->state == JOB_STATE_STALLED;
		expected->state = JOB_STATE_ACTIVE;
		break;
	case 1:
		cr_assert_eq(job_stall(job, now_ms, &result, &fault), ERR_OK);
		expected->revision += expected->state == JOB_STATE_ACTIVE;
		expected->state = JOB_STATE_STALLED;
		break;
	case 2:
		cr_assert_eq(job_request_cancel(job, "r", now_ms, &result, &fault), ERR_OK);
		expected->revision += !expected->is_cancelled;
		expected->is_cancelled = true;
		break;
	case 3:
		cr_assert_eq(job_apply(job, &update, now_ms, &result, &fault), ERR_OK);
		expected->revision += expected->state == JOB_STATE_STALLED;
		expected->state = JOB_STATE_ACTIVE;
		break;
	default:
		update.lease_ms = LEASE_MS + (int64_t)random_below(random, 3);
		expected->revision += expected->state == JOB_STATE_STALLED || update.lease_ms != job->lease_ms;
		expected->state = JOB_STATE_ACTIVE;
		cr_assert_eq(job_apply(job, &update, now_ms, &result, &fault), ERR_OK);
	}
}

static void check_survives_the_store(void)
{
	pace_on(job, NULL, job->view.updated_ms);
	struct job *again = reload(job);
	cr_assert(is_same(job, again));
	cr_assert_eq(again->lease_ms, job->lease_ms);
	cr_assert_eq(again->lost_after_ms, job->lost_after_ms);
	cr_assert_eq(again->signed_ms, job->signed_ms);
	cr_assert_eq(again->cancel_requested, job->cancel_requested);
	cr_assert_eq(again->view.state, job->view.state);
	job_destroy(job);
	job = again;
}

Test(job_sign, and_the_others_add_one_revision_for_each_visible_change_and_survive_the_store)
{
	struct random random;
	random_start(&random, "signs");
	job->lost_after_ms = 12345;
	struct expectation expected = {JOB_STATE_ACTIVE, false, job->view.revision};
	for (int i = 0; i < 3000; i++) {
		int64_t updated_ms = job->view.updated_ms;
		act(&random, &expected);
		cr_assert_eq(job->view.state, expected.state);
		cr_assert_eq(job->view.revision, expected.revision);
		cr_assert_eq(job->cancel_requested, expected.is_cancelled);
		cr_assert_geq(job->view.updated_ms, updated_ms);
		cr_assert(job_is_sound(job));
		if (i % 10 == 0)
			check_survives_the_store();
	}
}
