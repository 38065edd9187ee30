/* Which changes concern a watcher: all combinations of place before and after, against the rule said plainly. */
#include "feed/filter.h"

#include <criterion/criterion.h>

#define BIT(number) (UINT64_C(1) << (number))

static struct feed_facts facts(int previous_state, int previous_stage, int state, int stage)
{
	return (struct feed_facts){.job_id = "job-1",
	                           .pipeline = "clips",
	                           .parent = "film",
	                           .state = state,
	                           .stage = stage,
	                           .previous_state = previous_state,
	                           .previous_stage = previous_stage};
}

static bool passes(struct feed_filter filter)
{
	struct feed_facts change = facts(1, 2, 1, 3);
	return feed_filter_lets_pass(&filter, &change);
}

Test(feed_filter_lets_pass, lets_all_pass_when_it_asks_for_nothing)
{
	cr_assert(passes((struct feed_filter){0}));
}

Test(feed_filter_lets_pass, compares_names_as_a_whole_and_prefixes_from_the_start)
{
	cr_assert(passes((struct feed_filter){.pipeline = "clips"}));
	cr_assert_not(passes((struct feed_filter){.pipeline = "clip"}));
	cr_assert(passes((struct feed_filter){.parent = "film"}));
	cr_assert_not(passes((struct feed_filter){.parent = "films"}));
	cr_assert(passes((struct feed_filter){.job_id_prefix = "job"}));
	cr_assert(passes((struct feed_filter){.job_id_prefix = "job-1"}));
	cr_assert_not(passes((struct feed_filter){.job_id_prefix = "job-11"}));
	cr_assert_not(passes((struct feed_filter){.job_id_prefix = "ob"}));
}

Test(feed_filter_lets_pass, asks_for_all_parts_together)
{
	struct feed_filter filter = {
	    .states = BIT(1), .stages = BIT(3), .pipeline = "clips", .parent = "film", .job_id_prefix = "job"};
	cr_assert(passes(filter));
	filter.parent = "other";
	cr_assert_not(passes(filter));
}

Test(feed_filter_lets_pass, knows_the_jobs_that_are_named)
{
	const char *ids[] = {"job-3", "job-1", "job-2", "job-1", "job-3"};
	struct feed_filter filter = {.job_ids = ids, .job_id_count = 5};
	feed_filter_sort_ids(&filter);
	cr_assert_eq(filter.job_id_count, 3);
	cr_assert(passes(filter));
	filter.job_id_prefix = "other";
	cr_assert_not(passes(filter), "the other parts count, too");
	const char *others[] = {"job-11", "job", "a"};
	filter = (struct feed_filter){.job_ids = others, .job_id_count = 3};
	feed_filter_sort_ids(&filter);
	cr_assert_not(passes(filter));
}

Test(feed_filter_lets_pass, knows_the_largest_numbers)
{
	struct feed_facts change = facts(63, 63, 63, 63);
	struct feed_filter filter = {.states = BIT(63), .stages = BIT(63)};
	cr_assert(feed_filter_lets_pass(&filter, &change));
	filter.states = BIT(31);
	cr_assert_not(feed_filter_lets_pass(&filter, &change));
}

/* It passes now, or it passed until now. */
static bool should_pass(const struct feed_filter *filter, const struct feed_facts *change)
{
	bool now = (filter->states == 0 || (filter->states & BIT(change->state))) &&
	           (filter->stages == 0 || (filter->stages & BIT(change->stage)));
	bool before = change->previous_state != 0 &&
	              (filter->states == 0 || (filter->states & BIT(change->previous_state))) &&
	              (filter->stages == 0 || (filter->stages & BIT(change->previous_stage)));
	return now || before;
}

static void check_all_changes(const struct feed_filter *filter)
{
	for (int place = 0; place < 4 * 4 * 4 * 4; place++) {
		bool is_new = place % 4 == 0;
		struct feed_facts change =
		    facts(place % 4, is_new ? 0 : 1 + place / 4 % 4 % 3, 1 + place / 16 % 4 % 3, 1 + place / 64 % 3);
		cr_assert_eq(feed_filter_lets_pass(filter, &change), should_pass(filter, &change),
		             "states %d stages %d: (%d, %d) to (%d, %d)", (int)filter->states, (int)filter->stages,
		             change.previous_state, change.previous_stage, change.state, change.stage);
	}
}

Test(feed_filter_lets_pass, lets_pass_what_passes_now_or_has_passed_until_now)
{
	for (uint64_t states = 0; states < 8; states++)
		for (uint64_t stages = 0; stages < 8; stages++)
			check_all_changes(&(struct feed_filter){.states = states << 1, .stages = stages << 1});
}
