/* What calls say to the service, and what becomes of its answers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

TestSuite(prg_get_progress, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_update_progress, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_create_job, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_wait_progress, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_error, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

Test(prg_get_progress, gives_the_state_of_the_job)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 7});
	struct prg_progress *progress;
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_OK, "%s", prg_error());
	cr_assert_str_eq(progress->job_id, "job-1");
	cr_assert_str_eq(progress->status, "transcribing");
	cr_assert_str_eq(progress->message, "");
	cr_assert_str_eq(progress->error, "");
	cr_assert_eq(progress->stage, PRG_STAGE_TRANSCRIBING);
	cr_assert_eq(progress->progress, 37);
	cr_assert_float_eq(progress->fraction, 0.375, 1e-12);
	cr_assert_eq(progress->revision, 7);
	cr_assert_eq(progress->state, PRG_STATE_ACTIVE);
	cr_assert_eq(progress->create_time_ms, 1700000000123);
	cr_assert_eq(progress->end_time_ms, 0);
	cr_assert_not(progress->has_eta);
	cr_assert_eq(progress->outcome, PRG_OUTCOME_UNSPECIFIED);
	cr_assert_eq(progress->durability, PRG_DURABILITY_SYNCED);
	cr_assert_not(prg_progress_is_final(progress));
	prg_progress_free(progress);
}

Test(prg_get_progress, sorts_metadata_by_key)
{
	struct prg_progress *progress;
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_OK);
	cr_assert_eq(progress->metadata_count, 2);
	cr_assert_str_eq(progress->metadata[0].key, "a");
	cr_assert_str_eq(progress->metadata[0].value, "1");
	cr_assert_str_eq(progress->metadata[1].key, "b");
	prg_progress_free(progress);
}

Test(prg_get_progress, carries_the_authorization_and_the_time_that_is_left)
{
	struct prg_progress *progress;
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_OK);
	prg_progress_free(progress);
	struct fake_call call = fake_get_call(&fake, 0);
	cr_assert_str_eq(call.authorization, "Bearer secret");
	cr_assert(call.timeout_ms > 0 && call.timeout_ms <= 10000, "%u", call.timeout_ms);
	prg_set_timeout(client, -1);
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_OK);
	prg_progress_free(progress);
	cr_assert_eq(fake_get_call(&fake, 1).timeout_ms, 0);
}

Test(prg_get_progress, leaves_the_result_alone_on_an_error)
{
	fake_set_plan(
	    &fake, (struct fake_plan){.code = PRG_NOT_FOUND, .message = "job-1: no such job", .reason = "JOB_NOT_FOUND"});
	struct prg_progress *progress = (void *)&fake;
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_NOT_FOUND);
	cr_assert_eq((void *)progress, (void *)&fake);
	cr_assert_str_eq(prg_error(), "job-1: no such job");
	cr_assert_str_eq(prg_error_reason(), "JOB_NOT_FOUND");
}

Test(prg_get_progress, finds_that_it_talks_to_something_else)
{
	struct prg_progress *progress = NULL;
	fake_set_plan(&fake, (struct fake_plan){.garbage = true});
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_INTERNAL);
	cr_assert_not_null(strstr(prg_error(), "not a progressd?"), "%s", prg_error());
	fake_set_plan(&fake, (struct fake_plan){.empty = true});
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_INTERNAL);
	cr_assert_str_eq(prg_error_reason(), "BAD_REPLY");
	cr_assert_null(progress);
}

Test(prg_error, is_empty_after_a_success_and_keeps_codes_apart)
{
	struct prg_progress *progress;
	for (int code = PRG_CANCELLED; code <= PRG_UNAUTHENTICATED; code++) {
		if (code == PRG_UNAVAILABLE)
			continue;
		fake_set_plan(&fake, (struct fake_plan){.code = code, .message = "no", .reason = "NO"});
		cr_assert_eq(prg_get_progress(client, "job-1", &progress), code);
		cr_assert_str_eq(prg_error(), "no");
	}
	fake_set_plan(&fake, (struct fake_plan){.code = 99, .message = "new"});
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_UNKNOWN);
	fake_set_plan(&fake, (struct fake_plan){0});
	cr_assert_eq(prg_get_progress(client, "job-1", &progress), PRG_OK);
	cr_assert_str_empty(prg_error());
	cr_assert_str_empty(prg_error_reason());
	prg_progress_free(progress);
}

Test(prg_update_progress, says_what_the_caller_said)
{
	struct prg_entry metadata[] = {{"video_id", "v1"}, {"task", "t"}};
	struct prg_update update = {.message = "half", .metadata = metadata, .metadata_count = 2, .attempt = 3};
	struct prg_progress *progress;
	cr_assert_eq(prg_update_progress(client, "job-1", PRG_STAGE_ANALYZING, &update, &progress), PRG_OK);
	cr_assert_eq(progress->outcome, PRG_OUTCOME_APPLIED);
	prg_progress_free(progress);
	struct fake_call call = fake_get_call(&fake, 0);
	cr_assert_str_eq(call.method, "UpdateProgress");
	cr_assert_str_eq(call.job_id, "job-1");
	cr_assert_str_eq(call.message, "half");
	cr_assert_str_eq(call.writer, "tester");
	cr_assert_eq(call.stage, PRG_STAGE_ANALYZING);
	cr_assert_eq(call.attempt, 3);
	cr_assert_eq(call.metadata_count, 2);
}

Test(prg_update_progress, numbers_updates_upwards_across_its_kinds)
{
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_update_progress_by_status(client, "j", "Analyzing", NULL, NULL), PRG_OK);
	cr_assert_eq(prg_update_progress_explicit(client, "j", PRG_STAGE_ANALYZING, 60, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_update_progress_incremental(client, "j", PRG_STAGE_PROCESSING, 1, 4, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_simulate_progress(client, "j", PRG_STAGE_PROCESSING, 2.5, NULL, NULL), PRG_OK);
	static const char *const methods[] = {"UpdateProgress", "UpdateProgressByStatus", "UpdateProgressExplicit",
	                                      "UpdateProgressIncremental", "SimulateProgress"};
	uint64_t sequence = 0;
	for (size_t i = 0; i < 5; i++) {
		struct fake_call call = fake_get_call(&fake, i);
		cr_assert_str_eq(call.method, methods[i]);
		cr_assert_gt(call.sequence, sequence);
		sequence = call.sequence;
	}
	cr_assert_float_eq(fake_get_call(&fake, 3).total, 4, 1e-12);
}

Test(prg_update_progress, goes_on_above_the_numbers_of_an_earlier_client_of_the_same_name)
{
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, NULL, NULL), PRG_OK);
	struct prg_options options = {.writer = "tester"};
	struct prg_client *later = fixture_open(&options);
	cr_assert_eq(prg_update_progress(later, "j", PRG_STAGE_ANALYZING, NULL, NULL), PRG_OK);
	prg_close(later);
	cr_assert_gt(fake_get_call(&fake, 1).sequence, fake_get_call(&fake, 0).sequence);
}

Test(prg_update_progress, makes_up_a_writer_that_the_service_takes)
{
	struct prg_client *nameless = fixture_open(NULL);
	cr_assert_eq(prg_update_progress(nameless, "j", PRG_STAGE_QUEUED, NULL, NULL), PRG_OK);
	prg_close(nameless);
	struct fake_call call = fake_get_call(&fake, 0);
	size_t length = strlen(call.writer);
	cr_assert(length >= 1 && length <= 64, "%s", call.writer);
	cr_assert_eq(strspn(call.writer, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"), length);
}

Test(prg_update_progress, refuses_before_sending_what_cannot_be_sent)
{
	struct prg_entry nameless[] = {{"key", "value"}, {NULL, "value"}};
	struct prg_update update = {.metadata = nameless, .metadata_count = 2};
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, &update, NULL), PRG_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(prg_error(), "metadata[1].key"), "%s", prg_error());
	cr_assert_eq(prg_update_progress_incremental(client, "j", PRG_STAGE_PROCESSING, 0, 0, NULL, NULL),
	             PRG_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(prg_error(), "total"));
	char *large = calloc(1, (2 << 20) + 1);
	memset(large, 'x', 2 << 20);
	struct prg_update long_one = {.message = large};
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, &long_one, NULL), PRG_RESOURCE_EXHAUSTED);
	free(large);
	cr_assert_eq(fake_call_count(&fake), 0);
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, NULL, NULL), PRG_OK, "the job is not blocked");
}

Test(prg_create_job, names_the_job_itself_and_makes_repeats_harmless)
{
	struct prg_progress *progress;
	cr_assert_eq(prg_create_job(client, NULL, NULL, &progress), PRG_OK);
	struct fake_call call = fake_get_call(&fake, 0);
	cr_assert_str_eq(call.method, "CreateJob");
	cr_assert_str_neq(call.job_id, "");
	cr_assert_str_neq(call.request_id, "");
	cr_assert_str_eq(progress->job_id, call.job_id);
	prg_progress_free(progress);
	struct prg_job_options options = {.pipeline = "p", .ttl_seconds = 60};
	cr_assert_eq(prg_create_job(client, "mine", &options, NULL), PRG_OK);
	cr_assert_str_eq(fake_get_call(&fake, 1).job_id, "mine");
	cr_assert_str_neq(fake_get_call(&fake, 1).request_id, call.request_id);
}

Test(prg_create_job, has_all_its_relatives)
{
	cr_assert_eq(prg_cancel_job(client, "j", "enough", NULL), PRG_OK);
	cr_assert_eq(prg_heartbeat(client, "j", 2, NULL), PRG_OK);
	cr_assert_str_eq(fake_get_call(&fake, 1).writer, "tester");
	cr_assert_eq(prg_delete_job(client, "j"), PRG_OK);
	struct prg_history *history;
	cr_assert_eq(prg_get_job_history(client, "j", &history), PRG_OK);
	cr_assert_str_eq(history->progress->job_id, "j");
	cr_assert_eq(history->span_count, 0);
	prg_history_free(history);
	struct prg_job_list *list;
	enum prg_state states[] = {PRG_STATE_ACTIVE, PRG_STATE_FAILED};
	struct prg_filter filter = {.states = states, .state_count = 2, .pipeline = "p"};
	cr_assert_eq(prg_list_jobs(client, &filter, 10, NULL, &list), PRG_OK);
	cr_assert_eq(list->count, 0);
	cr_assert_str_eq(list->next_page_token, "");
	prg_job_list_free(list);
	struct prg_stage_info *stages;
	size_t count;
	cr_assert_eq(prg_get_all_stages(client, &stages, &count), PRG_OK);
	cr_assert_eq(count, 0);
	prg_stages_free(stages, count);
	struct prg_server_info info;
	cr_assert_eq(prg_get_server_info(client, &info), PRG_OK);
	cr_assert_str_eq(info.version, PRG_VERSION);
	prg_progress_free(NULL);
	prg_history_free(NULL);
	prg_job_list_free(NULL);
	prg_stages_free(NULL, 0);
}

Test(prg_wait_progress, extends_its_time_by_the_wait)
{
	struct prg_progress *progress;
	prg_set_timeout(client, 5000);
	cr_assert_eq(prg_wait_progress(client, "j", 3, 100000, &progress), PRG_OK);
	prg_progress_free(progress);
	struct fake_call call = fake_get_call(&fake, 0);
	cr_assert_eq(call.wait_ms, 100000);
	cr_assert(call.timeout_ms > 100000 && call.timeout_ms <= 105000, "%u", call.timeout_ms);
	cr_assert_eq(prg_wait_progress(client, "j", 3, 300001, &progress), PRG_INVALID_ARGUMENT);
	cr_assert_eq(prg_wait_progress(client, "j", 3, -1, &progress), PRG_INVALID_ARGUMENT);
}
