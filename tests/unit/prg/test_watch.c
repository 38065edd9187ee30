/* Watching a job to its end. */
#include <criterion/criterion.h>

#include "fixture.h"

TestSuite(prg_watch, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

struct seen {
	uint64_t revisions[32];
	size_t count;
	size_t count_max; /* stop after so many; 0: never */
	bool final;
};

static bool note(const struct prg_progress *progress, void *context)
{
	struct seen *seen = context;
	seen->revisions[seen->count++] = progress->revision;
	seen->final = prg_progress_is_final(progress);
	return seen->count != seen->count_max;
}

Test(prg_watch, shows_each_state_once_and_the_end_last)
{
	fake_set_plan(&fake, (struct fake_plan){.ends_at = 5});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK, "%s", prg_error());
	cr_assert_eq(seen.count, 5);
	cr_assert(seen.final);
	for (size_t i = 0; i < seen.count; i++)
		cr_assert_eq(seen.revisions[i], i + 1);
}

Test(prg_watch, asks_for_the_latest_and_prg_watch_every_for_all)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 4, .ended = true});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert_eq(prg_watch_every(client, "j", note, &seen), PRG_OK);
	cr_assert_eq(seen.count, 2);
	cr_assert_eq(fake_get_call(&fake, 0).mode, PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST);
	cr_assert_eq(fake_get_call(&fake, 1).mode, PROGRESS__V1__WATCH_MODE__WATCH_MODE_ALL);
}

Test(prg_watch, does_not_show_a_state_twice)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 4, .ended = true});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert_eq(seen.count, 1);
}

Test(prg_watch, ends_when_the_callback_says_so)
{
	fake_set_plan(&fake, (struct fake_plan){.ends_at = 30});
	struct seen seen = {.count_max = 3};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert_eq(seen.count, 3);
	cr_assert_not(seen.final);
}

Test(prg_watch, goes_on_through_lost_answers_and_short_deadlines)
{
	fake_set_plan(
	    &fake,
	    (struct fake_plan){
	        .ends_at = 12, .drops_left = 3, .code = PRG_DEADLINE_EXCEEDED, .message = "late", .failures_left = 5});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert(seen.final);
}

Test(prg_watch, tells_that_there_is_no_such_job)
{
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_NOT_FOUND, .message = "no such job"});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_NOT_FOUND);
	cr_assert_str_eq(prg_error(), "no such job");
	cr_assert_eq(seen.count, 0);
}

Test(prg_watch, goes_on_where_the_answer_before_ended_also_after_a_lost_one)
{
	fake_set_plan(&fake, (struct fake_plan){.ends_at = 4});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	static const char *const tokens[] = {"", "after 1", "after 2", "after 3"};
	for (size_t i = 0; i < 4; i++) {
		struct fake_call call = fake_get_call(&fake, i);
		cr_assert_str_eq(call.method, "WatchProgress");
		cr_assert_str_eq(call.job_id, "j");
		cr_assert_str_eq(call.resume_token, tokens[i]);
		cr_assert_eq(call.mode, PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST);
		cr_assert_eq(call.wait_ms, 30000);
		cr_assert_gt(call.timeout_ms, 30000);
	}
	size_t before = fake_call_count(&fake);
	fake_set_plan(&fake, (struct fake_plan){.revision = 10, .ends_at = 12, .drops_left = 1});
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert_str_eq(fake_get_call(&fake, before).resume_token, "");
	cr_assert_str_eq(fake_get_call(&fake, before + 1).resume_token, "", "the answer was lost");
}

Test(prg_watch, shows_nothing_twice_and_nothing_late_whatever_it_is_told)
{
	fake_set_plan(&fake, (struct fake_plan){.ends_at = 6, .echoes = true});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK);
	cr_assert_eq(seen.count, 6);
	cr_assert(seen.final);
	for (size_t i = 0; i < seen.count; i++)
		cr_assert_eq(seen.revisions[i], i + 1);
}

Test(prg_watch, tells_that_the_job_was_deleted_after_its_last_state)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 3, .deleted = true});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_NOT_FOUND);
	cr_assert_str_eq(prg_error_reason(), "JOB_NOT_FOUND");
	cr_assert_eq(seen.count, 1);
	cr_assert_eq(seen.revisions[0], 3);
	fake_set_plan(&fake, (struct fake_plan){.revision = 4, .ended = true, .deleted = true});
	cr_assert_eq(prg_watch(client, "j", note, &seen), PRG_OK, "it had ended before");
	cr_assert(seen.final);
}

static bool note_and_call(const struct prg_progress *progress, void *context)
{
	cr_assert_eq(prg_heartbeat(client, "other", 0, NULL), PRG_OK);
	return note(progress, context);
}

Test(prg_watch, lets_the_callback_make_calls)
{
	fake_set_plan(&fake, (struct fake_plan){.ends_at = 8, .echoes = true});
	struct seen seen = {0};
	cr_assert_eq(prg_watch(client, "j", note_and_call, &seen), PRG_OK, "%s", prg_error());
	cr_assert(seen.final);
	for (size_t i = 1; i < seen.count; i++)
		cr_assert_gt(seen.revisions[i], seen.revisions[i - 1]);
}
