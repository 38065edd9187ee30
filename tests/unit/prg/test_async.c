/* Asynchronous updates: what goes together, in which order, and what each callback is told. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_batch.h"
#include "fixture.h"
#include "results.h"

TestSuite(prg_async, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_flush, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

Test(prg_async, says_what_the_blocking_calls_say)
{
	const struct prg_entry entry = {"k", "v"};
	struct prg_update update = {
	    .message = "hello", .metadata = &entry, .metadata_count = 1, .attempt = 2, .lease_seconds = 1.5};
	cr_assert_eq(prg_update_progress_async(client, "a", PRG_STAGE_DOWNLOADING, &update, results_note, NULL), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(prg_update_progress_by_status_async(client, "a", "analyzing", NULL, results_note, NULL), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(prg_update_progress_explicit_async(client, "a", PRG_STAGE_ANALYZING, 60, NULL, results_note, NULL),
	             PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_OK);
	results_advance("a", 7000);
	cr_assert_eq(prg_flush(client), PRG_OK);
	static const char *const methods[] = {"UpdateProgress", "UpdateProgressByStatus", "UpdateProgressExplicit",
	                                      "UpdateProgressIncremental"};
	cr_assert_eq(fake_call_count(&fake), 8, "each went with a batch of its own");
	uint64_t sequence = 0;
	for (size_t i = 0; i < 4; i++) {
		struct fake_call call = fake_get_call(&fake, 2 * i + 1);
		cr_assert_eq(call.batch, 2 * i + 1);
		cr_assert_str_eq(call.method, methods[i]);
		cr_assert_str_eq(call.job_id, "a");
		cr_assert_str_eq(call.writer, "tester~");
		cr_assert_str_eq(call.authorization, "Bearer secret");
		cr_assert_gt(call.sequence, sequence);
		sequence = call.sequence;
	}
	struct fake_call first = fake_get_call(&fake, 1), last = fake_get_call(&fake, 7);
	cr_assert_str_eq(first.message, "hello");
	cr_assert_eq(first.metadata_count, 1);
	cr_assert_eq(first.attempt, 2);
	cr_assert_eq(first.lease_ms, 1500);
	cr_assert_float_eq(last.done, 7000, 1e-9);
	cr_assert_float_eq(last.total, 10000, 1e-9);
}

Test(prg_async, gives_each_update_its_own_result)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 41, .cancel_asked = true});
	int mark;
	struct prg_update shown = {.wants_progress = true};
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, &shown, results_note, &mark), PRG_OK);
	results_wait(1);
	cr_assert_eq(prg_update_progress_async(client, FAKE_REFUSED_JOB, PRG_STAGE_QUEUED, NULL, results_note, NULL),
	             PRG_OK);
	results_wait(2);
	const struct seen *good = &results.seen[0], *bad = &results.seen[1];
	cr_assert_eq(good->code, PRG_OK);
	cr_assert_eq(good->context, &mark);
	cr_assert_eq(good->outcome, PRG_OUTCOME_APPLIED);
	cr_assert_eq(good->revision, 42);
	cr_assert(good->cancel_requested);
	cr_assert_eq(good->progress, 37);
	cr_assert_str_eq(good->job_id, "j");
	cr_assert_str_empty(good->error);
	cr_assert_eq(bad->code, PRG_FAILED_PRECONDITION);
	cr_assert_eq(bad->progress, -1);
	cr_assert_str_eq(bad->job_id, FAKE_REFUSED_JOB);
	cr_assert_str_eq(bad->reason, "STAGE_REGRESSION");
	cr_assert_str_eq(bad->error, "not now");
}

Test(prg_async, lets_what_is_called_meanwhile_leave_together_and_in_order)
{
	enum { COUNT = 300, JOBS = 7 };
	results_occupy();
	size_t before = fake_call_count(&fake);
	for (int i = 0; i < COUNT; i++) {
		char job[16];
		snprintf(job, sizeof job, "job-%d", i % JOBS);
		results_advance(job, i);
	}
	results_hold(false);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results_wait(COUNT + 1), COUNT + 1);
	size_t batches = 0;
	double done[JOBS] = {0};
	for (size_t i = before; i < fake_call_count(&fake); i++) {
		struct fake_call call = fake_get_call(&fake, i);
		batches += call.batch == 0;
		if (call.batch == 0)
			continue;
		double *last = &done[atoi(call.job_id + 4)];
		cr_assert(call.done >= *last, "%s: %g came after %g", call.job_id, call.done, *last);
		*last = call.done;
	}
	cr_assert_eq(fake_call_count(&fake) - before - batches, COUNT);
	cr_assert_leq(batches, 4, "%zu batches", batches);
}

Test(prg_async, keeps_a_batch_within_what_the_service_takes)
{
	char message[1025];
	memset(message, 'm', 1024);
	message[1024] = '\0';
	struct prg_update update = {.message = message};
	results_occupy();
	for (int i = 0; i < 2500; i++)
		cr_assert_eq(prg_update_progress_async(client, "long", PRG_STAGE_ANALYZING, &update, NULL, NULL), PRG_OK);
	results_hold(false);
	cr_assert_eq(prg_flush(client), PRG_OK, "%s", prg_error());
	size_t batches = 0, most = 0, size = 0;
	for (size_t i = 2; i < fake_call_count(&fake); i++) {
		bool is_batch = fake_get_call(&fake, i).batch == 0;
		batches += is_batch;
		size = is_batch ? 0 : size + 1;
		most = size > most ? size : most;
	}
	cr_assert_geq(batches, 3);
	cr_assert_leq(most * 1024, 1 << 20);
}

/* One of forty updates is of this job, which has the batch refused as a whole. */
static void refuse_only(const char *bad_job, enum prg_code code)
{
	results_occupy();
	for (int i = 0; i < 40; i++)
		results_advance(i == 23 ? bad_job : "fine", i);
	results_hold(false);
	cr_assert_eq(prg_flush(client), PRG_OK);
	size_t failed = 0;
	cr_assert_eq(results_wait(41), 41);
	for (size_t i = 0; i < 41; i++) {
		bool is_bad = strcmp(results.seen[i].job_id, bad_job) == 0;
		cr_assert_eq(results.seen[i].code, is_bad ? code : PRG_OK);
		failed += is_bad;
	}
	cr_assert_eq(failed, 1);
}

