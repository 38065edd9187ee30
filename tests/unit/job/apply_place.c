/* Where an update may put a job that is under way: stages, percentages, fractions. */
#include <criterion/criterion.h>
#include <math.h>

#include "steps.h"

Test(job_apply, jumps_to_the_start_of_each_later_stage)
{
	struct job *job = born();
	for (int stage = STAGE_DOWNLOADING; stage <= STAGE_COMPLETED; stage++) {
		step_applied(job, at_stage(stage));
		cr_assert_eq(job->view.stage, stage);
		cr_assert_eq(shown(job), stages_find(stage)->start_percent);
	}
	cr_assert_eq(job->view.state, JOB_STATE_SUCCEEDED);
	job_destroy(job);
}

Test(job_apply, may_leave_stages_out)
{
	struct job *job = born();
	step_applied(job, at_stage(STAGE_PROCESSING));
	cr_assert_eq(shown(job), 70);
	cr_assert_eq(job->span_count, 1);
	job_destroy(job);
}

Test(job_apply, in_the_same_stage_changes_the_message_and_keeps_the_place)
{
	struct job *job = born_by(at_fraction(STAGE_TRANSCRIBING, 0.5));
	step_applied(job, saying(at_stage(STAGE_TRANSCRIBING), "half"));
	cr_assert_str_eq(job->view.message, "half");
	cr_assert_eq(shown(job), 37);
	step_absorbed(job, saying(at_stage(STAGE_TRANSCRIBING), "half"));
	job_destroy(job);
}

Test(job_apply, absorbs_the_same_stage_with_nothing_new)
{
	struct job *job = born_by(saying(at_stage(STAGE_TRANSCRIBING), "m"));
	int64_t updated_ms = job->view.updated_ms;
	step_absorbed(job, at_stage(STAGE_TRANSCRIBING));
	step_absorbed(job, saying(at_stage(STAGE_TRANSCRIBING), ""));
	step_absorbed(job, at_fraction(STAGE_TRANSCRIBING, 0));
	step_absorbed(job, at_percent(STAGE_TRANSCRIBING, 25));
	cr_assert_str_eq(job->view.message, "m");
	cr_assert_eq(job->view.updated_ms, updated_ms);
	job_destroy(job);
}

Test(job_apply, starts_a_new_stage_without_the_old_message)
{
	struct job *job = born_by(saying(at_stage(STAGE_DOWNLOADING), "old"));
	step_applied(job, at_stage(STAGE_DOWNLOADED));
	cr_assert_null(job->view.message);
	step_applied(job, saying(at_stage(STAGE_UPLOADING), "new"));
	cr_assert_str_eq(job->view.message, "new");
	job_destroy(job);
}

Test(job_apply, shows_any_percent_that_is_asked_for)
{
	for (int percent = 0; percent <= 100; percent++) {
		struct job *job = born_by(at_percent(STAGE_QUEUED, percent));
		cr_assert_eq(shown(job), percent);
		cr_assert_eq(job->view.state, JOB_STATE_ACTIVE, "100 %% alone does not end a job");
		job_destroy(job);
	}
}

Test(job_apply, absorbs_a_lower_percent_in_the_same_stage)
{
	struct job *job = born_by(at_percent(STAGE_TRANSCRIBING, 40));
	step_absorbed(job, at_percent(STAGE_TRANSCRIBING, 39));
	step_absorbed(job, saying(at_percent(STAGE_TRANSCRIBING, 0), "late"));
	cr_assert_null(job->view.message, "a late report says nothing");
	step_applied(job, at_percent(STAGE_TRANSCRIBING, 41));
	cr_assert_eq(shown(job), 41);
	job_destroy(job);
}

Test(job_apply, keeps_the_higher_percent_in_a_later_stage)
{
	struct job *job = born_by(at_percent(STAGE_DOWNLOADING, 60));
	step_applied(job, at_stage(STAGE_TRANSCRIBING));
	cr_assert_eq(job->view.stage, STAGE_TRANSCRIBING);
	cr_assert_eq(shown(job), 60);
	step_applied(job, at_percent(STAGE_ANALYZING, 10));
	cr_assert_eq(job->view.stage, STAGE_ANALYZING);
	cr_assert_eq(shown(job), 60);
	step_applied(job, at_stage(STAGE_PROCESSING));
	cr_assert_eq(shown(job), 70);
	job_destroy(job);
}

