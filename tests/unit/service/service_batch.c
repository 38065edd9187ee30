/* BatchUpdateProgress: one result for each update, in order, and one commit for all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"

enum { UPDATES_MAX = 10000, REQUEST_BYTES_MAX = 16 << 20, MIB = 1 << 20, CALL_BYTES_MAX = 64 << 20 };

#define METHOD "/progress.v1.ProgressTrackerService/BatchUpdateProgress"

static struct desk desk;

static void start(void)
{
	desk_open(&desk, false, &service_options_default);
}

static void stop(void)
{
	desk_close(&desk);
}

TestSuite(service_batch, .init = start, .fini = stop);

/* A batch of updates by UpdateProgressExplicit, in the making. */
struct batch {
	Progress__V1__BatchUpdateProgressRequest request;
	Progress__V1__BatchUpdate parts[UPDATES_MAX + 1];
	Progress__V1__BatchUpdate *pointers[UPDATES_MAX + 1];
	Progress__V1__UpdateProgressExplicitRequest updates[UPDATES_MAX + 1];
	char names[UPDATES_MAX + 1][16];
	struct arena arena;
	struct talk talk;
	Progress__V1__BatchUpdateProgressResponse *response; /* of a good answer */
};

static struct batch *begin(void)
{
	struct batch *batch = calloc(1, sizeof *batch);
	cr_assert_not_null(batch);
	progress__v1__batch_update_progress_request__init(&batch->request);
	batch->request.updates = batch->pointers;
	arena_init(&batch->arena, REQUEST_BYTES_MAX);
	return batch;
}

static Progress__V1__UpdateProgressExplicitRequest *put(struct batch *batch, const char *job_id, int stage, int percent)
{
	size_t i = batch->request.n_updates++;
	Progress__V1__UpdateProgressExplicitRequest *update = &batch->updates[i];
	progress__v1__batch_update__init(&batch->parts[i]);
	progress__v1__update_progress_explicit_request__init(update);
	batch->parts[i].update_case = PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_EXPLICIT;
	batch->parts[i].update_progress_explicit = update;
	batch->pointers[i] = &batch->parts[i];
	snprintf(batch->names[i], sizeof batch->names[i], "%s", job_id);
	update->job_id = batch->names[i];
	update->stage = (Progress__V1__PipelineStage)stage;
	update->progress = percent;
	return update;
}

static enum err send(struct batch *batch)
{
	struct wire_bytes bytes;
	struct fault fault;
	cr_assert_eq(wire_seal(&batch->request.base, &batch->arena, &bytes, &fault), ERR_OK, "%s", fault.text);
	talk_start_bytes(&batch->talk, &desk, METHOD, bytes, CALL_BYTES_MAX);
	while (sem_wait(&batch->talk.answered) != 0)
		continue;
	const struct call *call = &batch->talk.call;
	if (call->fault.code != ERR_OK)
		return call->fault.code;
	cr_assert_lt(call->response.length, MIB);
	batch->response =
	    progress__v1__batch_update_progress_response__unpack(NULL, call->response.length, call->response.at);
	cr_assert_not_null(batch->response);
	return ERR_OK;
}

static const Progress__V1__BatchResult *result(const struct batch *batch, size_t i)
{
	cr_assert_eq(batch->response->n_results, batch->request.n_updates);
	return batch->response->results[i];
}

static void check_result(const struct batch *batch, size_t i, int outcome, uint64_t revision)
{
	const Progress__V1__BatchResult *found = result(batch, i);
	cr_assert_eq(found->code, 0, "%zu: %s", i, found->message);
	cr_assert_eq((int)found->outcome, outcome, "%zu: outcome %d", i, (int)found->outcome);
	cr_assert_eq(found->revision, revision, "%zu: revision %d", i, (int)found->revision);
	cr_assert_str_empty(found->message);
	cr_assert_str_empty(found->reason);
}

static void check_error(const struct batch *batch, size_t i, int code, const char *reason)
{
	const Progress__V1__BatchResult *found = result(batch, i);
	cr_assert_eq(found->code, code, "%zu: %d %s", i, found->code, found->reason);
	cr_assert_str_eq(found->reason, reason);
	cr_assert_gt(strlen(found->message), 0);
	cr_assert_null(found->progress_info);
}

static void end(struct batch *batch)
{
	progress__v1__batch_update_progress_response__free_unpacked(batch->response, NULL);
	talk_finish(&batch->talk);
	arena_finish(&batch->arena);
	free(batch);
}

static void check_progress(const char *job_id, int progress)
{
	struct talk talk;
	char words[40];
	snprintf(words, sizeof words, "job_id=%s", job_id);
	talk_well(&talk, &desk, "GetProgress", words);
	cr_assert_eq(talk_info(&talk)->progress, progress);
	talk_finish(&talk);
}

