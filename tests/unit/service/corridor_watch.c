/* Watching one job: a snapshot, then every change once and in order, whatever comes between. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "life.h"

static struct stand *stand;

static void start(void)
{
	stand = life_start();
}

static void stop(void)
{
	life_stop(stand);
}

TestSuite(corridor_watch, .init = start, .fini = stop);

static struct sight *look_after(const struct sight *sight)
{
	return life_look(stand, "a", (struct view){.token = sight->page->resume_token});
}

static struct sight *watch_after(const struct sight *sight, int64_t timeout_ms)
{
	return life_watch(stand, "a", (struct view){.token = sight->page->resume_token, .timeout_ms = timeout_ms});
}

/* Looks on until there is nothing more, and returns the last look that told something. */
static struct sight *catch_up(struct sight *sight)
{
	for (;;) {
		struct sight *next = look_after(sight);
		if (next->call.fault.code != ERR_OK || next->page->n_events == 0)
			return sight;
		sight = next;
	}
}

static void say(const char *job_id, const char *message)
{
	life_update(stand, job_id, with_message(to_stage(STAGE_DOWNLOADING), message));
}

static void say_many(const char *job_id, int count)
{
	static const char *const messages[] = {"even", "odd"};
	static int said;
	for (int i = 0; i < count; i++)
		ask_update(stand, "u", job_id, with_message(to_stage(STAGE_DOWNLOADING), messages[said++ % 2]));
	stand_walk(stand);
}

Test(corridor_watch, tells_a_snapshot_first_and_then_every_change)
{
	say("a", "1");
	say("a", "2");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	cr_assert_str_eq(sight->text, "S:a@2<0 ");
	say("a", "3");
	say("b", "1");
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "U:a@3<2 E:a@4<3 ");
	cr_assert_str_eq(look_after(sight)->text, "");
}

Test(corridor_watch, is_answered_by_the_next_change_and_not_by_others)
{
	say("a", "1");
	struct sight *sight = watch_after(life_look(stand, "a", (struct view){0}), 1000);
	say("b", "1");
	life_update(stand, "a", with_message(to_stage(STAGE_DOWNLOADING), "1"));
	cr_assert_eq(sight->replies, 0);
	say("a", "2");
	cr_assert_str_eq(sight->text, "U:a@2<1 ");
}

