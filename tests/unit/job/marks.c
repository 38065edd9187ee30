/* Repeats and overtaken reports. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "steps.h"

Test(job_apply, gives_a_repeat_its_first_answer_at_once)
{
	struct job *job = born();
	struct job_update update = from_writer(saying(at_fraction(STAGE_TRANSCRIBING, 0.5), "m"), "w", 1);
	step_applied(job, update);
	const struct job_view *answer = step_repeated(job, update);
	cr_assert_eq(answer->revision, 2);
	cr_assert_eq(answer->percent, 37.5);
	cr_assert_str_eq(answer->message, "m");
	job_destroy(job);
}

Test(job_apply, gives_a_repeat_its_first_answer_after_others_moved_the_job_on)
{
	struct job *job = born();
	struct job_update by_writer = from_writer(saying(at_fraction(STAGE_TRANSCRIBING, 0.5), "m"), "w", 1);
	struct job_update by_request = from_request(saying(at_stage(STAGE_ANALYZING), "n"), "w");
	step_applied(job, by_writer);
	step_applied(job, by_request);
	step_applied(job, from_writer(at_stage(STAGE_PROCESSING), "other", 1));
	step_applied(job, saying(at_stage(STAGE_FAILED), "broken"));
	for (int i = 0; i < 2; i++) {
		const struct job_view *answer = step_repeated(job, by_writer);
		cr_assert_eq(answer->revision, 2);
		cr_assert_eq(answer->stage, STAGE_TRANSCRIBING);
		cr_assert_eq(answer->state, JOB_STATE_ACTIVE);
		cr_assert_str_eq(answer->message, "m");
		answer = step_repeated(job, by_request);
		cr_assert_eq(answer->revision, 3);
		cr_assert_str_eq(answer->message, "n");
	}
	job_destroy(job);
}

Test(job_apply, knows_a_repeat_even_with_other_content_or_of_an_older_attempt)
{
	struct job *job = born();
	step_applied(job, from_writer(at_stage(STAGE_DOWNLOADING), "w", 1));
	step_applied(job, in_attempt(at_stage(STAGE_DOWNLOADING), 2));
	cr_assert_eq(step_repeated(job, from_writer(at_stage(STAGE_COMPLETED), "w", 1))->revision, 2);
	cr_assert_eq(step_repeated(job, in_attempt(from_writer(at_stage(STAGE_DOWNLOADING), "w", 1), 1))->revision, 2);
	job_destroy(job);
}

Test(job_apply, remembers_what_was_absorbed_too)
{
	struct job *job = born_by(at_fraction(STAGE_DOWNLOADING, 0.5));
	step_absorbed(job, from_writer(at_fraction(STAGE_DOWNLOADING, 0.2), "w", 1));
	step_applied(job, at_stage(STAGE_ANALYZING));
	const struct job_view *answer = step_repeated(job, from_writer(at_fraction(STAGE_DOWNLOADING, 0.2), "w", 1));
	cr_assert_eq(answer->revision, 1);
	cr_assert_eq(answer->stage, STAGE_DOWNLOADING);
	job_destroy(job);
}

Test(job_apply, does_not_remember_what_it_refused)
{
	struct job *job = born_by(at_stage(STAGE_ANALYZING));
	struct job_update update = from_writer(at_stage(STAGE_DOWNLOADING), "w", 1);
	step_refused(job, update, ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
	step_refused(job, update, ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
	cr_assert_eq(job->mark_count, 0);
	job_destroy(job);
}

Test(job_apply, takes_a_writer_and_a_request_id_of_one_name_for_two)
{
	struct job *job = born();
	step_applied(job, from_writer(at_stage(STAGE_DOWNLOADING), "x", 1));
	step_applied(job, from_request(at_stage(STAGE_DOWNLOADED), "x"));
	cr_assert_eq(job->mark_count, 2);
	cr_assert_eq(step_repeated(job, from_writer(at_stage(STAGE_DOWNLOADING), "x", 1))->revision, 2);
	cr_assert_eq(step_repeated(job, from_request(at_stage(STAGE_DOWNLOADED), "x"))->revision, 3);
	job_destroy(job);
}

Test(job_apply, absorbs_what_its_writer_has_overtaken)
{
	struct job *job = born();
	step_applied(job, from_writer(at_stage(STAGE_DOWNLOADING), "w", 10));
	step_absorbed(job, from_writer(at_stage(STAGE_ANALYZING), "w", 9));
	step_absorbed(job, from_writer(at_stage(STAGE_QUEUED), "w", 1));
	cr_assert_eq(job->view.stage, STAGE_DOWNLOADING);
	step_applied(job, from_writer(at_stage(STAGE_DOWNLOADED), "w", 11));
	job_destroy(job);
}

Test(job_apply, absorbs_overtaken_reports_even_after_the_end)
{
	struct job *job = born();
	step_applied(job, from_writer(at_stage(STAGE_DOWNLOADING), "w", 5));
	step_applied(job, from_writer(at_stage(STAGE_COMPLETED), "w", 10));
	step_absorbed(job, from_writer(at_stage(STAGE_ANALYZING), "w", 7));
	step_repeated(job, from_writer(at_stage(STAGE_DOWNLOADING), "w", 5));
	step_refused(job, from_writer(at_stage(STAGE_ANALYZING), "w", 11), ERR_FAILED_PRECONDITION, "JOB_ENDED");
	job_destroy(job);
}

Test(job_apply, knows_each_of_the_64_latest_sequences)
{
	struct job *job = born();
	for (uint64_t sequence = 2; sequence <= 200; sequence += 2)
		step_applied(job, from_writer(at_fraction(STAGE_QUEUED, (double)sequence / 200), "w", sequence));
	for (uint64_t sequence = 200; sequence > 200 - 64; sequence--) {
		if (sequence % 2 == 0)
			step_repeated(job, from_writer(at_stage(STAGE_QUEUED), "w", sequence));
		else
			step_absorbed(job, from_writer(at_stage(STAGE_QUEUED), "w", sequence));
	}
	for (uint64_t sequence = 136; sequence >= 1; sequence--)
		step_repeated(job, from_writer(at_stage(STAGE_QUEUED), "w", sequence));
	job_destroy(job);
}

Test(job_apply, bears_large_jumps_of_a_sequence)
{
	struct job *job = born();
	static const uint64_t steps[] = {1, 64, 65, 129, 1ull << 40, UINT64_MAX - 1, UINT64_MAX};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		step_applied(job, from_writer(at_percent(STAGE_QUEUED, (double)i + 1), "w", steps[i]));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		step_repeated(job, from_writer(at_stage(STAGE_COMPLETED), "w", steps[i]));
	step_absorbed(job, from_writer(at_stage(STAGE_COMPLETED), "w", UINT64_MAX - 2));
	job_destroy(job);
}

Test(job_apply, knows_the_sequence_63_back_and_not_what_it_never_saw_there)
{
	struct job *job = born();
	step_applied(job, from_writer(at_percent(STAGE_QUEUED, 1), "w", 1));
	step_applied(job, from_writer(at_percent(STAGE_QUEUED, 2), "w", 64));
	step_repeated(job, from_writer(at_percent(STAGE_QUEUED, 1), "w", 1));
	step_absorbed(job, from_writer(at_percent(STAGE_QUEUED, 9), "w", 2));
	cr_assert_eq(shown(job), 2);
	job_destroy(job);
}

Test(job_apply, remembers_no_more_than_64_and_forgets_the_least_recently_used)
{
	struct job *job = born();
	char names[JOB_MARKS_MAX + 1][8];
	for (int i = 0; i <= JOB_MARKS_MAX; i++)
		snprintf(names[i], sizeof names[i], "w%d", i);
	for (int i = 0; i < JOB_MARKS_MAX; i++)
		step_applied(job, from_writer(at_percent(STAGE_QUEUED, i + 1), names[i], 1));
	step_applied(job, from_writer(at_percent(STAGE_QUEUED, 80), names[0], 5));
	cr_assert_eq(job->mark_count, JOB_MARKS_MAX);
	step_applied(job, from_request(at_percent(STAGE_QUEUED, 90), names[JOB_MARKS_MAX]));
	cr_assert_eq(job->mark_count, JOB_MARKS_MAX);
	step_repeated(job, from_writer(at_stage(STAGE_QUEUED), names[0], 5));
	step_repeated(job, from_writer(at_stage(STAGE_QUEUED), names[2], 1));
	step_repeated(job, from_request(at_stage(STAGE_QUEUED), names[JOB_MARKS_MAX]));
	step_applied(job, from_writer(at_percent(STAGE_QUEUED, 95), names[1], 1));
	cr_assert_eq(job->mark_count, JOB_MARKS_MAX);
	job_destroy(job);
}

Test(job_apply, keeps_no_copies_for_a_single_writer)
{
	struct job *job = born();
	for (uint64_t sequence = 1; sequence <= 50; sequence++)
		step_applied(job, from_writer(at_percent(STAGE_QUEUED, (double)sequence), "w", sequence));
	cr_assert_eq(job->mark_count, 1);
	cr_assert_null(job->marks[0].answer);
	job_destroy(job);
}