Test(service_batch, answers_each_in_order_by_one_commit)
{
	struct batch *batch = begin();
	char name[8];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "job-%d", i);
		put(batch, name, STAGE_DOWNLOADING, 5 + i % 10);
	}
	cr_assert_eq(send(batch), ERR_OK);
	for (size_t i = 0; i < 100; i++) {
		check_result(batch, i, JOB_OUTCOME_APPLIED, 1);
		cr_assert_str_eq(result(batch, i)->progress_info->job_id, batch->names[i]);
		cr_assert_eq(result(batch, i)->progress_info->progress, 5 + (int)i % 10);
	}
	cr_assert_eq(desk.fake.commits, 1);
	cr_assert_eq(desk.fake.puts, 100);
	cr_assert_eq(batch->talk.call.durability, STORE_SYNCED);
	end(batch);
}

Test(service_batch, applies_many_updates_of_one_job_in_order)
{
	struct batch *batch = begin();
	put(batch, "a", STAGE_DOWNLOADING, 7);
	put(batch, "a", STAGE_DOWNLOADING, 12);
	put(batch, "a", STAGE_DOWNLOADING, 9);
	put(batch, "a", STAGE_ANALYZING, 60);
	cr_assert_eq(send(batch), ERR_OK);
	check_result(batch, 0, JOB_OUTCOME_APPLIED, 1);
	check_result(batch, 1, JOB_OUTCOME_APPLIED, 2);
	check_result(batch, 2, JOB_OUTCOME_ABSORBED, 2);
	check_result(batch, 3, JOB_OUTCOME_APPLIED, 3);
	cr_assert_eq(result(batch, 0)->progress_info->progress, 7, "the state after each, not the last one");
	cr_assert_eq(result(batch, 2)->progress_info->progress, 12);
	cr_assert_eq(desk.fake.commits, 1);
	cr_assert_eq(desk.fake.puts, 1);
	end(batch);
}

Test(service_batch, carries_out_the_good_ones_among_the_bad)
{
	struct batch *batch = begin();
	put(batch, "a", STAGE_ANALYZING, 60);
	put(batch, "", STAGE_DOWNLOADING, 7);
	put(batch, "a", STAGE_DOWNLOADING, 7);
	put(batch, "a", STAGE_ANALYZING, 101);
	put(batch, "b", 99, 7);
	put(batch, "b", STAGE_DOWNLOADING, 7);
	put(batch, "a", STAGE_QUEUED, 1)->attempt = 2;
	put(batch, "a", STAGE_ANALYZING, 65)->attempt = 1;
	put(batch, "c", STAGE_DOWNLOADING, 7);
	batch->parts[8].update_case = PROGRESS__V1__BATCH_UPDATE__UPDATE__NOT_SET;
	cr_assert_eq(send(batch), ERR_OK);
	check_result(batch, 0, JOB_OUTCOME_APPLIED, 1);
	check_error(batch, 1, ERR_INVALID_ARGUMENT, "JOB_ID_INVALID");
	check_error(batch, 2, ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
	check_error(batch, 3, ERR_INVALID_ARGUMENT, "PROGRESS_INVALID");
	check_error(batch, 4, ERR_INVALID_ARGUMENT, "STAGE_INVALID");
	check_result(batch, 5, JOB_OUTCOME_APPLIED, 1);
	check_result(batch, 6, JOB_OUTCOME_APPLIED, 2);
	check_error(batch, 7, ERR_ABORTED, "ATTEMPT_SUPERSEDED");
	check_error(batch, 8, ERR_INVALID_ARGUMENT, "UPDATE_INVALID");
	end(batch);
}

Test(service_batch, that_is_all_bad_commits_nothing)
{
	struct batch *batch = begin();
	put(batch, "", STAGE_DOWNLOADING, 7);
	put(batch, "a", STAGE_DOWNLOADING, -1);
	cr_assert_eq(send(batch), ERR_OK);
	check_error(batch, 0, ERR_INVALID_ARGUMENT, "JOB_ID_INVALID");
	check_error(batch, 1, ERR_INVALID_ARGUMENT, "PROGRESS_INVALID");
	cr_assert_eq(desk.fake.commits, 0);
	end(batch);
}

static struct batch *send_numbered(uint64_t first)
{
	struct batch *batch = begin();
	for (int i = 0; i < 10; i++) {
		Progress__V1__UpdateProgressExplicitRequest *update = put(batch, "a", STAGE_DOWNLOADING, 5 + i);
		update->writer = batch->names[0];
		update->sequence = first + (uint64_t)i;
	}
	cr_assert_eq(send(batch), ERR_OK);
	return batch;
}

Test(service_batch, that_comes_again_changes_nothing)
{
	struct batch *batch = send_numbered(1);
	for (size_t i = 0; i < 10; i++)
		check_result(batch, i, JOB_OUTCOME_APPLIED, i + 1);
	end(batch);
	size_t commits = desk.fake.commits;
	batch = send_numbered(1);
	for (size_t i = 0; i < 10; i++)
		check_result(batch, i, JOB_OUTCOME_DUPLICATE, 10);
	end(batch);
	cr_assert_eq(desk.fake.commits, commits);
	batch = send_numbered(6);
	for (size_t i = 0; i < 5; i++)
		check_result(batch, i, JOB_OUTCOME_DUPLICATE, 10);
	end(batch);
}

Test(service_batch, carries_the_wish_for_the_end)
{
	struct talk talk;
	struct batch *batch = begin();
	talk_well(&talk, &desk, "CreateJob", "job_id=a");
	talk_finish(&talk);
	talk_well(&talk, &desk, "CancelJob", "job_id=a reason=enough");
	cr_assert(talk_info(&talk)->cancel_requested);
	talk_finish(&talk);
	put(batch, "a", STAGE_DOWNLOADING, 7);
	put(batch, "b", STAGE_DOWNLOADING, 7);
	batch->request.omit_progress_info = true;
	cr_assert_eq(send(batch), ERR_OK);
	cr_assert(result(batch, 0)->cancel_requested);
	cr_assert_not(result(batch, 1)->cancel_requested);
	cr_assert_null(result(batch, 0)->progress_info);
	end(batch);
}

Test(service_batch, fails_as_a_whole_when_the_commit_fails)
{
	struct batch *batch = begin();
	desk.fake.commit_err = ERR_UNAVAILABLE;
	desk.fake.commit_failures = 1;
	put(batch, "a", STAGE_DOWNLOADING, 7);
	put(batch, "b", STAGE_DOWNLOADING, 7);
	put(batch, "b", STAGE_DOWNLOADING, 101);
	put(batch, "a", STAGE_DOWNLOADING, 6);
	cr_assert_eq(send(batch), ERR_OK);
	check_error(batch, 0, ERR_UNAVAILABLE, "FAKE_COMMIT");
	check_error(batch, 1, ERR_UNAVAILABLE, "FAKE_COMMIT");
	check_error(batch, 2, ERR_INVALID_ARGUMENT, "PROGRESS_INVALID");
	check_error(batch, 3, ERR_UNAVAILABLE, "FAKE_COMMIT");
	end(batch);
	struct talk talk;
	talk_start(&talk, &desk, "GetProgress", "job_id=a");
	cr_assert_eq(talk_wait(&talk), ERR_NOT_FOUND);
	talk_finish(&talk);
}

Test(service_batch, takes_ten_thousand_updates_by_one_commit_and_answers_below_a_mebibyte)
{
	struct batch *batch = begin();
	char name[16];
	for (int i = 0; i < UPDATES_MAX; i++) {
		snprintf(name, sizeof name, "job-%d", i % 4000);
		put(batch, name, STAGE_DOWNLOADING, 5 + i / 4000);
	}
	cr_assert_eq(send(batch), ERR_OK, "%s", batch->talk.call.fault.text);
	size_t infos = 0;
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		check_result(batch, i, JOB_OUTCOME_APPLIED, 1 + i / 4000);
		infos += result(batch, i)->progress_info != NULL;
	}
	cr_assert_gt(infos, 1000);
	cr_assert_lt(infos, UPDATES_MAX);
	cr_assert_eq(desk.fake.commits, 1);
	cr_assert_eq(desk.fake.puts, 4000);
	check_progress("job-1999", 7);
	check_progress("job-3999", 6);
	end(batch);
}

