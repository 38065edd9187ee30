/* Reporters: the last value arrives, not more reports than allowed, and the worker learns when to stop. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "fixture.h"

TestSuite(prg_reporter, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

static const struct prg_reporter_options quick = {.interval_ms = 1};

static struct prg_reporter *start(double total, const struct prg_reporter_options *options)
{
	struct prg_reporter *reporter;
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, total, options, &reporter), PRG_OK, "%s",
	             prg_error());
	return reporter;
}

/* That was not a heartbeat. */
static struct fake_call last_call(void)
{
	size_t index = fake_call_count(&fake) - 1;
	while (strcmp(fake_get_call(&fake, index).method, "Heartbeat") == 0)
		index--;
	return fake_get_call(&fake, index);
}

Test(prg_reporter, enters_the_stage_and_sends_the_last_value)
{
	struct prg_reporter_options options = {.attempt = 2};
	struct prg_reporter *reporter = start(1000, &options);
	struct fake_call first = fake_get_call(&fake, 0);
	cr_assert_str_eq(first.method, "UpdateProgress");
	cr_assert_eq(first.stage, PRG_STAGE_ANALYZING);
	cr_assert_eq(first.attempt, 2);
	for (uint64_t done = 1; done <= 777; done++)
		cr_assert_not(prg_reporter_tick(reporter, done));
	struct prg_progress *progress;
	cr_assert_eq(prg_reporter_finish(reporter, &progress), PRG_OK);
	cr_assert_str_eq(progress->job_id, "j");
	prg_progress_free(progress);
	struct fake_call last = last_call();
	cr_assert_str_eq(last.method, "UpdateProgressIncremental");
	cr_assert_float_eq(last.done, 777, 1e-9);
	cr_assert_float_eq(last.total, 1000, 1e-9);
	cr_assert_eq(last.attempt, 2);
	cr_assert_eq(prg_reporter_finish(NULL, NULL), PRG_OK);
}

Test(prg_reporter, sends_a_value_without_being_asked_to)
{
	struct prg_reporter *reporter = start(10, &quick);
	prg_reporter_tick(reporter, 4);
	for (size_t i = 1; fake_get_call(&fake, fake_wait_for_calls(&fake, i) - 1).done != 4; i++)
		;
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_reporter, never_reports_less_than_before_nor_more_than_all)
{
	struct prg_reporter *reporter = start(10, &quick);
	prg_reporter_tick(reporter, 8);
	for (size_t i = 1; fake_get_call(&fake, fake_wait_for_calls(&fake, i) - 1).done != 8; i++)
		;
	prg_reporter_tick(reporter, 3);
	prg_reporter_set_total(reporter, 20);
	prg_reporter_set_total(reporter, -1);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	cr_assert_float_eq(last_call().done, 8, 1e-9);
	cr_assert_float_eq(last_call().total, 20, 1e-9);
	reporter = start(10, NULL);
	prg_reporter_tick(reporter, 11);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	cr_assert_float_eq(last_call().done, 10, 1e-9);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

Test(prg_reporter, sends_at_most_one_report_in_an_interval)
{
	struct prg_reporter_options options = {.interval_ms = 20};
	int64_t begin_ms = now_ms();
	struct prg_reporter *reporter = start(1e12, &options);
	uint64_t done = 0;
	while (fake_call_count(&fake) < 10)
		prg_reporter_tick(reporter, ++done);
	int64_t spent_ms = now_ms() - begin_ms;
	size_t reports = fake_call_count(&fake) - 1;
	cr_assert_leq(reports, (size_t)(spent_ms / options.interval_ms) + 1, "%zu reports in %lld ms", reports,
	              (long long)spent_ms);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	cr_assert_float_eq(last_call().done, (double)done, 1e-9);
}

Test(prg_reporter, says_stop_when_the_job_is_to_be_cancelled)
{
	struct prg_reporter *reporter = start(1e12, &quick);
	cr_assert_not(prg_reporter_tick(reporter, 1));
	fake_set_plan(&fake, (struct fake_plan){.cancel_asked = true});
	uint64_t done = 1;
	while (!prg_reporter_tick(reporter, done))
		done++;
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	reporter = start(10, NULL);
	cr_assert(prg_reporter_tick(reporter, 1), "known since the stage was entered");
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_reporter, says_stop_when_another_attempt_has_taken_over)
{
	struct prg_reporter *reporter = start(1e12, &quick);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_ABORTED, .message = "attempt 2 has taken over"});
	uint64_t done = 1;
	while (!prg_reporter_tick(reporter, done))
		done++;
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_ABORTED);
	cr_assert_str_eq(prg_error(), "attempt 2 has taken over");
}

