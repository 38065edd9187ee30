/* What becomes of commands when the store says no. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "stand.h"

static struct stand *stand;

static void start(void)
{
	stand = stand_create(1000);
}

static void stop(void)
{
	stand_destroy(stand);
}

TestSuite(corridor_commit, .init = start, .fini = stop);
TestSuite(corridor_load, .init = start, .fini = stop);

static void fail_commits(enum err err, int times)
{
	stand->store.commit_err = err;
	stand->store.commit_failures = times;
}

static void give(const char *job_id, struct job_update update)
{
	ask_update(stand, "given", job_id, update);
	stand_walk(stand);
	stand_forget_log(stand);
}

static uint64_t revision_of(const char *job_id)
{
	struct asked *read = ask_read(stand, "check", job_id);
	stand_walk(stand);
	return read->info != NULL ? read->info->revision : 0;
}

Test(corridor_commit, answers_the_error_of_a_failed_commit_and_tells_nobody)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	fail_commits(ERR_UNAVAILABLE, 1);
	struct asked *updated = ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	struct asked *created = ask_create(stand, "y", "b", "");
	stand_walk(stand);
	cr_assert_str_eq(stand->log, "fail reply:x reply:y ");
	cr_assert_eq(updated->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_str_eq(updated->call.fault.reason, "FAKE_COMMIT");
	cr_assert_eq(created->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_eq(revision_of("a"), 1);
	cr_assert_eq(revision_of("b"), 0);
}

Test(corridor_commit, lets_the_same_update_be_tried_again_after_a_failure)
{
	struct job_update update = to_stage(STAGE_ANALYZING);
	update.origin = (struct job_origin){.writer = "w", .sequence = 1};
	fail_commits(ERR_RESOURCE_EXHAUSTED, 1);
	struct asked *first = ask_update(stand, "x", "a", update);
	stand_walk(stand);
	struct asked *second = ask_update(stand, "y", "a", update);
	stand_walk(stand);
	cr_assert_eq(first->call.fault.code, ERR_RESOURCE_EXHAUSTED);
	cr_assert_eq(second->outcome, JOB_OUTCOME_APPLIED);
	cr_assert_eq(second->info->revision, 1);
}

Test(corridor_commit, shows_no_reader_what_was_not_committed)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	fail_commits(ERR_UNAVAILABLE, 1);
	struct asked *before = ask_read(stand, "1", "b");
	ask_update(stand, "2", "a", to_stage(STAGE_ANALYZING));
	struct asked *after = ask_read(stand, "3", "a");
	stand_walk(stand);
	cr_assert_eq(before->call.fault.code, ERR_NOT_FOUND, "another job is none of its business");
	cr_assert_eq(after->call.fault.code, ERR_UNAVAILABLE);
}

/* A refusal, too, tells of the state that it was decided on. */
Test(corridor_commit, refuses_nothing_on_the_ground_of_what_was_not_committed)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	fail_commits(ERR_UNAVAILABLE, 1);
	ask_update(stand, "1", "a", to_stage(STAGE_COMPLETED));
	struct asked *next = ask_update(stand, "2", "a", to_stage(STAGE_DOWNLOADED));
	ask_create(stand, "3", "b", "");
	struct asked *twin = ask_create(stand, "4", "b", "");
	stand_walk(stand);
	cr_assert_eq(next->call.fault.code, ERR_UNAVAILABLE, "the job has not ended: %s", next->call.fault.text);
	cr_assert_eq(twin->call.fault.code, ERR_UNAVAILABLE, "there is no such job: %s", twin->call.fault.text);
}

Test(corridor_commit, keeps_a_job_whose_deletion_failed)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	fail_commits(ERR_UNAVAILABLE, 1);
	struct asked *deleted = ask_delete(stand, "x", "a");
	stand_walk(stand);
	cr_assert_eq(deleted->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_str_eq(stand->log, "fail reply:x ");
	cr_assert_eq(revision_of("a"), 1);
}