Test(prg_async, does_not_let_one_bad_update_spoil_the_others)
{
	refuse_only(FAKE_POISON_JOB, PRG_INVALID_ARGUMENT);
}

Test(prg_async, does_not_let_one_job_of_others_spoil_ones_own)
{
	refuse_only(FAKE_FOREIGN_JOB, PRG_PERMISSION_DENIED);
}

Test(prg_async, is_bounded)
{
	results_occupy();
	enum prg_code code = PRG_OK;
	long taken = 0;
	while (code == PRG_OK && taken < 100000) {
		code = prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, NULL, NULL, NULL);
		taken += code == PRG_OK;
	}
	cr_assert_eq(code, PRG_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(prg_error_reason(), "TOO_MANY_WAITING");
	cr_assert_eq(taken, 65535, "with the one under way");
	prg_close(client);
	client = NULL;
}

Test(prg_async, refuses_what_it_can_see_to_be_wrong)
{
	struct prg_update bad = {.metadata = NULL, .metadata_count = 1};
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, &bad, results_note, NULL),
	             PRG_INVALID_ARGUMENT);
	cr_assert_eq(
	    prg_update_progress_incremental_async(client, "j", PRG_STAGE_ANALYZING, 1, 0, NULL, results_note, NULL),
	    PRG_INVALID_ARGUMENT);
	char *huge = calloc(1, (1 << 20) + 1);
	memset(huge, 'm', 1 << 20);
	cr_assert_eq(prg_update_progress_by_status_async(client, "j", huge, NULL, results_note, NULL),
	             PRG_RESOURCE_EXHAUSTED);
	free(huge);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results.count, 0);
	cr_assert_eq(fake_call_count(&fake), 0);
}

static void *update_in_thread(void *argument)
{
	return (void *)(intptr_t)prg_update_progress(client, argument, PRG_STAGE_COMPLETED, NULL, NULL);
}