Test(prg_reporter, does_not_lose_the_last_value_while_the_service_is_away)
{
	struct prg_reporter *reporter = start(1000, &quick);
	fake_leave(&fake);
	for (uint64_t done = 1; done <= 600; done++)
		prg_reporter_tick(reporter, done);
	fake_arrive(&fake);
	for (size_t i = 1; fake_get_call(&fake, fake_wait_for_calls(&fake, i) - 1).done != 600; i++)
		;
	fake_set_plan(&fake, (struct fake_plan){.drops_left = 2});
	prg_reporter_tick(reporter, 700);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK, "%s", prg_error());
	cr_assert_float_eq(last_call().done, 700, 1e-9);
}

/* Waits until a report of that value has come in since call number `from`. */
static void wait_for_report(size_t from, double done)
{
	for (size_t i = from;; i++) {
		fake_wait_for_calls(&fake, i + 1);
		struct fake_call call = fake_get_call(&fake, i);
		if (strcmp(call.method, "UpdateProgressIncremental") == 0 && call.done == done)
			return;
	}
}

Test(prg_reporter, tells_a_service_anew_that_has_lost_the_job)
{
	struct prg_reporter *reporter = start(1000, &quick);
	prg_reporter_tick(reporter, 5);
	wait_for_report(0, 5);
	size_t before = fake_call_count(&fake);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_NOT_FOUND, .message = "no such job", .failures_left = 1});
	wait_for_report(before, 5);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_reporter, tells_a_service_anew_that_has_lost_an_update)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 10});
	struct prg_reporter *reporter = start(1000, &quick);
	prg_reporter_tick(reporter, 5);
	wait_for_report(0, 5);
	size_t before = fake_call_count(&fake);
	fake_set_plan(&fake, (struct fake_plan){.revision = 3});
	wait_for_report(before, 5);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_reporter, finishes_in_time_when_the_service_does_not_answer)
{
	struct prg_reporter *reporter = start(1000, &quick);
	size_t before = fake_call_count(&fake);
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	prg_reporter_tick(reporter, 5);
	fake_wait_for_calls(&fake, before + 1);
	prg_set_timeout(client, 30);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_DEADLINE_EXCEEDED);
	prg_set_timeout(client, 0);
	fake_set_plan(&fake, (struct fake_plan){0});
	reporter = start(10, &quick);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
}

Test(prg_reporter, sends_a_message_with_the_next_report)
{
	struct prg_reporter *reporter = start(10, &quick);
	prg_reporter_set_message(reporter, "half way");
	for (size_t i = 1; strcmp(fake_get_call(&fake, fake_wait_for_calls(&fake, i) - 1).message, "half way") != 0; i++)
		;
	char large[1200];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	memcpy(large + 1023, "\xc3\xa4", 2); /* does not fit as a whole */
	prg_reporter_set_message(reporter, large);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK);
	cr_assert_eq(strspn(last_call().message, "x"), 1023);
	cr_assert_eq(strlen(last_call().message), 1023);
}

Test(prg_reporter, refuses_what_makes_no_sense)
{
	struct prg_reporter *reporter;
	struct prg_reporter_options options = {.interval_ms = -1};
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 0, NULL, &reporter), PRG_INVALID_ARGUMENT);
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 1, &options, &reporter), PRG_INVALID_ARGUMENT);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_FAILED_PRECONDITION, .message = "has ended"});
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 1, NULL, &reporter), PRG_FAILED_PRECONDITION);
	cr_assert_str_eq(prg_error(), "has ended");
}

Test(prg_reporter, is_ended_by_closing_the_client)
{
	for (int i = 0; i < 3; i++)
		prg_reporter_tick(start(10, &quick), 1);
	prg_close(client);
	client = NULL;
}