/* Each error has a text of its own, and there may be ten thousand of them. */
Test(service_batch, answers_ten_thousand_errors_below_a_mebibyte)
{
	struct batch *batch = begin();
	for (int i = 0; i < UPDATES_MAX; i++)
		put(batch, "a", i % 2 == 0 ? STAGE_UNSPECIFIED : 99, 7);
	enum err err = send(batch);
	cr_assert_eq(err, ERR_OK, "%s", batch->talk.call.fault.text);
	cr_assert_gt(strlen(result(batch, 0)->message), 0);
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		cr_assert_eq(result(batch, i)->code, ERR_INVALID_ARGUMENT);
		cr_assert_str_eq(result(batch, i)->reason, "STAGE_INVALID");
	}
	end(batch);
}

static void check_count_is_refused(int count)
{
	struct batch *batch = begin();
	for (int i = 0; i < count; i++)
		put(batch, "a", STAGE_DOWNLOADING, 7);
	cr_assert_eq(send(batch), ERR_INVALID_ARGUMENT);
	cr_assert_str_eq(batch->talk.call.fault.reason, "UPDATES_INVALID");
	cr_assert_eq(desk.fake.commits, 0);
	end(batch);
}

Test(service_batch, refuses_none_and_too_many)
{
	check_count_is_refused(0);
	check_count_is_refused(UPDATES_MAX + 1);
}

Test(service_batch, that_finds_the_service_stopped_is_told_so_once)
{
	struct batch *batch = begin();
	put(batch, "a", STAGE_DOWNLOADING, 7);
	put(batch, "b", STAGE_DOWNLOADING, 7);
	desk_stop(&desk);
	cr_assert_eq(send(batch), ERR_OK);
	check_error(batch, 0, ERR_UNAVAILABLE, "STOPPING");
	check_error(batch, 1, ERR_UNAVAILABLE, "STOPPING");
	end(batch);
}