Test(corridor_commit, wakes_nobody_for_what_was_not_committed)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	struct asked *wait = ask_wait(stand, "w", "a", (struct wish){.after_revision = 1, .timeout_ms = 100}, 1);
	stand_walk(stand);
	fail_commits(ERR_UNAVAILABLE, 1);
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_eq(wait->replies, 0);
	ask_update(stand, "y", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_eq(wait->replies, 1);
	cr_assert_eq(wait->info->revision, 2);
}

/* Before DATA_LOSS is told, nobody may have been answered. */
static void leave_with_7(const struct fault *fault)
{
	bool is_early = strstr(stand->log, "reply") == NULL && strstr(stand->log, "told") == NULL;
	_Exit(is_early && fault->code == ERR_DATA_LOSS ? 7 : 1);
}

Test(corridor_commit, calls_on_data_loss_before_anybody_is_answered, .exit_code = 7)
{
	stand->corridor.options.on_data_loss = leave_with_7;
	fail_commits(ERR_DATA_LOSS, 1);
	ask_update(stand, "x", "a", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
}

static void meddle(const char *job_id, struct job_update update, int times)
{
	stand->store.meddled = job_id;
	stand->store.meddling = update;
	stand->store.meddlings = times;
}

Test(corridor_commit, applies_anew_what_met_a_conflict)
{
	give("a", to_percent(STAGE_ANALYZING, 50));
	meddle("a", to_percent(STAGE_ANALYZING, 60), 1);
	struct asked *less = ask_update(stand, "1", "a", to_percent(STAGE_ANALYZING, 55));
	struct asked *other = ask_update(stand, "2", "b", to_stage(STAGE_DOWNLOADING));
	struct asked *more = ask_update(stand, "3", "a", to_percent(STAGE_ANALYZING, 65));
	stand_walk(stand);
	cr_assert_eq(other->info->revision, 1);
	cr_assert_eq(less->outcome, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(less->info->progress, 60);
	cr_assert_eq(more->outcome, JOB_OUTCOME_APPLIED);
	cr_assert_eq(more->info->revision, 3);
	cr_assert_str_eq(stand->log, "commit:2 told:b@1<0C commit:1 told:a@3<2U reply:2 reply:1 reply:3 ");
}

Test(corridor_commit, refuses_after_a_conflict_what_the_others_change_forbids)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	meddle("a", to_stage(STAGE_COMPLETED), 1);
	struct asked *late = ask_update(stand, "1", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_eq(late->call.fault.code, ERR_FAILED_PRECONDITION);
	cr_assert_null(strstr(stand->log, "told"));
}

Test(corridor_commit, decides_anew_on_what_was_refused_behind_a_conflict)
{
	give("a", to_stage(STAGE_ANALYZING));
	struct job_update second_attempt = to_stage(STAGE_DOWNLOADING), step = to_stage(STAGE_DOWNLOADED),
	                  end = to_stage(STAGE_COMPLETED);
	second_attempt.attempt = 2;
	step.attempt = 2;
	end.attempt = 1;
	meddle("a", second_attempt, 1);
	struct asked *ended = ask_update(stand, "1", "a", end);
	struct asked *stepped = ask_update(stand, "2", "a", step);
	stand_walk(stand);
	cr_assert_eq(ended->call.fault.code, ERR_ABORTED);
	cr_assert_eq(stepped->outcome, JOB_OUTCOME_APPLIED, "it never ended: %s", stepped->call.fault.text);
}

Test(corridor_commit, does_not_create_what_somebody_else_has_created_meanwhile)
{
	meddle("a", to_stage(STAGE_ANALYZING), 1);
	struct asked *created = ask_create(stand, "1", "a", "");
	struct asked *read = ask_read(stand, "2", "a");
	stand_walk(stand);
	cr_assert_eq(created->call.fault.code, ERR_ALREADY_EXISTS);
	cr_assert_eq(read->info->stage, STAGE_ANALYZING);
}

Test(corridor_commit, deletes_what_somebody_else_has_changed_meanwhile)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	meddle("a", to_stage(STAGE_ANALYZING), 1);
	struct asked *deleted = ask_delete(stand, "1", "a");
	stand_walk(stand);
	cr_assert_eq(deleted->info->stage, STAGE_ANALYZING);
	cr_assert_str_eq(stand->log, "commit:1 commit:1 told:a@3<2D reply:1 ");
	cr_assert_null(fake_store_find(&stand->store, "a"));
}

Test(corridor_commit, parks_a_wait_whose_reason_went_with_a_conflict_again)
{
	give("a", to_percent(STAGE_ANALYZING, 50));
	meddle("a", to_percent(STAGE_ANALYZING, 70), 1);
	struct asked *absorbed = ask_update(stand, "1", "a", to_percent(STAGE_ANALYZING, 60));
	struct asked *wait = ask_wait(stand, "2", "a", (struct wish){.after_revision = 1, .timeout_ms = 100}, 1);
	stand_walk(stand);
	cr_assert_eq(absorbed->outcome, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(wait->info->progress, 70);
}

Test(corridor_commit, gives_up_on_a_job_that_never_stops_changing)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	struct job_update restart = to_stage(STAGE_DOWNLOADING);
	restart.attempt = 2;
	meddle("a", restart, 1000);
	size_t commits = stand->store.commits;
	struct asked *asked = ask_update(stand, "1", "a", with_message(to_stage(STAGE_DOWNLOADING), "mine"));
	stand_walk(stand);
	cr_assert_eq(asked->call.fault.code, ERR_ABORTED);
	cr_assert_str_eq(asked->call.fault.reason, "CONFLICT");
	cr_assert_leq(stand->store.commits - commits, 20);
	cr_assert_null(strstr(stand->log, "told"));
	stand->store.meddlings = 0;
	asked = ask_update(stand, "2", "a", with_message(to_stage(STAGE_DOWNLOADING), "mine"));
	stand_walk(stand);
	cr_assert_eq(asked->outcome, JOB_OUTCOME_APPLIED);
}

Test(corridor_load, answers_the_error_and_tries_again_next_time)
{
	stand->store.load_err = ERR_UNAVAILABLE;
	stand->store.load_failures = 1;
	struct asked *read = ask_read(stand, "1", "a");
	struct asked *updated = ask_update(stand, "2", "b", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	cr_assert_eq(read->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_eq(updated->call.fault.code, ERR_UNAVAILABLE);
	cr_assert_str_eq(stand->log, "reply:1 reply:2 ");
	updated = ask_update(stand, "3", "b", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	cr_assert_eq(updated->info->revision, 1);
}

Test(corridor_load, spares_jobs_that_are_at_hand)
{
	give("a", to_stage(STAGE_DOWNLOADING));
	stand->store.load_err = ERR_UNAVAILABLE;
	stand->store.load_failures = 1;
	struct asked *at_hand = ask_update(stand, "1", "a", to_stage(STAGE_DOWNLOADED));
	struct asked *away = ask_read(stand, "2", "b");
	stand_walk(stand);
	cr_assert_eq(at_hand->info->revision, 2);
	cr_assert_eq(away->call.fault.code, ERR_UNAVAILABLE);
}

Test(corridor_load, answers_data_loss_for_a_record_that_is_no_job_and_leaves_it)
{
	fake_store_spoil(&stand->store, "a");
	struct asked *read = ask_read(stand, "1", "a");
	struct asked *updated = ask_update(stand, "2", "a", to_stage(STAGE_DOWNLOADING));
	struct asked *other = ask_update(stand, "3", "b", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	cr_assert_eq(read->call.fault.code, ERR_DATA_LOSS);
	cr_assert_eq(updated->call.fault.code, ERR_DATA_LOSS);
	cr_assert_eq(other->info->revision, 1);
	size_t length;
	uint8_t *bytes = fake_store_bytes(&stand->store, "a", &length);
	cr_assert_eq(length, sizeof "no job");
	cr_assert_eq(memcmp(bytes, "no job", length), 0);
	free(bytes);
}
