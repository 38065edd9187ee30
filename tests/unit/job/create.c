/* How jobs come into being. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "steps.h"

Test(job_create, makes_a_queued_job_at_revision_1)
{
	struct job *job = born();
	cr_assert_str_eq(job->job_id, "j");
	cr_assert_str_eq(job->pipeline, "default");
	cr_assert_str_eq(job->parent, "");
	cr_assert_eq(job->view.stage, STAGE_QUEUED);
	cr_assert_eq(job->view.state, JOB_STATE_ACTIVE);
	cr_assert_eq(job->view.source, JOB_SOURCE_MEASURED);
	cr_assert_eq(job->view.revision, 1);
	cr_assert_eq(job->view.attempt, 1);
	cr_assert_eq(job->view.run, 1);
	cr_assert_eq(shown(job), 0);
	cr_assert_eq(job->created_ms, BIRTH_MS);
	cr_assert_eq(job->view.stage_entered_ms, BIRTH_MS);
	cr_assert_eq(job->view.ended_ms, 0);
	cr_assert_eq(job->span_count, 0);
	job_destroy(job);
}

Test(job_create, keeps_all_that_the_creation_says)
{
	struct job_entry metadata[] = {{(char[]){"video_id"}, (char[]){"v"}}, {(char[]){"a"}, (char[]){""}}};
	struct job_creation creation = {
	    .job_id = "j-2",
	    .pipeline = "clips",
	    .parent = "j-1",
	    .message = "soon",
	    .metadata = metadata,
	    .metadata_count = 2,
	    .ttl_ms = 5000,
	};
	struct job *job;
	struct fault fault;
	cr_assert_eq(job_create(&creation, NULL, BIRTH_MS, &job, &fault), ERR_OK);
	cr_assert_str_eq(job->pipeline, "clips");
	cr_assert_str_eq(job->parent, "j-1");
	cr_assert_str_eq(job->view.message, "soon");
	cr_assert_eq(job->ttl_ms, 5000);
	cr_assert_eq(job->metadata_count, 2);
	cr_assert_str_eq(job->metadata[0].key, "a");
	cr_assert_str_eq(job->metadata[1].value, "v");
	cr_assert(job_is_sound(job));
	job_destroy(job);
}

Test(job_create, by_a_first_update_puts_the_job_into_each_stage)
{
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = &stages_all()[i];
		struct job *job = born_by(at_stage(stage->number));
		bool is_end = stage->ends_as != JOB_STATE_UNSPECIFIED;
		cr_assert_eq(job->view.stage, stage->number);
		cr_assert_eq(shown(job), stage->start_percent, "%s shows %d", stage->status, shown(job));
		cr_assert_eq(job->view.state, is_end ? stage->ends_as : JOB_STATE_ACTIVE);
		cr_assert_eq(job->view.ended_ms, is_end ? BIRTH_MS : 0);
		cr_assert_eq(job->view.revision, 1);
		cr_assert_eq(job->view.stage_entered_ms, BIRTH_MS);
		cr_assert_eq(job->span_count, 0, "the job was never anywhere else");
		job_destroy(job);
	}
}

Test(job_create, takes_percent_and_fraction_from_the_first_update)
{
	struct job *job = born_by(at_percent(STAGE_ANALYZING, 63));
	cr_assert_eq(shown(job), 63);
	job_destroy(job);
	job = born_by(at_fraction(STAGE_TRANSCRIBING, 0.5));
	cr_assert_float_eq(job->view.percent, 37.5, 1e-9);
	cr_assert_eq(shown(job), 37);
	job_destroy(job);
	job = born_by(at_fraction(STAGE_QUEUED, 0));
	cr_assert_eq(shown(job), 0);
	job_destroy(job);
}

Test(job_create, takes_the_attempt_from_the_first_update)
{
	struct job *job = born_by(in_attempt(saying(at_stage(STAGE_DOWNLOADING), "again"), 7));
	cr_assert_eq(job->view.attempt, 7);
	cr_assert_eq(job->view.run, 1);
	cr_assert_eq(job->span_count, 0);
	cr_assert_str_eq(job->view.message, "again");
	step_refused(job, in_attempt(at_stage(STAGE_DOWNLOADED), 6), ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	job_destroy(job);
}

Test(job_create, remembers_the_first_update)
{
	struct job_update first = from_writer(saying(at_stage(STAGE_DOWNLOADING), "hello"), "w", 3);
	struct job *job = born_by(first);
	step_applied(job, at_stage(STAGE_ANALYZING));
	const struct job_view *answer = step_repeated(job, first);
	cr_assert_eq(answer->revision, 1);
	cr_assert_eq(answer->stage, STAGE_DOWNLOADING);
	cr_assert_str_eq(answer->message, "hello");
	job_destroy(job);
}

Test(job_create, remembers_the_request_that_created_the_job)
{
	struct job_creation creation = {.job_id = "j", .origin = {.request_id = "r"}};
	struct job *job;
	struct fault fault;
	cr_assert_eq(job_create(&creation, NULL, BIRTH_MS, &job, &fault), ERR_OK);
	step_applied(job, at_stage(STAGE_ANALYZING));
	struct job_result result;
	cr_assert(job_find_repeat(job, &creation.origin, &result));
	cr_assert_eq(result.outcome, JOB_OUTCOME_DUPLICATE);
	cr_assert_eq(result.view->stage, STAGE_QUEUED);
	cr_assert_eq(result.view->revision, 1);
	struct job_origin other = {.request_id = "s"}, nobody = {0};
	cr_assert_not(job_find_repeat(job, &other, &result));
	cr_assert_not(job_find_repeat(job, &nobody, &result));
	job_destroy(job);
}

Test(job_create, refuses_more_metadata_than_a_job_may_have)
{
	enum { TOO_MANY = JOB_METADATA_ENTRIES_MAX + 1 };
	char keys[TOO_MANY][8], value[] = "v";
	struct job_entry entries[TOO_MANY];
	for (size_t i = 0; i < TOO_MANY; i++) {
		snprintf(keys[i], sizeof keys[i], "k%zu", i);
		entries[i] = (struct job_entry){keys[i], value};
	}
	struct job_update first = at_stage(STAGE_DOWNLOADING);
	first.metadata = entries;
	first.metadata_count = TOO_MANY;
	struct job_creation bare = {.job_id = "j"}, full = {.job_id = "j", .metadata = entries, .metadata_count = TOO_MANY};
	struct job *job = NULL;
	struct fault fault;
	cr_assert_eq(job_create(&full, NULL, BIRTH_MS, &job, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(fault.reason, "METADATA_FULL");
	cr_assert_eq(job_create(&bare, &first, BIRTH_MS, &job, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_null(job);
	full.metadata_count--;
	cr_assert_eq(job_create(&full, NULL, BIRTH_MS, &job, &fault), ERR_OK);
	cr_assert_eq(job->metadata_count, JOB_METADATA_ENTRIES_MAX);
	job_destroy(job);
}

Test(job_destroy, accepts_null)
{
	job_destroy(NULL);
}