Test(prg_async, is_not_overtaken_by_a_blocking_update_of_the_job)
{
	static char job[] = "first";
	results_occupy();
	results_advance(job, 2);
	pthread_t thread;
	void *code;
	pthread_create(&thread, NULL, update_in_thread, job);
	results_hold(false);
	pthread_join(thread, &code);
	cr_assert_eq((intptr_t)code, PRG_OK);
	struct fake_call last = fake_get_call(&fake, fake_call_count(&fake) - 1);
	cr_assert_str_eq(last.method, "UpdateProgress");
	cr_assert_eq(last.batch, 0);
	cr_assert_eq(results_wait(2), 2);
}

static void call_more(const struct prg_result *result, void *context)
{
	int *left = context;
	struct prg_progress *progress = NULL;
	cr_assert_eq(prg_get_progress(client, result->job_id, &progress), PRG_OK);
	prg_progress_free(progress);
	cr_assert_eq(prg_update_progress(client, result->job_id, PRG_STAGE_ANALYZING, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_FAILED_PRECONDITION);
	prg_result_fn *next = --*left > 0 ? call_more : results_note;
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, NULL, next, context), PRG_OK);
}

Test(prg_async, lets_callbacks_make_calls)
{
	int left = 5;
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, NULL, call_more, &left), PRG_OK);
	results_wait(1);
	cr_assert_eq(left, 0);
}

static void note_cancel(const char *job_id, const char *reason, void *context)
{
	(void)context;
	struct prg_result result = {.job_id = job_id, .reason = reason, .error = ""};
	results_note(&result, NULL);
}

Test(prg_async, tells_of_a_wish_to_cancel_once)
{
	cr_assert_eq(prg_on_cancel(client, note_cancel, NULL), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true, .revision = 5});
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, NULL, NULL, NULL), PRG_OK);
		cr_assert_eq(prg_flush(client), PRG_OK);
	}
	cr_assert_eq(results_wait(1), 1);
	cr_assert_str_eq(results.seen[0].job_id, "j");
	cr_assert_str_eq(results.seen[0].reason, "wrong video");
	prg_close(client);
	client = NULL;
	cr_assert_eq(results.count, 1);
}

Test(prg_flush, has_nothing_to_wait_for_at_first)
{
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(fake_call_count(&fake), 0);
}

Test(prg_flush, tells_once_of_a_failure_that_no_callback_was_told)
{
	cr_assert_eq(prg_update_progress_async(client, FAKE_REFUSED_JOB, PRG_STAGE_QUEUED, NULL, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_update_progress_async(client, "fine", PRG_STAGE_QUEUED, NULL, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_FAILED_PRECONDITION);
	cr_assert_str_eq(prg_error(), "not now");
	cr_assert_str_eq(prg_error_reason(), "STAGE_REGRESSION");
	cr_assert_eq(prg_flush(client), PRG_OK);
}

Test(prg_flush, gives_up_after_the_time_limit_of_its_thread)
{
	results_occupy();
	prg_set_timeout(client, 20);
	cr_assert_eq(prg_flush(client), PRG_DEADLINE_EXCEEDED);
	prg_set_timeout(client, 0);
	results_hold(false);
	cr_assert_eq(prg_flush(client), PRG_OK);
}

static void *call_many(void *argument)
{
	char job[24];
	snprintf(job, sizeof job, "thread-%d", (int)(intptr_t)argument);
	for (int i = 0; i < 400; i++)
		if (prg_update_progress_incremental_async(client, job, PRG_STAGE_ANALYZING, i, 400, NULL, results_note, NULL) !=
		    PRG_OK)
			return (void *)1;
	return (void *)(intptr_t)prg_flush(client);
}

Test(prg_flush, serves_many_threads)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, call_many, (void *)(intptr_t)i);
	for (int i = 0; i < 8; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		cr_assert_eq((intptr_t)wrong, 0);
	}
	cr_assert_eq(results.count, 3200);
	double done[8] = {0};
	for (size_t i = 0; i < fake_call_count(&fake); i++) {
		struct fake_call call = fake_get_call(&fake, i);
		if (call.batch == 0)
			continue;
		double *last = &done[atoi(call.job_id + 7)];
		cr_assert_geq(call.done, *last);
		*last = call.done;
	}
}