Test(job_apply, places_a_fraction_between_start_and_end)
{
	for (int stage = STAGE_QUEUED; stage < STAGE_COMPLETED; stage++) {
		const struct stage *row = stages_find(stage);
		for (int i = 0; i <= 10; i++) {
			struct job *job = born_by(at_fraction(stage, i / 10.0));
			double wanted = row->start_percent + i / 10.0 * (row->end_percent - row->start_percent);
			cr_assert_float_eq(job->view.percent, wanted, 1e-9);
			cr_assert_eq(shown(job), (int)floor(wanted + 1e-9));
			job_destroy(job);
		}
	}
}

Test(job_apply, reaches_the_end_of_the_stage_with_fraction_1_and_not_more)
{
	for (int stage = STAGE_QUEUED; stage < STAGE_COMPLETED; stage++) {
		struct job *job = born_by(at_fraction(stage, 1));
		cr_assert_eq(job->view.percent, (double)stages_find(stage)->end_percent);
		cr_assert_eq(job->view.stage, stage);
		cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
		step_absorbed(job, at_fraction(stage, 1));
		job_destroy(job);
	}
}

Test(job_apply, absorbs_a_smaller_fraction)
{
	struct job *job = born_by(at_fraction(STAGE_PROCESSING, 0.5));
	step_absorbed(job, at_fraction(STAGE_PROCESSING, 0.49));
	step_absorbed(job, at_fraction(STAGE_PROCESSING, 0.5));
	step_applied(job, at_fraction(STAGE_PROCESSING, 0.51));
	job_destroy(job);
}

Test(job_apply, keeps_the_amount_of_the_present_stage)
{
	struct job *job = born_by(at_stage(STAGE_TRANSCRIBING));
	struct job_update amount = at_fraction(STAGE_TRANSCRIBING, 0.25);
	amount.done = 5;
	amount.total = 20;
	step_applied(job, amount);
	cr_assert_eq(job->view.done, 5);
	cr_assert_eq(job->view.total, 20);
	step_absorbed(job, amount);
	amount.done = 10;
	amount.total = 40;
	step_applied(job, amount);
	cr_assert_eq(job->view.total, 40, "the same share of a larger amount is news");
	step_applied(job, saying(at_stage(STAGE_TRANSCRIBING), "m"));
	cr_assert_eq(job->view.done, 10);
	step_applied(job, at_stage(STAGE_ANALYZING));
	cr_assert_eq(job->view.done, 0);
	cr_assert_eq(job->view.total, 0);
	job_destroy(job);
}

Test(job_apply, refuses_each_earlier_stage)
{
	for (int present = STAGE_DOWNLOADING; present < STAGE_COMPLETED; present++) {
		struct job *job = born_by(at_stage(present));
		for (int wanted = STAGE_QUEUED; wanted < present; wanted++) {
			step_refused(job, at_stage(wanted), ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
			step_refused(job, at_percent(wanted, 100), ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
			step_refused(job, at_fraction(wanted, 1), ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
		}
		job_destroy(job);
	}
}

Test(job_shown_percent, rounds_down_but_for_the_noise_of_doubles)
{
	cr_assert_eq(job_shown_percent(5 + 0.28 * 25), 12);
	cr_assert_eq(job_shown_percent(11.9999), 11);
	cr_assert_eq(job_shown_percent(12), 12);
	cr_assert_eq(job_shown_percent(0), 0);
	cr_assert_eq(job_shown_percent(99.99), 99);
	cr_assert_eq(job_shown_percent(100), 100);
	for (int width = 1; width <= 100; width++)
		for (int done = 0; done <= width; done++)
			cr_assert_eq(job_shown_percent((double)done / width * width), done, "%d of %d", done, width);
}