Test(corridor_watch, answers_after_the_commit)
{
	say("a", "1");
	struct sight *sight = watch_after(life_look(stand, "a", (struct view){0}), 1000);
	stand_walk(stand);
	stand->store.commit_err = ERR_UNAVAILABLE;
	stand->store.commit_failures = 1;
	ask_update(stand, "u", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_eq(sight->replies, 0, "what was not committed did not happen");
	say("a", "2");
	cr_assert_str_eq(sight->text, "U:a@2<1 ");
}

Test(corridor_watch, behind_changes_of_its_own_batch_sees_them_in_the_snapshot)
{
	ask_update(stand, "1", "a", to_stage(STAGE_DOWNLOADING));
	struct sight *first = life_watch(stand, "a", (struct view){0});
	ask_update(stand, "2", "a", to_stage(STAGE_ANALYZING));
	struct sight *second = life_watch(stand, "a", (struct view){0});
	stand_walk(stand);
	cr_assert_str_eq(first->text, "S:a@2<0 ");
	cr_assert_str_eq(second->text, "S:a@2<0 ");
	cr_assert_str_eq(look_after(first)->text, "");
}

Test(corridor_watch, before_a_change_of_its_own_batch_is_told_of_it_next)
{
	say("a", "1");
	struct sight *first = life_watch(stand, "a", (struct view){0});
	ask_update(stand, "2", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_str_eq(first->text, "S:a@1<0 ");
	cr_assert_str_eq(look_after(first)->text, "U:a@2<1 ");
}

Test(corridor_watch, of_an_unknown_job_is_refused_unless_it_waits_for_it)
{
	cr_assert_eq(life_look(stand, "a", (struct view){.timeout_ms = 1000})->call.fault.code, ERR_NOT_FOUND);
	cr_assert_eq(life_look(stand, "a", (struct view){.for_creation = true})->call.fault.code, ERR_NOT_FOUND);
	struct sight *early = life_watch(stand, "a", (struct view){.timeout_ms = 1000, .for_creation = true});
	stand_walk(stand);
	cr_assert_eq(early->replies, 0);
	ask_update(stand, "1", "a", to_stage(STAGE_DOWNLOADING));
	ask_update(stand, "2", "a", to_stage(STAGE_ANALYZING));
	stand_walk(stand);
	cr_assert_str_eq(early->text, "S:a@2<0 ");
	cr_assert_str_eq(look_after(early)->text, "");
}

Test(corridor_watch, is_answered_not_found_when_the_job_does_not_come)
{
	struct sight *early = life_watch(stand, "a", (struct view){.timeout_ms = 1000, .for_creation = true});
	stand_walk(stand);
	life_walk_at(stand, 1000);
	cr_assert_eq(early->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_watch, is_answered_at_the_timeout_with_nothing_and_goes_on_from_there)
{
	say("a", "1");
	struct sight *sight = watch_after(life_look(stand, "a", (struct view){0}), 1000);
	stand_walk(stand);
	life_walk_at(stand, 999);
	cr_assert_eq(sight->replies, 0);
	life_walk_at(stand, 1000);
	cr_assert_eq(sight->replies, 1);
	cr_assert_str_eq(sight->text, "");
	say("a", "2");
	cr_assert_str_eq(look_after(sight)->text, "U:a@2<1 ");
}

Test(corridor_watch, tells_of_the_deletion_once)
{
	say("a", "1");
	struct sight *sight = watch_after(life_look(stand, "a", (struct view){0}), 1000);
	stand_walk(stand);
	ask_delete(stand, "d", "a");
	stand_walk(stand);
	cr_assert_str_eq(sight->text, "D:a@2<1 ");
	cr_assert_eq(look_after(sight)->call.fault.code, ERR_NOT_FOUND);
}

Test(corridor_watch, tells_of_a_job_made_anew)
{
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	ask_delete(stand, "d", "a");
	ask_create(stand, "c", "a", "");
	stand_walk(stand);
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "D:a@2<1 C:a@1<0 ");
	cr_assert_str_eq(look_after(sight)->text, "");
}

Test(corridor_watch, after_a_restart_tells_nothing_of_a_job_that_has_not_changed)
{
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	life_restart(stand);
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "");
	say("a", "2");
	cr_assert_str_eq(look_after(sight)->text, "U:a@2<1 ");
}

Test(corridor_watch, that_waits_after_a_restart_is_told_of_the_next_change_once)
{
	say("a", "1");
	struct sight *before = life_look(stand, "a", (struct view){0});
	life_restart(stand);
	struct sight *sight = watch_after(before, 1000);
	stand_walk(stand);
	cr_assert_eq(sight->replies, 0);
	say("a", "2");
	cr_assert(strcmp(sight->text, "U:a@2<1 ") == 0 || strcmp(sight->text, "resync S:a@2<0 ") == 0, "%s", sight->text);
	cr_assert_str_eq(look_after(sight)->text, "");
}

Test(corridor_watch, after_a_restart_is_resynced_when_its_job_is_gone_and_made_anew_while_it_waits)
{
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	ask_delete(stand, "d", "a");
	life_walk_at(stand, 10);
	life_restart(stand);
	struct view view = {.token = sight->page->resume_token, .timeout_ms = 1000, .for_creation = true};
	sight = life_watch(stand, "a", view);
	stand_walk(stand);
	cr_assert_eq(sight->replies, 0);
	say("a", "1");
	cr_assert_str_eq(sight->text, "resync S:a@1<0 ");
}

Test(corridor_watch, after_a_restart_tells_of_a_changed_job_by_one_resync)
{
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say("a", "2");
	life_restart(stand);
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "resync S:a@2<0 ");
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "");
	say("a", "3");
	cr_assert_str_eq(look_after(sight)->text, "U:a@3<2 ");
}

