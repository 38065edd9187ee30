/* Calls that wait for changes. Times are steady ms from the start of the stand. */
#include <criterion/criterion.h>
#include <string.h>

#include "stand.h"

static struct stand *stand;

static void start(void)
{
	stand = stand_create(1000);
	ask_update(stand, "start", "a", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	stand_forget_log(stand);
}

static void stop(void)
{
	stand_destroy(stand);
}

TestSuite(corridor_wait, .init = start, .fini = stop);

static struct asked *await(const char *name, const char *job_id, uint64_t after_revision, int64_t timeout_ms)
{
	return ask_wait(stand, name, job_id, (struct wish){.after_revision = after_revision, .timeout_ms = timeout_ms}, 1);
}

static struct asked *await_creation(const char *name, const char *job_id, int64_t timeout_ms)
{
	return ask_wait(stand, name, job_id, (struct wish){.timeout_ms = timeout_ms, .for_creation = true}, 1);
}

Test(corridor_wait, is_answered_at_once_when_the_job_is_beyond_the_revision)
{
	struct asked *wait = await("w", "a", 0, 100);
	stand_walk(stand);
	cr_assert_eq(wait->info->revision, 1);
	cr_assert_not(wait->timed_out);
	cr_assert_eq(corridor_next_due(&stand->corridor), stand->corridor.expiry_due_ms);
}

Test(corridor_wait, is_answered_at_once_when_the_job_is_behind_the_revision)
{
	struct asked *wait = await("w", "a", 9, 100);
	stand_walk(stand);
	cr_assert_eq(wait->info->revision, 1);
	cr_assert_not(wait->timed_out);
}

Test(corridor_wait, is_answered_at_once_without_a_timeout)
{
	struct asked *wait = await("w", "a", 1, 0), *creation = await_creation("c", "b", 0);
	stand_walk(stand);
	cr_assert(wait->timed_out);
	cr_assert_eq(wait->info->revision, 1);
	cr_assert_eq(creation->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, is_refused_at_once_for_an_unknown_job)
{
	struct asked *wait = await("w", "b", 0, 100);
	stand_walk(stand);
	cr_assert_eq(wait->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, is_answered_by_the_change_after_its_commit)
{
	struct asked *wait = await("w", "a", 1, 100);
	stand_walk(stand);
	cr_assert_eq(wait->replies, 0);
	ask_read(stand, "r", "a");
	ask_update(stand, "o", "b", to_stage(STAGE_DOWNLOADING));
	stand_walk_at(stand, 50);
	cr_assert_eq(wait->replies, 0);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	stand_forget_log(stand);
	stand_walk_at(stand, 99);
	cr_assert_str_eq(stand->log, "commit:1 told:a@2<1U reply:x reply:w ");
	cr_assert_eq(wait->info->revision, 2);
	cr_assert_not(wait->timed_out);
	cr_assert_eq(corridor_next_due(&stand->corridor), stand->corridor.expiry_due_ms);
}

Test(corridor_wait, is_answered_by_a_change_in_the_same_batch)
{
	struct asked *early = await("e", "a", 1, 100);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	ask_update(stand, "y", "a", to_stage(STAGE_PROCESSING));
	struct asked *late = await("l", "a", 2, 100), *parked = await("p", "a", 3, 100);
	stand_walk(stand);
	cr_assert_eq(early->info->revision, 3);
	cr_assert_eq(late->info->revision, 3);
	cr_assert_eq(parked->replies, 0);
}

Test(corridor_wait, is_not_answered_by_what_changes_nothing)
{
	struct asked *wait = await("w", "a", 1, 100);
	stand_walk(stand);
	ask_update(stand, "x", "a", to_stage(STAGE_DOWNLOADING));
	ask_update(stand, "y", "a", to_stage(STAGE_QUEUED));
	stand_walk(stand);
	cr_assert_eq(wait->replies, 0);
}

Test(corridor_wait, is_answered_at_the_timeout_with_the_present_state)
{
	struct asked *first = await("f", "a", 1, 100), *second = await("s", "a", 1, 200);
	int64_t started_ms = stand->now.steady_ms;
	stand_walk(stand);
	cr_assert_eq(corridor_next_due(&stand->corridor), started_ms + 100);
	stand_walk_at(stand, 99);
	cr_assert_eq(first->replies, 0);
	stand_walk_at(stand, 100);
	cr_assert(first->timed_out);
	cr_assert_eq(first->info->revision, 1);
	cr_assert_eq(second->replies, 0);
	cr_assert_eq(corridor_next_due(&stand->corridor), started_ms + 200);
	stand_walk_at(stand, 1000);
	cr_assert(second->timed_out);
}

Test(corridor_wait, is_not_timed_out_when_change_and_timeout_come_together)
{
	struct asked *wait = await("w", "a", 1, 100);
	stand_walk(stand);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	stand_walk_at(stand, 100);
	cr_assert_not(wait->timed_out);
	cr_assert_eq(wait->info->revision, 2);
}

Test(corridor_wait, is_answered_not_found_when_the_job_is_deleted)
{
	struct asked *wait = await("w", "a", 1, 100);
	stand_walk(stand);
	ask_delete(stand, "d", "a");
	stand_walk(stand);
	cr_assert_eq(wait->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, behind_a_deletion_in_the_same_batch_is_answered_not_found)
{
	ask_delete(stand, "d", "a");
	struct asked *wait = await("w", "a", 1, 100);
	stand_walk(stand);
	cr_assert_eq(wait->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, for_creation_is_answered_by_the_creation)
{
	struct asked *wait = await_creation("w", "b", 100);
	stand_walk(stand);
	cr_assert_eq(wait->replies, 0);
	ask_update(stand, "x", "b", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_eq(wait->info->revision, 1);
	cr_assert_eq(wait->info->stage, STAGE_ANALYZING);
}

Test(corridor_wait, for_creation_is_answered_not_found_at_the_timeout)
{
	struct asked *wait = await_creation("w", "b", 100);
	stand_walk(stand);
	stand_walk_at(stand, 100);
	cr_assert_eq(wait->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, for_creation_outlives_a_deletion_and_keeps_its_timeout)
{
	struct asked *wait =
	    ask_wait(stand, "w", "a", (struct wish){.after_revision = 1, .timeout_ms = 100, .for_creation = true}, 1);
	stand_walk(stand);
	ask_delete(stand, "d", "a");
	stand_walk_at(stand, 60);
	cr_assert_eq(wait->replies, 0);
	stand_walk_at(stand, 100);
	cr_assert_eq(wait->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_wait, is_cancelled_with_its_peer_and_no_other)
{
	struct wish parked = {.after_revision = 1, .timeout_ms = 100};
	struct asked *mine = ask_wait(stand, "m", "a", parked, 7), *twin = ask_wait(stand, "t", "b", parked, 7);
	struct asked *other = ask_wait(stand, "o", "a", parked, 8);
	struct asked *neighbour = ask_wait(stand, "n", "a", parked, 7 + PARKING_ROWS);
	stand_walk(stand);
	cr_assert_eq(twin->call.fault.code, ERR_NOT_FOUND);
	ask_forget(stand, 7);
	stand_walk(stand);
	cr_assert_eq(mine->call.fault.code, ERR_CANCELLED);
	cr_assert_eq(other->replies, 0);
	cr_assert_eq(neighbour->replies, 0);
	ask_forget(stand, 7);
	stand_walk(stand);
	cr_assert_eq(neighbour->replies, 0);
}

Test(corridor_wait, is_cancelled_with_its_peer_even_when_it_is_woken_or_parked_in_the_same_batch)
{
	struct wish parked = {.after_revision = 1, .timeout_ms = 100};
	struct asked *woken = ask_wait(stand, "w", "a", parked, 7);
	stand_walk(stand);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	ask_forget(stand, 7);
	struct asked *parked_now = ask_wait(stand, "p", "a", (struct wish){.after_revision = 2, .timeout_ms = 100}, 7);
	stand_walk(stand);
	cr_assert_eq(woken->replies, 1);
	cr_assert_eq(parked_now->call.fault.code, ERR_CANCELLED);
	cr_assert_eq(stand->corridor.parking.count, 0);
}

Test(corridor_wait, is_told_to_try_again_when_the_service_stops)
{
	struct asked *wait = await("w", "a", 1, 100), *creation = await_creation("c", "b", 100);
	stand_walk(stand);
	corridor_cancel_parked(&stand->corridor);
	cr_assert_eq(wait->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_eq(creation->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_eq(stand->feed.waiter_count, 0);
}

Test(corridor_wait, sees_a_job_made_anew)
{
	struct asked *wait = await("w", "a", 5, 100);
	ask_update(stand, "1", "a", to_stage(STAGE_DOWNLOADED));
	stand_walk(stand);
	cr_assert_eq(wait->info->revision, 1, "after_revision is greater than the job's");
	wait = await("v", "a", 2, 100);
	stand_walk(stand);
	ask_delete(stand, "2", "a");
	ask_update(stand, "3", "a", to_stage(STAGE_QUEUED));
	stand_walk(stand);
	cr_assert_eq(wait->replies, 1);
}

Test(corridor_wait, bears_thousands_and_answers_each_once)
{
	enum { WAITS = 3000 };
	for (int i = 0; i < WAITS; i++)
		ask_wait(stand, "w", i % 2 == 0 ? "a" : "b",
		         (struct wish){.after_revision = i % 2 == 0, .timeout_ms = 1 + i % 100, .for_creation = i % 2 == 1},
		         (uint64_t)i % 50 + 1);
	stand_walk(stand);
	stand_walk_at(stand, 30);
	ask_forget(stand, 3);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	stand_walk_at(stand, 40);
	cr_assert_eq(stand->feed.topics.count, 1);
	stand_walk_at(stand, 100);
	cr_assert_eq(stand->corridor.parking.count, 0);
}
