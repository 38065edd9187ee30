/* Retention: finished jobs go when their time is over, live ones never, and a job that cannot go blocks nobody. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "life.h"

enum { DEFAULT_TTL_MS = 60000, CROWD = 600 };

static struct stand *stand;

static void start(void)
{
	stand = life_start();
}

static void stop(void)
{
	life_stop(stand);
}

TestSuite(corridor_retention, .init = start, .fini = stop);

static void finish_with_ttl(const char *job_id, int64_t ttl_ms)
{
	life_create(stand, (struct job_creation){.job_id = job_id, .ttl_ms = ttl_ms});
	life_update(stand, job_id, to_stage(STAGE_COMPLETED));
}

Test(corridor_retention, forgets_a_finished_job_after_its_own_time)
{
	finish_with_ttl("a", 5000);
	life_walk_at(stand, 4999);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_SUCCEEDED);
	stand_forget_log(stand);
	life_walk_at(stand, 6000);
	cr_assert_str_eq(stand->log, "commit:1 told:a@3<2D ");
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_UNSPECIFIED);
}

Test(corridor_retention, forgets_a_finished_job_after_the_usual_time)
{
	finish_with_ttl("a", 0);
	life_walk_at(stand, DEFAULT_TTL_MS - 1);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_SUCCEEDED);
	life_walk_at(stand, DEFAULT_TTL_MS + 1000);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_UNSPECIFIED);
}

Test(corridor_retention, looks_at_least_every_second)
{
	finish_with_ttl("a", 1000);
	cr_assert_leq(corridor_next_due(&stand->corridor), stand->now.steady_ms + 1000);
}

Test(corridor_retention, never_forgets_a_live_job)
{
	life_create(stand, (struct job_creation){.job_id = "a", .ttl_ms = 1});
	life_update(stand, "b", with_lease(to_stage(STAGE_DOWNLOADING), 1000));
	life_walk_at(stand, 1000);
	life_walk_at(stand, 100 * DEFAULT_TTL_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	cr_assert_eq(life_state(stand, "b"), JOB_STATE_STALLED);
}

Test(corridor_retention, spares_a_job_that_posts_at_that_very_moment)
{
	finish_with_ttl("a", 1000);
	ask_update(stand, "post", "a", to_stage(STAGE_POSTING_TIKTOK));
	life_walk_at(stand, 2000);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 5000);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
}

Test(corridor_retention, tells_those_who_watch)
{
	finish_with_ttl("a", 1000);
	struct sight *first = life_look(stand, "a", (struct view){0}), *all = life_look_at_all(stand, (struct view){0});
	struct sight *next = life_watch(stand, "a", (struct view){.token = first->page->resume_token, .timeout_ms = 9000});
	struct sight *others = life_watch_all(stand, (struct view){.token = all->page->resume_token, .timeout_ms = 9000});
	life_walk_at(stand, 3000);
	cr_assert_str_eq(next->text, "D:a@3<2 ");
	cr_assert_str_eq(others->text, "D:a@3<2 ");
}

static void finish_crowd(void)
{
	static char names[CROWD][16];
	for (int i = 0; i < CROWD; i++) {
		snprintf(names[i], sizeof names[i], "job-%d", i);
		ask_update(stand, "u", names[i], to_stage(STAGE_COMPLETED));
	}
	stand_walk(stand);
}

Test(corridor_retention, forgets_a_crowd_without_resting_in_between)
{
	finish_crowd();
	life_walk_at(stand, DEFAULT_TTL_MS + 1000);
	for (int i = 0; i < 3; i++) {
		cr_assert_leq(corridor_next_due(&stand->corridor), stand->now.steady_ms + 1000);
		stand_walk(stand);
	}
	cr_assert_eq(life_state(stand, "job-0"), JOB_STATE_UNSPECIFIED);
	cr_assert_eq(life_state(stand, "job-599"), JOB_STATE_UNSPECIFIED);
	cr_assert_gt(corridor_next_due(&stand->corridor), stand->now.steady_ms);
}

Test(corridor_retention, rests_while_the_store_fails)
{
	finish_crowd();
	stand->store.commit_err = ERR_UNAVAILABLE;
	stand->store.commit_failures = 1;
	life_walk_at(stand, DEFAULT_TTL_MS + 1000);
	cr_assert_eq(life_state(stand, "job-0"), JOB_STATE_SUCCEEDED);
	cr_assert_gt(corridor_next_due(&stand->corridor), stand->now.steady_ms);
	life_walk_at(stand, DEFAULT_TTL_MS + 2000);
	for (int i = 0; i < 2; i++)
		stand_walk(stand);
	cr_assert_eq(life_state(stand, "job-0"), JOB_STATE_UNSPECIFIED);
}

Test(corridor_retention, holds_what_was_configured_when_the_job_ended)
{
	finish_crowd();
	stand->corridor.options.default_ttl_ms = 10 * DEFAULT_TTL_MS;
	life_walk_at(stand, DEFAULT_TTL_MS + 1000);
	for (int i = 0; i < 3; i++)
		stand_walk(stand);
	cr_assert_gt(corridor_next_due(&stand->corridor), stand->now.steady_ms, "the corridor must not spin");
	cr_assert_eq(life_state(stand, "job-599"), JOB_STATE_UNSPECIFIED);
}
