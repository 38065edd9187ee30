/* Watching many jobs: a snapshot by pages, then the changes that pass the filter. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "support/random.h"

static struct stand *stand;

static void start(void)
{
	stand = life_start();
}

static void stop(void)
{
	life_stop(stand);
}

TestSuite(corridor_watch_all, .init = start, .fini = stop);

static struct sight *look(struct view view)
{
	return life_look_at_all(stand, view);
}

/* Goes on after a look with the same wishes. */
static struct sight *look_after(const struct sight *sight, struct view view)
{
	view.token = sight->page->resume_token;
	return look(view);
}

Test(corridor_watch_all, tells_the_live_jobs_first_and_then_every_change)
{
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	life_update(stand, "c", to_stage(STAGE_COMPLETED));
	struct sight *sight = look((struct view){0});
	cr_assert_str_eq(sight->text, "S:b@1<0 S:a@1<0 ");
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	life_update(stand, "d", to_stage(STAGE_QUEUED));
	life_update(stand, "b", to_stage(STAGE_FAILED));
	sight = look_after(sight, (struct view){0});
	cr_assert_str_eq(sight->text, "U:a@2<1 C:d@1<0 E:b@2<1 ");
	cr_assert_str_eq(look_after(sight, (struct view){0})->text, "");
}

/* What was found to be no job. */
static char unreadable[8][16];
static size_t unreadable_count;

static void note_unreadable(const char *job_id, const struct fault *fault)
{
	cr_assert_eq(fault->code, ERR_DATA_LOSS);
	snprintf(unreadable[unreadable_count++ % 8], sizeof *unreadable, "%s", job_id);
}

