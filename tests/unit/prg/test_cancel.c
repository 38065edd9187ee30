/* Signs of life and the wish to cancel: how a worker that has nothing to report keeps its lease and learns what is
 * asked of it. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

TestSuite(prg_heartbeats, .init = fixture_start, .fini = fixture_stop, .timeout = 60);
TestSuite(prg_on_cancel, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

/* A lease so short that heartbeats come fast. */
static const struct prg_reporter_options lively = {.interval_ms = 1, .attempt = 2, .lease_seconds = 0.03};

static struct prg_reporter *start(const struct prg_reporter_options *options)
{
	struct prg_reporter *reporter;
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 100, options, &reporter), PRG_OK, "%s",
	             prg_error());
	return reporter;
}

/* Waits for the next call of that method from number *index on, which is moved behind it. */
static struct fake_call next_call(const char *method, size_t *index)
{
	for (;;) {
		fake_wait_for_calls(&fake, *index + 1);
		struct fake_call call = fake_get_call(&fake, (*index)++);
		if (strcmp(call.method, method) == 0)
			return call;
	}
}

Test(prg_heartbeats, keep_the_lease_while_nothing_moves)
{
	struct prg_reporter *reporter = start(&lively);
	size_t index = 0;
	struct fake_call first = next_call("UpdateProgress", &index);
	cr_assert_eq(first.lease_ms, 30);
	for (int i = 0; i < 3; i++) {
		struct fake_call beat = next_call("Heartbeat", &index);
		cr_assert_str_eq(beat.job_id, "j");
		cr_assert_str_eq(beat.writer, "tester");
		cr_assert_eq(beat.attempt, 2);
		cr_assert_eq(beat.lease_ms, -1, "the lease stays as it is");
	}
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	cr_assert_eq(fake_get_call(&fake, 1).lease_ms, -1);
}

Test(prg_heartbeats, come_without_a_lease_as_well)
{
	struct prg_reporter *reporter = start(NULL);
	size_t index = 0;
	struct fake_call first = next_call("UpdateProgress", &index), beat = next_call("Heartbeat", &index);
	cr_assert_eq(first.lease_ms, -1);
	cr_assert_eq(beat.lease_ms, -1);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_heartbeats, come_also_when_reports_are_rare)
{
	struct prg_reporter_options options = {.interval_ms = 3600000, .lease_seconds = 0.03};
	struct prg_reporter *reporter = start(&options);
	size_t index = 0;
	next_call("Heartbeat", &index);
	prg_reporter_tick(reporter, 50);
	next_call("Heartbeat", &index);
	next_call("Heartbeat", &index);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	struct fake_call last = next_call("UpdateProgressIncremental", &index);
	cr_assert_float_eq(last.done, 50, 1e-9);
}

Test(prg_heartbeats, tell_a_silent_worker_to_stop)
{
	struct prg_reporter *reporter = start(&lively);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	while (!prg_reporter_tick(reporter, 0))
		;
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_heartbeats, tell_a_silent_worker_that_another_one_took_over)
{
	struct prg_reporter *reporter = start(&lively);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_ABORTED, .message = "attempt 3 has taken over"});
	while (!prg_reporter_tick(reporter, 0))
		;
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_ABORTED);
}

Test(prg_heartbeats, do_not_tell_to_stop_because_of_an_error_that_passes)
{
	struct prg_reporter *reporter = start(&lively);
	size_t index = 0;
	next_call("Heartbeat", &index); /* there is nothing to report any more */
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_RESOURCE_EXHAUSTED, .message = "full"});
	for (int i = 0; i < 3; i++) {
		next_call("Heartbeat", &index);
		cr_assert_not(prg_reporter_tick(reporter, 0));
	}
	fake_set_plan(&fake, (struct fake_plan){0});
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_heartbeats, do_not_delay_the_last_value)
{
	struct prg_reporter *reporter = start(&lively);
	fake_set_plan(&fake, (struct fake_plan){.held = "Heartbeat"});
	size_t index = fake_call_count(&fake);
	next_call("Heartbeat", &index);
	prg_reporter_tick(reporter, 70);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK, "%s", prg_error());
	struct fake_call last = next_call("UpdateProgressIncremental", &index);
	cr_assert_float_eq(last.done, 70, 1e-9);
	fake_set_plan(&fake, (struct fake_plan){0});
}

Test(prg_heartbeats, go_on_after_the_service_was_away)
{
	struct prg_reporter *reporter = start(&lively);
	fake_leave(&fake);
	fake_arrive(&fake);
	size_t index = fake_call_count(&fake);
	next_call("Heartbeat", &index);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_heartbeats, end_with_the_client_while_one_has_no_answer)
{
	struct prg_reporter *reporter = start(&lively);
	fake_set_plan(&fake, (struct fake_plan){.held = "Heartbeat"});
	size_t index = fake_call_count(&fake);
	next_call("Heartbeat", &index);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	start(&lively);
	prg_close(client);
	client = NULL;
}

