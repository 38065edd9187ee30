/* The end of a job, what may come after it, and attempts. */
#include <criterion/criterion.h>

#include "steps.h"

static const int ends[] = {STAGE_COMPLETED, STAGE_FAILED, STAGE_ERROR, STAGE_CANCELLED, STAGE_POSTING_COMPLETED};
static const int bad_ends[] = {STAGE_FAILED, STAGE_ERROR, STAGE_CANCELLED};

enum { ENDS = sizeof ends / sizeof *ends, BAD_ENDS = sizeof bad_ends / sizeof *bad_ends };

static bool may_follow(int end, const struct stage *stage)
{
	return end == STAGE_COMPLETED && stage->flow == STAGE_FLOW_POSTING;
}

Test(job_apply, refuses_every_update_after_the_end)
{
	for (size_t i = 0; i < ENDS; i++) {
		struct job *job = born_by(at_stage(ends[i]));
		for (size_t s = 0; s < stages_count(); s++) {
			const struct stage *stage = &stages_all()[s];
			if (may_follow(ends[i], stage))
				continue;
			step_refused(job, at_stage(stage->number), ERR_FAILED_PRECONDITION, "JOB_ENDED");
			step_refused(job, saying(at_percent(stage->number, 100), "m"), ERR_FAILED_PRECONDITION, "JOB_ENDED");
			step_refused(job, from_writer(at_fraction(stage->number, 1), "w", 1), ERR_FAILED_PRECONDITION, "JOB_ENDED");
			step_refused(job, in_attempt(at_stage(stage->number), 2), ERR_FAILED_PRECONDITION, "JOB_ENDED");
		}
		job_destroy(job);
	}
}

Test(job_apply, shows_the_number_of_a_stage_that_ends_the_job_whatever_is_claimed)
{
	for (size_t i = 0; i < ENDS; i++) {
		const struct stage *end = stages_find(ends[i]);
		struct job *job = born_by(at_stage(end->flow == STAGE_FLOW_POSTING ? STAGE_POSTING_TIKTOK : STAGE_ANALYZING));
		step_applied(job, at_percent(ends[i], 37));
		cr_assert_eq(shown(job), end->start_percent);
		cr_assert_eq(job->view.state, end->ends_as);
		cr_assert_eq(job->view.ended_ms, job->view.updated_ms);
		job_destroy(job);
	}
}

Test(job_apply, shows_0_after_a_bad_end_and_keeps_what_was_reached_and_why)
{
	for (size_t i = 0; i < BAD_ENDS; i++) {
		struct job *job = born_by(at_fraction(STAGE_TRANSCRIBING, 0.5));
		step_applied(job, saying(at_stage(bad_ends[i]), "no sound in it"));
		cr_assert_eq(shown(job), 0);
		cr_assert_eq(job->view.reached_percent, 37.5);
		cr_assert_str_eq(job->view.message, "no sound in it");
		cr_assert_str_eq(job->view.error, "no sound in it");
		job_destroy(job);
	}
}

Test(job_apply, keeps_no_error_of_a_bad_end_without_words_nor_of_a_good_end)
{
	struct job *job = born_by(saying(at_stage(STAGE_TRANSCRIBING), "working"));
	step_applied(job, at_stage(STAGE_FAILED));
	cr_assert_null(job->view.error);
	job_destroy(job);
	job = born();
	step_applied(job, saying(at_stage(STAGE_COMPLETED), "well done"));
	cr_assert_null(job->view.error);
	cr_assert_str_eq(job->view.message, "well done");
	job_destroy(job);
}

Test(job_apply, can_fail_or_be_cancelled_from_every_stage)
{
	for (size_t s = 0; s < stages_count(); s++) {
		if (stages_all()[s].ends_as != JOB_STATE_UNSPECIFIED)
			continue;
		for (size_t i = 0; i < BAD_ENDS; i++) {
			struct job *job = born_by(at_stage(stages_all()[s].number));
			step_applied(job, at_stage(bad_ends[i]));
			cr_assert_eq(job->view.state, stages_find(bad_ends[i])->ends_as);
			job_destroy(job);
		}
	}
}

