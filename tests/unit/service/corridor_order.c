/* The order of the corridor's steps, and batches of many commands. */
#include <criterion/criterion.h>
#include <stdio.h>
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

TestSuite(corridor_run, .init = start, .fini = stop);

Test(corridor_run, commits_then_tells_then_replies)
{
	ask_update(stand, "x", "a", to_stage(STAGE_DOWNLOADING));
	ask_update(stand, "y", "b", to_stage(STAGE_COMPLETED));
	stand_walk(stand);
	cr_assert_str_eq(stand->log, "commit:2 told:a@1<0C told:b@1<0E reply:x reply:y ");
}

Test(corridor_run, puts_a_job_once_for_many_updates_and_tells_each_of_them)
{
	ask_create(stand, "x", "a", "");
	ask_update(stand, "y", "a", to_stage(STAGE_DOWNLOADING));
	ask_update(stand, "z", "a", to_stage(STAGE_FAILED));
	stand_walk(stand);
	cr_assert_str_eq(stand->log, "commit:1 told:a@1<0C told:a@2<1U told:a@3<2E reply:x reply:y reply:z ");
}

Test(corridor_run, answers_each_call_with_the_state_after_its_own_update)
{
	struct asked *x = ask_update(stand, "x", "a", to_percent(STAGE_ANALYZING, 51));
	struct asked *y = ask_update(stand, "y", "a", to_percent(STAGE_ANALYZING, 60));
	struct asked *z = ask_update(stand, "z", "a", to_percent(STAGE_ANALYZING, 55));
	struct asked *r = ask_read(stand, "r", "a");
	stand_walk(stand);
	cr_assert_eq(x->info->progress, 51);
	cr_assert_eq(y->info->progress, 60);
	cr_assert_eq(z->info->progress, 60);
	cr_assert_eq(z->outcome, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(r->info->revision, 2);
	cr_assert_eq(x->call.durability, STORE_SYNCED);
}

Test(corridor_run, commits_nothing_when_nothing_changed)
{
	ask_update(stand, "x", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	stand_forget_log(stand);
	struct asked *read = ask_read(stand, "r", "a");
	struct asked *absorbed = ask_update(stand, "y", "a", to_stage(STAGE_ANALYZING));
	struct asked *refused = ask_update(stand, "z", "a", to_stage(STAGE_QUEUED));
	stand_walk(stand);
	cr_assert_str_eq(stand->log, "reply:r reply:y reply:z ");
	cr_assert_eq(read->call.durability, STORE_WRITTEN);
	cr_assert_eq(absorbed->outcome, JOB_OUTCOME_ABSORBED);
	cr_assert_eq(refused->call.fault.code, ERR_FAILED_PRECONDITION);
}

Test(corridor_run, keeps_no_trace_of_jobs_that_do_not_exist)
{
	struct asked *read = ask_read(stand, "r", "a"), *deleted = ask_delete(stand, "d", "a");
	stand_walk(stand);
	cr_assert_eq(read->call.fault.code, ERR_NOT_FOUND);
	cr_assert_eq(deleted->call.fault.code, ERR_NOT_FOUND);
	cr_assert_not_null(strstr(read->call.fault.text, "job_id"));
	cr_assert_eq(stand->corridor.cache.entries.count, 0);
}

Test(corridor_run, refuses_to_create_what_exists_but_answers_a_repeat)
{
	struct asked *first = ask_create(stand, "1", "a", "r");
	struct asked *other = ask_create(stand, "2", "a", "s");
	ask_update(stand, "3", "a", to_stage(STAGE_ANALYZING));
	struct asked *repeat = ask_create(stand, "4", "a", "r");
	stand_walk(stand);
	cr_assert_eq(first->info->revision, 1);
	cr_assert_eq(other->call.fault.code, ERR_ALREADY_EXISTS);
	cr_assert_eq(repeat->info->revision, 1);
	cr_assert_eq(repeat->info->stage, STAGE_QUEUED);
}

Test(corridor_run, deletes_and_makes_anew_in_one_run)
{
	ask_update(stand, "1", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	stand_forget_log(stand);
	struct asked *deleted = ask_delete(stand, "2", "a");
	struct asked *again = ask_delete(stand, "3", "a");
	struct asked *created = ask_create(stand, "4", "a", "");
	struct asked *updated = ask_update(stand, "5", "a", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	cr_assert_eq(deleted->info->stage, STAGE_ANALYZING);
	cr_assert_eq(again->call.fault.code, ERR_NOT_FOUND);
	cr_assert_eq(created->info->revision, 1);
	cr_assert_eq(updated->info->revision, 2);
	cr_assert_str_eq(stand->log,
	                 "commit:1 told:a@2<1D commit:1 told:a@1<0C told:a@2<1U reply:2 reply:3 reply:4 reply:5 ");
	struct job *job = fake_store_find(&stand->store, "a");
	cr_assert_eq(job->view.revision, 2);
	job_destroy(job);
}

Test(corridor_run, does_not_store_a_job_that_is_created_and_deleted_in_one_batch)
{
	struct asked *created = ask_create(stand, "1", "a", ""), *deleted = ask_delete(stand, "2", "a");
	stand_walk(stand);
	cr_assert_eq(created->info->revision, 1);
	cr_assert_eq(deleted->info->revision, 2);
	cr_assert_str_eq(stand->log, "told:a@1<0C told:a@2<1D reply:1 reply:2 ");
	cr_assert_null(fake_store_find(&stand->store, "a"));
	struct asked *read = ask_read(stand, "3", "a");
	stand_walk(stand);
	cr_assert_eq(read->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_run, keeps_the_order_of_commands_behind_a_deletion)
{
	ask_create(stand, "1", "a", "");
	ask_delete(stand, "2", "a");
	ask_update(stand, "3", "b", to_percent(STAGE_QUEUED, 1));
	ask_update(stand, "4", "a", to_stage(STAGE_DOWNLOADING));
	ask_update(stand, "5", "b", to_percent(STAGE_QUEUED, 2));
	ask_delete(stand, "6", "a");
	struct asked *last = ask_update(stand, "7", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_str_eq(stand->log, "commit:1 told:a@1<0C told:a@2<1D told:b@1<0C "
	                             "commit:1 told:a@1<0C told:b@2<1U told:a@2<1D "
	                             "commit:1 told:a@1<0C reply:1 reply:2 reply:3 reply:4 reply:5 reply:6 reply:7 ");
	cr_assert_eq(last->info->revision, 1);
}

Test(corridor_run, carries_out_more_commands_than_a_batch_holds_in_their_order)
{
	enum { COMMANDS = 2 * CORRIDOR_BATCH_MAX + 100 };
	struct asked *first = NULL, *last = NULL;
	for (int i = 0; i < COMMANDS; i++) {
		struct job_update update = to_percent(STAGE_QUEUED, 100.0 * i / COMMANDS);
		update.origin = (struct job_origin){.writer = "w", .sequence = (uint64_t)i + 1};
		last = ask_update(stand, "u", i % 3 == 0 ? "a" : "b", update);
		if (first == NULL)
			first = last;
	}
	feed_remove_listener(&stand->feed, &stand->listener);
	stand_walk(stand);
	feed_add_listener(&stand->feed, &stand->listener);
	cr_assert_eq(stand->store.commits, 3);
	cr_assert_eq(first->info->revision, 1);
	cr_assert_eq(last->outcome, JOB_OUTCOME_APPLIED);
	struct job *a = fake_store_find(&stand->store, "a"), *b = fake_store_find(&stand->store, "b");
	cr_assert_eq(a->view.revision + b->view.revision, COMMANDS);
	job_destroy(a);
	job_destroy(b);
}

Test(corridor_run, ends_a_batch_early_when_its_events_grow_large)
{
	enum { COMMANDS = 300, VALUE_BYTES = JOB_METADATA_VALUE_BYTES_MAX };
	static char value[VALUE_BYTES + 1], keys[JOB_METADATA_ENTRIES_MAX][8];
	struct job_entry entries[JOB_METADATA_ENTRIES_MAX];
	memset(value, 'v', VALUE_BYTES);
	for (size_t i = 0; i < JOB_METADATA_ENTRIES_MAX; i++) {
		snprintf(keys[i], sizeof keys[i], "k%zu", i);
		entries[i] = (struct job_entry){keys[i], value};
	}
	struct job_update update = to_stage(STAGE_QUEUED);
	update.metadata = entries;
	update.metadata_count = JOB_METADATA_ENTRIES_MAX;
	ask_update(stand, "0", "a", update);
	struct asked *last = NULL;
	for (int i = 1; i < COMMANDS; i++)
		last = ask_update(stand, "u", "a", to_percent(STAGE_QUEUED, 100.0 * i / COMMANDS));
	stand_walk(stand);
	cr_assert_gt(stand->store.commits, 1);
	cr_assert_eq(last->info->revision, COMMANDS);
	uint64_t told = 0;
	for (const char *at = stand->log; (at = strstr(at, "told:a@")) != NULL; at++, told++) {
		unsigned long long revision, previous;
		cr_assert_eq(sscanf(at, "told:a@%llu<%llu", &revision, &previous), 2);
		cr_assert(revision == told + 1 && previous == told);
	}
	cr_assert_eq(told, COMMANDS);
}

Test(corridor_run, works_without_listeners)
{
	feed_remove_listener(&stand->feed, &stand->listener);
	struct asked *asked = ask_update(stand, "x", "a", to_stage(STAGE_DOWNLOADING));
	stand_walk(stand);
	cr_assert_eq(asked->info->revision, 1);
	feed_add_listener(&stand->feed, &stand->listener);
}

Test(corridor_run, loads_again_what_it_has_dropped_from_the_cache)
{
	stand_destroy(stand);
	stand = stand_create(2);
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	for (int round = 1; round <= 4; round++) {
		for (int i = 0; i < 5; i++)
			ask_update(stand, "u", names[i], to_percent(STAGE_QUEUED, round));
		stand_walk(stand);
		cr_assert_leq(stand->corridor.cache.entries.count, 2);
		for (int i = 0; i < 5; i++) {
			struct asked *read = ask_read(stand, "r", names[i]);
			stand_walk(stand);
			cr_assert_eq(read->info->revision, (uint64_t)round);
			cr_assert_eq(read->info->progress, round);
		}
	}
}

Test(corridor_run, gives_repeats_their_answer_after_a_reload)
{
	stand_destroy(stand);
	stand = stand_create(0);
	struct job_update update = to_stage(STAGE_DOWNLOADING);
	update.origin = (struct job_origin){.writer = "w", .sequence = 1};
	ask_update(stand, "1", "a", update);
	stand_walk(stand);
	ask_update(stand, "2", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	struct asked *repeat = ask_update(stand, "3", "a", update);
	stand_walk(stand);
	cr_assert_eq(repeat->outcome, JOB_OUTCOME_DUPLICATE);
	cr_assert_eq(repeat->info->stage, STAGE_DOWNLOADING);
	cr_assert_eq(repeat->info->revision, 1);
}