Test(prg_heartbeats, carry_a_lease_if_asked_to_as_updates_do)
{
	struct prg_update update = {.lease_seconds = 2.5};
	cr_assert_eq(prg_heartbeat(client, "j", 30, NULL), PRG_OK);
	cr_assert_eq(prg_update_progress_explicit(client, "j", PRG_STAGE_ANALYZING, 60, &update, NULL), PRG_OK);
	cr_assert_eq(fake_get_call(&fake, 0).lease_ms, 30000);
	cr_assert_eq(fake_get_call(&fake, 1).lease_ms, 2500);
}

Test(prg_heartbeats, take_no_lease_that_makes_no_sense)
{
	static const double leases[] = {NAN, INFINITY, 1e12};
	for (size_t i = 0; i < sizeof leases / sizeof *leases; i++) {
		struct prg_reporter *reporter;
		struct prg_update update = {.lease_seconds = leases[i]};
		struct prg_reporter_options options = {.lease_seconds = leases[i]};
		cr_assert_eq(prg_heartbeat(client, "j", leases[i], NULL), PRG_INVALID_ARGUMENT);
		cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_ANALYZING, &update, NULL), PRG_INVALID_ARGUMENT);
		cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 1, &options, &reporter),
		             PRG_INVALID_ARGUMENT);
		cr_assert(strstr(prg_error(), "lease_seconds"), "%s", prg_error());
	}
	cr_assert_eq(fake_call_count(&fake), 0);
}

/* What a callback saw. */
struct told {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t count;
	char job_id[40];
	char reason[40];
	pthread_t thread;
	enum prg_code code; /* of a call made by the callback */
};

static struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void note(const char *job_id, const char *reason, void *context)
{
	cr_assert_eq(context, &told);
	enum prg_code code = prg_update_progress(client, job_id, PRG_STAGE_CANCELLED, NULL, NULL);
	pthread_mutex_lock(&told.lock);
	told.count++;
	told.code = code;
	told.thread = pthread_self();
	strncpy(told.job_id, job_id, sizeof told.job_id - 1);
	strncpy(told.reason, reason, sizeof told.reason - 1);
	pthread_cond_broadcast(&told.changed);
	pthread_mutex_unlock(&told.lock);
}

static void wait_until_told(size_t count)
{
	pthread_mutex_lock(&told.lock);
	while (told.count < count)
		pthread_cond_wait(&told.changed, &told.lock);
	pthread_mutex_unlock(&told.lock);
	cr_assert_eq(told.count, count);
}

Test(prg_on_cancel, calls_back_from_a_thread_of_its_own_that_may_make_calls)
{
	cr_assert_eq(prg_on_cancel(client, note, &told), PRG_OK);
	struct prg_reporter *reporter = start(&lively);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	wait_until_told(1);
	cr_assert(prg_reporter_tick(reporter, 1), "the flag is there before the call");
	cr_assert_str_eq(told.job_id, "j");
	cr_assert_str_eq(told.reason, "wrong video");
	cr_assert_eq(told.code, PRG_OK);
	cr_assert_not(pthread_equal(told.thread, pthread_self()));
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_on_cancel, calls_back_once_for_each_job)
{
	cr_assert_eq(prg_on_cancel(client, note, &told), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	for (int i = 0; i < 5; i++)
		cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_ANALYZING, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_reporter_finish(start(&lively), NULL), PRG_OK);
	cr_assert_eq(prg_heartbeat(client, "k", 0, NULL), PRG_OK);
	wait_until_told(2); /* of j, whose calls came before, and of k */
	cr_assert_str_eq(told.job_id, "k");
}

Test(prg_on_cancel, tells_of_more_jobs_than_it_remembers)
{
	cr_assert_eq(prg_on_cancel(client, note, &told), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	for (size_t i = 1; i <= 200; i++) {
		char name[16];
		snprintf(name, sizeof name, "job-%zu", i);
		cr_assert_eq(prg_heartbeat(client, name, 0, NULL), PRG_OK);
	}
	wait_until_told(200);
}

Test(prg_on_cancel, does_not_call_for_a_job_that_has_ended_or_when_taken_back)
{
	cr_assert_eq(prg_on_cancel(client, note, &told), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true, .ended = true});
	cr_assert_eq(prg_update_progress(client, "ended", PRG_STAGE_COMPLETED, NULL, NULL), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	cr_assert_eq(prg_on_cancel(client, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_heartbeat(client, "unheard", 0, NULL), PRG_OK);
	cr_assert_eq(prg_on_cancel(client, note, &told), PRG_OK);
	cr_assert_eq(prg_heartbeat(client, "j", 0, NULL), PRG_OK);
	wait_until_told(1);
	cr_assert_str_eq(told.job_id, "j");
}
