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