Test(job_apply, starts_posting_after_success_as_a_new_run_of_the_bar)
{
	struct job *job = born_by(at_stage(STAGE_COMPLETED));
	step_applied(job, at_stage(STAGE_POSTING_TIKTOK));
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
	cr_assert_eq(job->view.run, 2);
	cr_assert_eq(job->view.attempt, 1);
	cr_assert_eq(job->view.ended_ms, 0);
	cr_assert_eq(shown(job), 80);
	cr_assert_eq(job->view.reached_percent, 80);
	step_absorbed(job, at_percent(STAGE_POSTING_TIKTOK, 79));
	step_applied(job, at_stage(STAGE_POSTING_INSTAGRAM));
	step_refused(job, at_stage(STAGE_POSTING_TIKTOK), ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
	step_refused(job, at_stage(STAGE_UPLOADING_CLIPS), ERR_FAILED_PRECONDITION, "FLOW_MISMATCH");
	step_refused(job, at_stage(STAGE_COMPLETED), ERR_FAILED_PRECONDITION, "FLOW_MISMATCH");
	step_applied(job, at_stage(STAGE_POSTING_COMPLETED));
	cr_assert_eq(shown(job), 100);
	cr_assert_eq(job->view.state, JOB_STATE_SUCCEEDED);
	step_refused(job, at_stage(STAGE_POSTING_TIKTOK), ERR_FAILED_PRECONDITION, "JOB_ENDED");
	job_destroy(job);
}

Test(job_apply, starts_posting_from_the_queue_and_from_no_other_stage)
{
	for (int present = STAGE_QUEUED; present < STAGE_COMPLETED; present++) {
		for (int wanted = STAGE_POSTING_TIKTOK; wanted <= STAGE_POSTING_COMPLETED; wanted++) {
			struct job *job = born_by(at_stage(present));
			if (present == STAGE_QUEUED)
				step_applied(job, at_stage(wanted));
			else
				step_refused(job, at_stage(wanted), ERR_FAILED_PRECONDITION, "FLOW_MISMATCH");
			job_destroy(job);
		}
	}
}

Test(job_apply, does_not_start_posting_after_a_bad_end)
{
	for (size_t i = 0; i < BAD_ENDS; i++) {
		struct job *job = born_by(at_stage(bad_ends[i]));
		step_refused(job, at_stage(STAGE_POSTING_TIKTOK), ERR_FAILED_PRECONDITION, "JOB_ENDED");
		job_destroy(job);
	}
}

Test(job_apply, fences_an_older_attempt)
{
	struct job *job = born_by(in_attempt(at_stage(STAGE_DOWNLOADING), 3));
	step_refused(job, in_attempt(at_stage(STAGE_DOWNLOADED), 2), ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	step_refused(job, in_attempt(at_stage(STAGE_FAILED), 1), ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	step_applied(job, in_attempt(at_stage(STAGE_DOWNLOADED), 3));
	step_applied(job, at_stage(STAGE_UPLOADING));
	cr_assert_eq(job->view.attempt, 3);
	job_destroy(job);
}

Test(job_apply, starts_the_bar_anew_for_a_newer_attempt)
{
	struct job *job = born_by(saying(at_fraction(STAGE_PROCESSING, 0.5), "old"));
	step_applied(job, in_attempt(at_stage(STAGE_DOWNLOADING), 2));
	cr_assert_eq(job->view.attempt, 2);
	cr_assert_eq(job->view.run, 1);
	cr_assert_eq(job->view.stage, STAGE_DOWNLOADING);
	cr_assert_eq(shown(job), 5);
	cr_assert_eq(job->view.reached_percent, 5);
	cr_assert_null(job->view.message);
	cr_assert_eq(job->spans[0].outcome, SPAN_OUTCOME_SUPERSEDED);
	step_absorbed(job, at_percent(STAGE_DOWNLOADING, 4));
	job_destroy(job);
}

Test(job_apply, starts_anew_even_in_the_same_stage)
{
	struct job *job = born_by(at_fraction(STAGE_DOWNLOADING, 0.9));
	step_applied(job, in_attempt(at_fraction(STAGE_DOWNLOADING, 0.1), 9));
	cr_assert_eq(shown(job), 6);
	cr_assert_eq(job->view.attempt, 9);
	cr_assert_eq(job->span_count, 1);
	job_destroy(job);
}

Test(job_apply, takes_a_newer_attempt_with_the_start_of_posting)
{
	struct job *job = born_by(at_stage(STAGE_COMPLETED));
	step_applied(job, in_attempt(at_stage(STAGE_POSTING_TIKTOK), 2));
	cr_assert_eq(job->view.attempt, 2, "who posts as attempt 2 must see it");
	step_refused(job, in_attempt(at_stage(STAGE_POSTING_INSTAGRAM), 1), ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	step_absorbed(job, in_attempt(at_stage(STAGE_POSTING_TIKTOK), 2));
	job_destroy(job);
}

Test(job_expires_ms, counts_from_the_end_of_the_job)
{
	struct job *job = born();
	cr_assert_eq(job_expires_ms(job, 5000), 0);
	step_applied(job, at_stage(STAGE_COMPLETED));
	cr_assert_eq(job_expires_ms(job, 5000), job->view.ended_ms + 5000);
	job->ttl_ms = 7;
	cr_assert_eq(job_expires_ms(job, 5000), job->view.ended_ms + 7);
	step_applied(job, at_stage(STAGE_POSTING_TIKTOK));
	cr_assert_eq(job_expires_ms(job, 5000), 0);
	job_destroy(job);
}