Test(corridor_watch_all, leaves_out_of_the_snapshot_what_is_no_job)
{
	stand->corridor.options.on_unreadable = note_unreadable;
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	fake_store_spoil(&stand->store, "b");
	life_update(stand, "c", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look((struct view){0});
	cr_assert_str_eq(sight->text, "S:c@1<0 S:a@1<0 ");
	cr_assert_eq(unreadable_count, 1);
	cr_assert_str_eq(unreadable[0], "b");
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	cr_assert_str_eq(look_after(sight, (struct view){0})->text, "U:a@2<1 ");
}

Test(corridor_watch_all, goes_on_behind_a_page_in_which_nothing_is_a_job)
{
	enum { SPOILED = 1200 };
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	for (int i = 0; i < SPOILED; i++) {
		char name[16];
		snprintf(name, sizeof name, "bad-%d", i);
		fake_store_spoil(&stand->store, name);
	}
	struct sight *sight = look((struct view){.timeout_ms = 1000});
	for (int pages = 1; *sight->text == '\0'; pages++) {
		cr_assert_lt(pages, 10);
		sight = look_after(sight, (struct view){.timeout_ms = 1000});
	}
	cr_assert_str_eq(sight->text, "S:a@1<0 ");
}

Test(corridor_watch_all, is_answered_at_once_when_there_are_no_jobs_yet)
{
	struct sight *sight = look((struct view){.timeout_ms = 1000});
	cr_assert_str_eq(sight->text, "");
	struct sight *next = life_watch_all(stand, (struct view){.token = sight->page->resume_token, .timeout_ms = 1000});
	stand_walk(stand);
	cr_assert_eq(next->replies, 0);
	life_update(stand, "a", to_stage(STAGE_QUEUED));
	cr_assert_str_eq(next->text, "C:a@1<0 ");
}

Test(corridor_watch_all, tells_jobs_of_the_states_that_it_asks_for)
{
	struct view view = {.filter = {.states = UINT64_C(1) << JOB_STATE_FAILED}};
	life_update(stand, "a", to_stage(STAGE_FAILED));
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look(view);
	cr_assert_str_eq(sight->text, "S:a@1<0 ");
	life_update(stand, "b", to_stage(STAGE_ANALYZING));
	life_update(stand, "b", to_stage(STAGE_FAILED));
	cr_assert_str_eq(look_after(sight, view)->text, "E:b@3<2 ");
}

Test(corridor_watch_all, tells_once_more_of_a_job_that_leaves_the_filter)
{
	struct view view = {.filter = {.stages = UINT64_C(1) << STAGE_DOWNLOADING}};
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look(view);
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	life_update(stand, "a", to_percent(STAGE_ANALYZING, 60));
	sight = look_after(sight, view);
	cr_assert_str_eq(sight->text, "U:a@2<1 ");
}

Test(corridor_watch_all, tells_once_more_of_a_job_that_leaves_the_filter_even_when_only_the_latest_is_wanted)
{
	struct view view = {.filter = {.stages = UINT64_C(1) << STAGE_DOWNLOADING}, .is_latest_only = true};
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look(view);
	life_update(stand, "a", with_message(to_stage(STAGE_DOWNLOADING), "x"));
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	life_update(stand, "a", to_percent(STAGE_ANALYZING, 60));
	sight = look_after(sight, view);
	cr_assert_str_eq(sight->text, "U:a@3<2+1 ");
}

Test(corridor_watch_all, does_not_tell_of_a_job_that_passes_only_half_before_and_half_after)
{
	struct view view = {
	    .filter = {.states = UINT64_C(1) << JOB_STATE_ACTIVE, .stages = UINT64_C(1) << STAGE_DOWNLOADING}};
	life_update(stand, "a", with_lease(to_stage(STAGE_DOWNLOADING), 1000));
	life_walk_at(stand, 1000);
	cr_assert_eq(life_state(stand, "a"), JOB_STATE_STALLED);
	struct sight *sight = look(view);
	cr_assert_str_eq(sight->text, "");
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	cr_assert_str_eq(look_after(sight, view)->text, "", "it was stalled, now it is analyzing");
}

Test(corridor_watch_all, tells_of_deletions_that_pass)
{
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look((struct view){0});
	ask_delete(stand, "d", "a");
	stand_walk(stand);
	cr_assert_str_eq(look_after(sight, (struct view){0})->text, "D:a@2<1 ");
}

Test(corridor_watch_all, counts_what_it_merges_for_each_job)
{
	struct view view = {.is_latest_only = true};
	life_update(stand, "a", to_stage(STAGE_QUEUED));
	life_update(stand, "b", to_stage(STAGE_QUEUED));
	struct sight *sight = look(view);
	for (int i = 0; i < 3; i++) {
		ask_update(stand, "u", "a", with_message(to_stage(STAGE_QUEUED), i % 2 == 0 ? "x" : "y"));
		ask_update(stand, "u", "b", with_message(to_stage(STAGE_QUEUED), i % 2 == 0 ? "x" : "y"));
	}
	ask_update(stand, "u", "b", with_message(to_stage(STAGE_QUEUED), "y"));
	stand_walk(stand);
	cr_assert_str_eq(look_after(sight, view)->text, "U:a@4<3+2 U:b@5<4+3 ");
}

Test(corridor_watch_all, merged_counts_add_up_over_full_pages)
{
	enum { JOBS = 1500, CHANGES = 4 };
	static char names[JOBS][12];
	struct view view = {.is_latest_only = true};
	struct sight *sight = look(view);
	for (int change = 0; change < CHANGES; change++)
		for (int i = 0; i < JOBS; i++) {
			snprintf(names[i], sizeof names[i], "job-%d", i);
			ask_update(stand, "u", names[i], to_percent(STAGE_QUEUED, change + 1));
		}
	stand_walk(stand);
	uint64_t told = 0, merged = 0;
	do {
		sight = look_after(sight, view);
		for (size_t i = 0; i < sight->page->n_events; i++)
			merged += sight->page->events[i]->merged;
		told += sight->page->n_events;
	} while (sight->page->n_events > 0);
	cr_assert_geq(merged, JOBS, "most of what can be merged is");
	cr_assert_eq(told + merged, JOBS * CHANGES);
}

Test(corridor_watch_all, after_a_restart_gets_exactly_one_resync)
{
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look((struct view){0});
	life_restart(stand);
	sight = look_after(sight, (struct view){.timeout_ms = 1000});
	cr_assert_str_eq(sight->text, "resync S:a@1<0 ");
	cr_assert_str_eq(look_after(sight, (struct view){0})->text, "");
}

static void set_history(size_t changes_max)
{
	stand->feed.history.limits = (struct feed_history_limits){
	    .changes_min = changes_max, .changes_max = changes_max, .bytes_max = SIZE_MAX, .age_min_ms = INT64_MAX};
}

static void make_noise(int count)
{
	for (int i = 0; i < count; i++)
		ask_update(stand, "n", "noise", with_message(to_stage(STAGE_QUEUED), i % 2 == 0 ? "x" : "y"));
	stand_walk(stand);
}

Test(corridor_watch_all, with_too_old_a_token_gets_exactly_one_resync)
{
	set_history(10);
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look((struct view){0});
	make_noise(11);
	sight = look_after(sight, (struct view){0});
	cr_assert_str_eq(sight->text, "resync S:noise@11<0 S:a@1<0 ");
	cr_assert_str_eq(look_after(sight, (struct view){0})->text, "");
}

Test(corridor_watch_all, that_waits_needs_no_resync_however_much_others_change)
{
	struct view view = {.timeout_ms = 1000, .filter = {.job_id_prefix = "a"}};
	set_history(10);
	struct sight *first = look(view);
	view.token = first->page->resume_token;
	struct sight *sight = life_watch_all(stand, view), *idle = life_watch_all(stand, view);
	idle->call.peer = 2;
	stand_walk(stand);
	make_noise(1000);
	cr_assert_eq(sight->replies, 0);
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	cr_assert_str_eq(sight->text, "C:a@1<0 ");
	cr_assert_str_eq(idle->text, "C:a@1<0 ");
	view.token = sight->page->resume_token;
	idle = life_watch_all(stand, view);
	stand_walk(stand);
	make_noise(1000);
	life_walk_at(stand, 1000);
	cr_assert_eq(idle->replies, 1);
	cr_assert_str_eq(idle->text, "");
}

Test(corridor_watch_all, that_waits_is_answered_with_the_change_that_woke_it)
{
	struct view view = {.timeout_ms = 1000, .filter = {.job_id_prefix = "a"}};
	view.token = look(view)->page->resume_token;
	struct sight *sight = life_watch_all(stand, view);
	stand_walk(stand);
	for (int i = 0; i < 5; i++) {
		make_noise(10000);
		stand_forget_log(stand);
	}
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	cr_assert_str_eq(sight->text, "C:a@1<0 ");
}

Test(corridor_watch_all, bears_a_crowd_of_watchers)
{
	enum { WATCHERS = 20000 };
	struct sight **sights = calloc(WATCHERS, sizeof *sights);
	struct view view = {.timeout_ms = 1000, .token = look((struct view){0})->page->resume_token};
	for (int i = 0; i < WATCHERS; i++)
		sights[i] = life_watch_all(stand, view);
	stand_walk(stand);
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	for (int i = 0; i < WATCHERS; i++) {
		cr_assert_eq(sights[i]->call.fault.code, ERR_OK, "%s", sights[i]->call.fault.text);
		cr_assert_str_eq(sights[i]->text, "C:a@1<0 ");
	}
	free(sights);
}

Test(corridor_watch_all, does_not_let_many_snapshots_fill_the_memory_of_a_batch)
{
	enum { JOBS = 400, WATCHERS = 200 };
	static char job_names[JOBS][12], message[JOB_MESSAGE_BYTES_MAX + 1];
	struct sight *sights[WATCHERS];
	memset(message, 'x', sizeof message - 1);
	for (int i = 0; i < JOBS; i++) {
		snprintf(job_names[i], sizeof job_names[i], "job-%d", i);
		ask_update(stand, "u", job_names[i], with_message(to_stage(STAGE_QUEUED), message));
	}
	stand_walk(stand);
	stand->corridor.arena.bytes_max = 32 << 20;
	for (int i = 0; i < WATCHERS; i++)
		sights[i] = life_watch_all(stand, (struct view){0});
	stand_walk(stand);
	for (int i = 0; i < WATCHERS; i++)
		cr_assert_eq(sights[i]->call.fault.code, ERR_OK, "%s", sights[i]->call.fault.text);
}

/* ---- a snapshot of many pages while jobs change */

enum { CROWD = 1200 };

static char names[CROWD + 200][24];

static const char *name_of(uint64_t number)
{
	snprintf(names[number], sizeof names[number], "job-%d", (int)number);
	return names[number];
}

static int number_of(const char *name)
{
	return (int)strtol(name + 4, NULL, 10);
}

struct watcher {
	uint64_t known[CROWD + 200]; /* revision by job; 0: not known */
};

/* A job that was over before its page came is in no page; its removal is told all the same. */
static bool is_removal_of_finished(const Progress__V1__ProgressEvent *event)
{
	return event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED &&
	       event->progress_info->state != PROGRESS__V1__JOB_STATE__JOB_STATE_ACTIVE &&
	       event->progress_info->state != PROGRESS__V1__JOB_STATE__JOB_STATE_STALLED;
}

static void learn(struct watcher *watcher, const struct sight *sight)
{
	for (size_t i = 0; i < sight->page->n_events; i++) {
		const Progress__V1__ProgressEvent *event = sight->page->events[i];
		int number = number_of(event->progress_info->job_id);
		uint64_t *known = &watcher->known[number];
		if (event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT)
			cr_assert_eq(*known, 0, "job-%d is in the snapshot twice, or behind a change", number);
		else if (*known != 0 || !is_removal_of_finished(event))
			cr_assert_eq(*known, event->previous_revision, "job-%d: a gap or a repeat", number);
		bool is_gone = event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
		*known = is_gone ? 0 : event->progress_info->revision;
	}
}

static void change_some(struct random *random, int *count)
{
	for (int i = 0; i < 30; i++) {
		uint64_t dice = random_below(random, 20), number = random_below(random, (uint64_t)*count);
		if (dice == 0 && *count < CROWD + 200)
			ask_create(stand, "c", name_of((uint64_t)(*count)++), "");
		else if (dice == 1)
			ask_delete(stand, "d", name_of(number));
		else if (dice == 2)
			ask_update(stand, "e", name_of(number), to_stage(STAGE_FAILED));
		else
			ask_update(stand, "u", name_of(number),
			           to_percent(STAGE_DOWNLOADING, 5 + (double)random_below(random, 10)));
	}
	if (random_below(random, 2) == 0)
		stand_walk(stand);
}

static void check_knows_all(const struct watcher *watcher, int count)
{
	for (int i = 0; i < count; i++) {
		struct job *job = fake_store_find(&stand->store, name_of((uint64_t)i));
		bool is_live = job != NULL && !job_state_is_final(job->view.state);
		if (is_live)
			cr_assert_eq(watcher->known[i], job->view.revision, "job-%d is at %d, known is %d", i,
			             (int)job->view.revision, (int)watcher->known[i]);
		else
			cr_assert(job != NULL || watcher->known[i] == 0, "job-%d is gone", i);
		job_destroy(job);
	}
}

Test(corridor_watch_all, has_no_gap_and_no_repeat_while_jobs_change_between_the_pages)
{
	struct random random;
	struct watcher *watcher = calloc(1, sizeof *watcher);
	random_start(&random, "corridor_watch_all");
	int count = CROWD, pages = 0;
	for (uint64_t i = 0; i < CROWD; i++)
		ask_create(stand, "c", name_of(i), "");
	stand_walk(stand);
	struct sight *sight = look((struct view){0});
	for (;; pages++) {
		learn(watcher, sight);
		if (pages < 20)
			change_some(&random, &count);
		else if (sight->page->n_events == 0)
			break;
		sight = look_after(sight, (struct view){0});
		cr_assert_not(sight->page->resync);
	}
	check_knows_all(watcher, count);
	free(watcher);
}

Test(corridor_watch_all, tells_the_named_jobs_whatever_their_state_and_nothing_of_others)
{
	const char *ids[] = {"c", "a", "none"};
	struct view view = {.filter = {.job_ids = ids, .job_id_count = 3}, .timeout_ms = 1000};
	feed_filter_sort_ids(&view.filter);
	life_update(stand, "a", to_stage(STAGE_FAILED));
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	life_update(stand, "c", to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look(view);
	cr_assert_str_eq(sight->text, "S:c@1<0 S:a@1<0 ");
	view.token = sight->page->resume_token;
	struct sight *next = life_watch_all(stand, view);
	life_update(stand, "b", to_stage(STAGE_ANALYZING));
	cr_assert_eq(next->replies, 0, "nobody asked for b");
	life_update(stand, "none", to_stage(STAGE_QUEUED));
	cr_assert_str_eq(next->text, "C:none@1<0 ");
	view.token = next->page->resume_token;
	life_update(stand, "b", to_stage(STAGE_FAILED));
	life_update(stand, "c", to_stage(STAGE_FAILED));
	cr_assert_str_eq(look(view)->text, "E:c@2<1 ");
}

Test(corridor_watch_all, gives_the_named_jobs_by_pages_when_they_are_large)
{
	const char *ids[] = {"a", "b", "c"};
	struct view view = {.filter = {.job_ids = ids, .job_id_count = 3}, .answer_bytes_max = 1};
	feed_filter_sort_ids(&view.filter);
	for (size_t i = 0; i < 3; i++)
		life_update(stand, ids[i], to_stage(STAGE_DOWNLOADING));
	struct sight *sight = look(view);
	cr_assert_str_eq(sight->text, "S:c@1<0 ");
	life_update(stand, "a", to_stage(STAGE_ANALYZING));
	life_update(stand, "c", to_stage(STAGE_ANALYZING));
	sight = look_after(sight, view);
	cr_assert_str_eq(sight->text, "U:c@2<1 ", "it was told of already; the news of a is in its own page");
	sight = look_after(sight, view);
	cr_assert_str_eq(sight->text, "S:b@1<0 ");
	sight = look_after(sight, view);
	cr_assert_str_eq(sight->text, "S:a@2<0 ");
	cr_assert_str_eq(look_after(sight, view)->text, "");
}
