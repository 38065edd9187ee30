/* Leases: who counts as silent and when, what counts as a sign of life, and what a failing store may not change. */
#include <criterion/criterion.h>
#include <string.h>

#include "life.h"
#include "support/random.h"

enum { LEASE_MS = 1000, HOUR_MS = 60 * 60 * 1000 };

static struct stand *stand;

static void start(void)
{
	stand = life_start();
	life_update(stand, "a", with_lease(to_stage(STAGE_DOWNLOADING), LEASE_MS));
	stand_forget_log(stand);
}

static void stop(void)
{
	life_stop(stand);
}

TestSuite(corridor_leases, .init = start, .fini = stop);

Test(corridor_leases, stall_a_silent_job_at_the_end_of_its_lease_and_not_before)
{
	life_walk_at(stand, LEASE_MS - 1);
	cr_assert_str_eq(stand->log, "");
	life_walk_at(stand, LEASE_MS);
	cr_assert_str_eq(stand->log, "commit:1 told:a@2<1U ");
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
	life_walk_at(stand, 100 * LEASE_MS);
	cr_assert_str_eq(stand->log, "commit:1 told:a@2<1U ", "a stalled job stalls once");
}

Test(corridor_leases, say_when_to_look_next)
{
	life_walk_at(stand, 1); /* after it looked for what has expired */
	stand->corridor.expiry_due_ms = INT64_MAX;
	cr_assert_eq(corridor_next_due(&stand->corridor), stand->now.steady_ms - 1 + LEASE_MS);
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	cr_assert_eq(leases_next_due(&stand->corridor.leases), INT64_MAX);
	cr_assert_eq(corridor_next_due(&stand->corridor), lessons_next_due(&stand->corridor.lessons));
}

Test(corridor_leases, leave_jobs_without_one_alone)
{
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	life_walk_at(stand, HOUR_MS);
	cr_assert_eq(life_state(stand, "b"), JOB_STATE_ACTIVE);
}

Test(corridor_leases, have_no_false_stall_in_an_hour_of_heartbeats_with_jitter)
{
	struct random random;
	random_start(&random, "corridor_leases");
	size_t commits = stand->store.commits;
	for (int64_t now_ms = 0; now_ms < HOUR_MS;) {
		now_ms += LEASE_MS / 3 + (int64_t)random_below(&random, LEASE_MS / 3) - LEASE_MS / 6;
		struct sight *sign = life_sign(stand, "a", 0, 0);
		life_walk_at(stand, now_ms);
		cr_assert_eq(sign->call.fault.code, ERR_OK);
	}
	cr_assert_str_eq(stand->log, "");
	cr_assert_eq(stand->store.commits, commits, "a heartbeat costs no commit");
}

Test(corridor_leases, are_renewed_by_a_sign_that_comes_with_the_silence)
{
	life_sign(stand, "a", 0, 0);
	life_walk_at(stand, LEASE_MS);
	cr_assert_str_eq(stand->log, "");
	life_walk_at(stand, 2 * LEASE_MS - 1);
	cr_assert_str_eq(stand->log, "");
	life_walk_at(stand, 2 * LEASE_MS);
	cr_assert_str_eq(stand->log, "commit:1 told:a@2<1U ");
}

Test(corridor_leases, are_renewed_while_the_clock_on_the_wall_stands_still_or_goes_back)
{
	for (int i = 1; i < 10; i++) {
		stand->now.wall_ms -= 100;
		stand->now.steady_ms += LEASE_MS * 2 / 3;
		if (i % 2 == 0)
			life_sign(stand, "a", 0, 0);
		else
			ask_update(stand, "u", "a", to_stage(STAGE_DOWNLOADING));
		stand_walk(stand);
		cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	}
}