Test(corridor_watch, after_a_restart_knows_another_job_of_the_same_name_and_revision)
{
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	ask_delete(stand, "d", "a");
	life_walk_at(stand, 10);
	say("a", "other");
	life_restart(stand);
	cr_assert_str_eq(look_after(sight)->text, "resync S:a@1<0 ");
}

static void set_history(size_t changes_max)
{
	stand->feed.history.limits = (struct feed_history_limits){
	    .changes_min = changes_max, .changes_max = changes_max, .bytes_max = SIZE_MAX, .age_min_ms = INT64_MAX};
}

Test(corridor_watch, with_too_old_a_token_gets_exactly_one_resync)
{
	set_history(10);
	say("a", "0");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say_many("a", 11);
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "resync S:a@12<0 ");
	say_many("a", 10);
	sight = look_after(sight);
	cr_assert_eq(sight->page->n_events, 10);
	cr_assert_not(sight->page->resync);
}

Test(corridor_watch, needs_no_resync_when_only_changes_of_others_were_forgotten)
{
	set_history(10);
	say("a", "1");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say("b", "0");
	say("a", "2");
	say_many("b", 5);
	say("a", "3");
	cr_assert_str_eq(look_after(sight)->text, "U:a@2<1 U:a@3<2 ");
	say_many("b", 100);
	cr_assert_str_eq(watch_after(sight, 0)->text, "");
	stand_walk(stand);
}

Test(corridor_watch, that_waits_needs_no_resync_however_much_others_change)
{
	set_history(10);
	say("a", "1");
	struct sight *sight = watch_after(life_look(stand, "a", (struct view){0}), 1000);
	stand_walk(stand);
	say_many("b", 1000);
	say("a", "2");
	cr_assert_str_eq(sight->text, "U:a@2<1 ");
}

Test(corridor_watch, merges_and_counts_when_only_the_latest_is_wanted)
{
	struct view latest = {.is_latest_only = true};
	say("a", "1");
	struct sight *sight = life_look(stand, "a", latest);
	cr_assert_str_eq(sight->text, "S:a@1<0 ");
	say_many("a", 5);
	latest.token = sight->page->resume_token;
	sight = life_look(stand, "a", latest);
	cr_assert_str_eq(sight->text, "U:a@6<5+4 ");
	latest.token = sight->page->resume_token;
	cr_assert_str_eq(life_look(stand, "a", latest)->text, "");
}

Test(corridor_watch, never_merges_an_end_or_a_deletion)
{
	struct view latest = {.is_latest_only = true};
	say("a", "1");
	latest.token = life_look(stand, "a", latest)->page->resume_token;
	say_many("a", 2);
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	life_update(stand, "a", to_stage(STAGE_POSTING_TIKTOK));
	life_update(stand, "a", with_message(to_stage(STAGE_POSTING_TIKTOK), "x"));
	ask_delete(stand, "d", "a");
	ask_create(stand, "c", "a", "");
	stand_walk(stand);
	cr_assert_str_eq(life_look(stand, "a", latest)->text, "E:a@4<3+2 D:a@7<6+2 C:a@1<0 ");
}

Test(corridor_watch, tells_thousands_of_changes_by_pages_in_order)
{
	enum { CHANGES = 5000 };
	say("a", "0");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say_many("a", CHANGES);
	uint64_t revision = 1;
	int pages = 0;
	for (;; pages++) {
		sight = look_after(sight);
		for (size_t i = 0; i < sight->page->n_events; i++) {
			cr_assert_eq(sight->page->events[i]->previous_revision, revision);
			cr_assert_eq(sight->page->events[i]->progress_info->revision, ++revision);
		}
		cr_assert_not(sight->page->resync);
		if (sight->page->n_events == 0)
			break;
	}
	cr_assert_eq(revision, CHANGES + 1);
	cr_assert_leq(pages, 6);
}

static struct job_update huge(void)
{
	static char value[JOB_METADATA_VALUE_BYTES_MAX + 1], keys[JOB_METADATA_ENTRIES_MAX][8];
	static struct job_entry entries[JOB_METADATA_ENTRIES_MAX];
	memset(value, 'x', sizeof value - 1);
	for (int i = 0; i < JOB_METADATA_ENTRIES_MAX; i++) {
		snprintf(keys[i], sizeof keys[i], "k%d", i);
		entries[i] = (struct job_entry){keys[i], value};
	}
	struct job_update update = to_stage(STAGE_DOWNLOADING);
	update.metadata = entries;
	update.metadata_count = JOB_METADATA_ENTRIES_MAX;
	return update;
}