Test(corridor_leases, are_set_and_changed_by_heartbeats)
{
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	struct sight *sign = life_sign(stand, "b", 0, 5 * LEASE_MS);
	stand_walk(stand);
	cr_assert_eq(sign->info->revision, 2);
	life_walk_at(stand, 5 * LEASE_MS - 1);
	cr_assert_eq(life_state(stand, "b"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 5 * LEASE_MS);
	cr_assert_eq(life_state(stand, "b"), JOB_STATE_STALLED);
}

/* What comes at two thirds of the lease and is no sign of life. */
static void check_is_no_sign(void)
{
	life_walk_at(stand, LEASE_MS * 2 / 3);
	life_walk_at(stand, LEASE_MS - 1);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, are_not_renewed_by_readers)
{
	ask_read(stand, "r", "a");
	life_watch(stand, "a", (struct view){0});
	check_is_no_sign();
}

Test(corridor_leases, are_not_renewed_by_who_asks_for_the_end)
{
	life_cancel(stand, "a", "enough");
	check_is_no_sign();
}

Test(corridor_leases, are_not_renewed_by_an_overtaken_update)
{
	struct job_update update = with_message(to_stage(STAGE_DOWNLOADING), "x");
	update.origin = (struct job_origin){.writer = "w", .sequence = 5};
	life_update(stand, "a", update);
	update.origin.sequence = 4;
	ask_update(stand, "late", "a", update);
	check_is_no_sign();
}

Test(corridor_leases, are_not_renewed_by_a_refused_update)
{
	ask_update(stand, "back", "a", to_stage(STAGE_QUEUED));
	check_is_no_sign();
}

Test(corridor_leases, end_together_with_a_wish_for_the_end)
{
	life_cancel(stand, "a", "enough");
	life_walk_at(stand, LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

static void check_comes_back(void)
{
	life_walk_at(stand, 3 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 4 * LEASE_MS - 1);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 4 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, bring_a_stalled_job_back_with_a_heartbeat)
{
	life_walk_at(stand, LEASE_MS);
	life_sign(stand, "a", 0, 0);
	check_comes_back();
}

Test(corridor_leases, bring_a_stalled_job_back_with_an_update_that_moves_nothing)
{
	life_walk_at(stand, LEASE_MS);
	ask_update(stand, "same", "a", to_stage(STAGE_DOWNLOADING));
	check_comes_back();
}

Test(corridor_leases, lose_a_job_that_says_so)
{
	life_create(stand, (struct job_creation){.job_id = "b", .lost_after_ms = 500});
	life_update(stand, "b", with_lease(to_stage(STAGE_DOWNLOADING), LEASE_MS));
	life_walk_at(stand, LEASE_MS);
	life_walk_at(stand, LEASE_MS + 499);
	cr_assert_eq(life_state(stand, "b"), JOB_STATE_STALLED);
	stand_forget_log(stand);
	life_walk_at(stand, LEASE_MS + 500);
	cr_assert_str_eq(stand->log, "commit:1 told:b@4<3E ");
	struct job *job = fake_store_find(&stand->store, "b");
	cr_assert_eq(job->view.state, JOB_STATE_FAILED);
	cr_assert_eq(strncmp(job->view.error, "LOST", 4), 0);
	job_destroy(job);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED, "for ever, if nobody says when it is lost");
}

Test(corridor_leases, lose_a_job_as_configured)
{
	stand->corridor.options.default_lost_after_ms = 500;
	life_walk_at(stand, LEASE_MS);
	life_walk_at(stand, LEASE_MS + 499);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
	life_walk_at(stand, LEASE_MS + 500);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_FAILED);
}

Test(corridor_leases, do_not_let_a_wish_for_the_end_put_off_the_loss)
{
	stand->corridor.options.default_lost_after_ms = 500;
	life_walk_at(stand, LEASE_MS);
	life_cancel(stand, "a", "enough");
	life_walk_at(stand, LEASE_MS + 400);
	life_walk_at(stand, LEASE_MS + 500);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_FAILED);
}

Test(corridor_leases, are_adopted_after_a_restart_and_begin_anew)
{
	life_walk_at(stand, 600);
	life_restart(stand);
	life_walk_at(stand, 600 + LEASE_MS - 1);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 600 + LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, of_stalled_jobs_are_adopted_too)
{
	stand->corridor.options.default_lost_after_ms = 500;
	life_walk_at(stand, LEASE_MS);
	life_restart(stand);
	life_walk_at(stand, LEASE_MS + 499);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
	life_walk_at(stand, LEASE_MS + 500);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_FAILED);
}

Test(corridor_leases, end_with_their_job)
{
	life_update(stand, "b", with_lease(to_stage(STAGE_DOWNLOADING), LEASE_MS));
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	ask_delete(stand, "d", "b");
	stand_walk(stand);
	cr_assert_not(leases_has(&stand->corridor.leases, "a"));
	cr_assert_not(leases_has(&stand->corridor.leases, "b"));
	cr_assert_eq(stand->corridor.leases.timers.count, 0);
}

static void fail_next_commit(void)
{
	stand->store.commit_err = ERR_UNAVAILABLE;
	stand->store.commit_failures = 1;
}

Test(corridor_leases, stall_a_silent_job_later_when_the_store_fails)
{
	fail_next_commit();
	life_walk_at(stand, LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	cr_assert_gt(corridor_next_due(&stand->corridor), stand->now.steady_ms, "it must not be tried without a pause");
	life_walk_at(stand, 2 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, stall_a_silent_job_later_when_it_cannot_be_loaded)
{
	cache_drop(&stand->corridor.cache, cache_get(&stand->corridor.cache, "a"));
	stand->store.load_err = ERR_UNAVAILABLE;
	stand->store.load_failures = 1;
	life_walk_at(stand, LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE);
	life_walk_at(stand, 2 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, live_on_when_the_end_could_not_be_committed)
{
	fail_next_commit();
	ask_update(stand, "end", "a", to_stage(STAGE_COMPLETED));
	stand_walk(stand);
	life_walk_at(stand, 2 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, live_on_when_the_deletion_could_not_be_committed)
{
	fail_next_commit();
	ask_delete(stand, "d", "a");
	stand_walk(stand);
	life_walk_at(stand, 2 * LEASE_MS);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}

Test(corridor_leases, do_not_stall_a_job_whose_update_could_not_be_committed_before_its_time)
{
	fail_next_commit();
	ask_update(stand, "u", "a", with_lease(to_stage(STAGE_ANALYZING), 10));
	life_walk_at(stand, 500);
	life_walk_at(stand, 520);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_ACTIVE, "the lease of 10 ms never came to be");
	life_walk_at(stand, 2 * LEASE_MS + 500);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
}