Test(corridor_watch, keeps_its_answers_below_a_mebibyte)
{
	life_update(stand, "a", huge());
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say_many("a", 40);
	uint64_t revision = 1;
	for (;;) {
		sight = look_after(sight);
		cr_assert_lt(sight->call.response.length, 1 << 20);
		if (sight->page->n_events == 0)
			break;
		for (size_t i = 0; i < sight->page->n_events; i++)
			cr_assert_eq(sight->page->events[i]->progress_info->revision, ++revision);
	}
	cr_assert_eq(revision, 41);
}

/* A full page ends with the old job at a revision that the new job has, too. */
Test(corridor_watch, of_a_job_made_anew_in_the_middle_of_a_page_is_resynced_after_a_restart)
{
	enum { PAGE_EVENTS = 1024 };
	say("a", "0");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	say_many("a", PAGE_EVENTS);
	ask_delete(stand, "d", "a");
	life_walk_at(stand, 10);
	say("a", "0");
	say_many("a", PAGE_EVENTS);
	sight = look_after(sight);
	cr_assert_eq(sight->page->n_events, PAGE_EVENTS);
	life_restart(stand);
	sight = look_after(sight);
	cr_assert_str_eq(sight->text, "resync S:a@1025<0 ");
}

Test(watch_token_read, refuses_rows_below_0)
{
	struct watch_token token;
	cr_assert_not(watch_token_read("0.0.0.0.8000000000000000.0.0.0", &token));
	cr_assert(watch_token_read("0.0.0.0.7fffffffffffffff.0.0.0", &token));
}

Test(corridor_watch, survives_any_token_that_can_be_read)
{
	static const char *const tokens[] = {
	    "0.0.0.0.0.0.0.0",
	    "0.ffffffffffffffff.0.0.0.0.0.0",
	    "0.fffffffffffffffe.0.0.0.0.0.0",
	    "ffffffffffffffff.1.1.1.1.0.0.0",
	    "0.1.ffffffffffffffff.ffffffffffffffff.7fffffffffffffff.0.0.0",
	    "0.1.0.0.7fffffffffffffff.0.0.0",
	    "0.1.0.0.0.0.ffffffffffffffff.0",
	    "0.1.0.0.0.ffffffffffffffff.ffffffffffffffff.0",
	    "0.1.0.0.0.2.1.0",
	    "0.1.0.0.0.0.0.ffffffffffffffff",
	    "0.1.0.0.0.0.0.1",
	};
	say("a", "1");
	say("a", "2");
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		struct sight *sight = catch_up(life_look(stand, "a", (struct view){.token = tokens[i]}));
		cr_assert_eq(sight->call.fault.code, ERR_OK);
		sight = life_look_at_all(stand, (struct view){.token = tokens[i]});
		cr_assert_eq(sight->call.fault.code, ERR_OK);
	}
}

Test(corridor_watch, ends_with_its_peer_even_when_it_is_deferred)
{
	say("a", "1");
	struct sight *before = life_look(stand, "b", (struct view){.for_creation = true});
	cr_assert_eq(before->call.fault.code, ERR_NOT_FOUND);
	ask_update(stand, "u", "a", to_stage(STAGE_ANALYZING));
	struct sight *sight = life_watch(stand, "b", (struct view){.for_creation = true, .timeout_ms = 1000, .peer = 7});
	struct sight *all = life_watch_all(
	    stand,
	    (struct view){.token = "0.2.0.0.0.0.0.0", .timeout_ms = 1000, .peer = 7, .filter = {.job_id_prefix = "x"}});
	ask_forget(stand, 7);
	stand_walk(stand);
	cr_assert_eq(sight->call.fault.code, ERR_CANCELLED);
	cr_assert_eq(all->call.fault.code, ERR_CANCELLED);
	cr_assert_eq(stand->corridor.parking.count, 0);
}
