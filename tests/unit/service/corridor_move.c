/* Bars that move by themselves: who is told, what it costs, and what they show through restarts and set clocks. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "life.h"

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, YEAR_S = 365 * 24 * 3600 };

static struct stand *stand;

static void start(void)
{
	stand = life_start();
}

static void stop(void)
{
	life_stop(stand);
}

TestSuite(corridor_move, .init = start, .fini = stop);

static struct job_update simulated(int stage, int64_t expected_ms)
{
	struct job_update update = to_stage(stage);
	update.claim = JOB_CLAIM_SIMULATED;
	update.expected_ms = expected_ms;
	return update;
}

static void simulate(const char *job_id)
{
	life_update(stand, job_id, simulated(STAGE_TRANSCRIBING, 5 * MINUTE_MS));
	stand_forget_log(stand);
}

static const Progress__V1__ProgressInfo *read_job(const char *job_id)
{
	struct asked *asked = ask_read(stand, "r", job_id);
	stand_walk(stand);
	cr_assert_not_null(asked->info);
	return asked->info;
}

static struct sight *watch_after(const struct sight *sight, int64_t timeout_ms)
{
	return life_watch(stand, "a", (struct view){.token = sight->page->resume_token, .timeout_ms = timeout_ms});
}

static const Progress__V1__ProgressInfo *told(const struct sight *sight)
{
	cr_assert_eq(sight->page->n_events, 1);
	return sight->page->events[0]->progress_info;
}

/* Walks in steps until the call is answered; returns the time. */
static int64_t walk_until_answered(const struct sight *sight, int64_t from_ms, int64_t step_ms)
{
	while (sight->replies == 0) {
		from_ms += step_ms;
		cr_assert_lt(from_ms, HOUR_MS);
		life_walk_at(stand, from_ms);
	}
	return from_ms;
}

Test(corridor_move, tells_the_watcher_of_a_simulated_job_step_by_step_and_writes_nothing)
{
	simulate("a");
	size_t commits = stand->store.commits;
	struct sight *sight = life_look(stand, "a", (struct view){0});
	double fraction = told(sight)->fraction, time_fraction = told(sight)->time_fraction;
	int64_t now_ms = 0;
	for (int i = 0; i < 20; i++) {
		sight = watch_after(sight, HOUR_MS);
		int64_t then_ms = now_ms;
		now_ms = walk_until_answered(sight, now_ms, 50);
		cr_assert_str_eq(sight->text, "M:a@1<1 ");
		cr_assert_geq(now_ms - then_ms, 250, "at most four times a second");
		double step = fmax(told(sight)->fraction - fraction, told(sight)->time_fraction - time_fraction);
		cr_assert(step >= 0.005 && step < 0.012, "moved by %g", step);
		cr_assert(told(sight)->fraction >= fraction && told(sight)->time_fraction >= time_fraction);
		cr_assert_eq(told(sight)->source, PROGRESS__V1__PROGRESS_SOURCE__PROGRESS_SOURCE_SIMULATED);
		fraction = told(sight)->fraction;
		time_fraction = told(sight)->time_fraction;
	}
	cr_assert_eq(stand->store.commits, commits);
	cr_assert_eq(stand->store.notes, 1, "but for that of the clock");
	cr_assert_null(strstr(stand->log, "told"), "listeners hear of changes only: %s", stand->log);
}

Test(corridor_move, tells_who_watches_many_of_those_that_pass_the_filter)
{
	simulate("a");
	simulate("b");
	life_update(stand, "x", to_stage(STAGE_TRANSCRIBING));
	struct view all = {.timeout_ms = HOUR_MS}, only_b = {.timeout_ms = HOUR_MS, .filter = {.job_id_prefix = "b"}};
	all.token = life_look_at_all(stand, (struct view){0})->page->resume_token;
	only_b.token = life_look_at_all(stand, (struct view){.filter = only_b.filter})->page->resume_token;
	struct sight *first = life_watch_all(stand, all), *second = life_watch_all(stand, only_b);
	stand_walk(stand);
	walk_until_answered(first, 0, 250);
	cr_assert_not_null(strstr(first->text, "M:a@1<1 "));
	cr_assert_not_null(strstr(first->text, "M:b@1<1 "));
	cr_assert_eq(first->page->n_events, 2);
	cr_assert_str_eq(second->text, "M:b@1<1 ");
}

Test(corridor_move, tells_who_watches_many_of_a_job_that_begins_to_move_later)
{
	struct view view = {.timeout_ms = HOUR_MS};
	view.token = life_look_at_all(stand, (struct view){0})->page->resume_token;
	struct sight *sight = life_watch_all(stand, view);
	stand_walk(stand);
	simulate("a");
	cr_assert_str_eq(sight->text, "C:a@1<0 ");
	view.token = sight->page->resume_token;
	sight = life_watch_all(stand, view);
	stand_walk(stand);
	walk_until_answered(sight, 0, 250);
	cr_assert_str_eq(sight->text, "M:a@1<1 ");
}

Test(corridor_move, costs_nothing_for_a_job_that_nobody_watches)
{
	simulate("a");
	life_walk_at(stand, 1);
	stand->corridor.expiry_due_ms = INT64_MAX;
	cr_assert_eq(stand->corridor.movers.by_job.count, 0);
	cr_assert_eq(corridor_next_due(&stand->corridor), INT64_MAX);
}

Test(corridor_move, forgets_a_job_whose_watcher_has_gone)
{
	simulate("a");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	watch_after(sight, 1000);
	stand_walk(stand);
	cr_assert_eq(stand->corridor.movers.by_job.count, 1);
	for (int64_t now_ms = 0; now_ms < MINUTE_MS; now_ms += 250)
		life_walk_at(stand, now_ms);
	cr_assert_eq(stand->corridor.movers.by_job.count, 0);
}

Test(corridor_move, tells_nothing_of_a_job_after_its_end_and_the_end_once_and_last)
{
	simulate("a");
	struct sight *sight = life_look(stand, "a", (struct view){0});
	for (int64_t now_ms = 1000; now_ms <= 20000; now_ms += 1000)
		life_walk_at(stand, now_ms);
	watch_after(sight, 1000);
	life_walk_at(stand, 21000);
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	sight = life_look(stand, "a", (struct view){.token = sight->page->resume_token});
	cr_assert_str_eq(sight->text, "E:a@2<1 ");
	cr_assert_eq(told(sight)->fraction, 1);
	for (int64_t now_ms = 22000; now_ms <= 60000; now_ms += 500)
		life_walk_at(stand, now_ms);
	sight = life_look(stand, "a", (struct view){.token = sight->page->resume_token});
	cr_assert_str_eq(sight->text, "");
	cr_assert_eq(stand->corridor.movers.by_job.count, 0);
}

Test(corridor_move, wakes_nobody_who_waits_for_a_revision)
{
	simulate("a");
	struct sight *watch = watch_after(life_look(stand, "a", (struct view){0}), HOUR_MS);
	struct asked *wait = ask_wait(stand, "w", "a", (struct wish){1, 10 * MINUTE_MS, false}, 1);
	stand_walk(stand);
	walk_until_answered(watch, 0, 250);
	cr_assert_eq(wait->replies, 0);
}

/* ---- time */

static void expect_same(const Progress__V1__ProgressInfo *a, const Progress__V1__ProgressInfo *b)
{
	cr_assert_eq(a->fraction, b->fraction, "%.17g and %.17g", a->fraction, b->fraction);
	cr_assert_eq(a->time_fraction, b->time_fraction, "%.17g and %.17g", a->time_fraction, b->time_fraction);
	cr_assert_eq(a->flag, b->flag);
	cr_assert_eq(a->eta == NULL, b->eta == NULL);
}

Test(corridor_move, shows_the_same_after_a_restart)
{
	simulate("a");
	life_walk_at(stand, MINUTE_MS);
	const Progress__V1__ProgressInfo *before = read_job("a");
	life_restart(stand);
	expect_same(read_job("a"), before);
	cr_assert_gt(before->fraction, 0.26);
}

Test(corridor_move, does_not_care_when_the_wall_clock_is_set)
{
	static const int64_t jumps_s[] = {YEAR_S, -YEAR_S, 7, -7};
	simulate("a");
	life_walk_at(stand, MINUTE_MS);
	const Progress__V1__ProgressInfo *before = read_job("a");
	for (size_t i = 0; i < sizeof jumps_s / sizeof *jumps_s; i++) {
		stand->now.wall_ms += jumps_s[i] * 1000;
		expect_same(read_job("a"), before);
		life_restart(stand);
		expect_same(read_job("a"), before);
	}
	int64_t wall_ms = stand->now.wall_ms;
	life_walk_at(stand, 2 * MINUTE_MS);
	stand->now.wall_ms = wall_ms - 5000;
	cr_assert_gt(read_job("a")->fraction, before->fraction, "it goes on");
}

Test(corridor_move, goes_on_after_a_boot_from_where_it_was_even_with_a_clock_that_was_lost)
{
	simulate("a");
	life_walk_at(stand, MINUTE_MS);
	simulate("a"); /* absorbed: nothing is new */
	life_update(stand, "a", with_message(to_stage(STAGE_TRANSCRIBING), "seen now"));
	const Progress__V1__ProgressInfo *before = read_job("a");
	stand->corridor.options.boot_key = 2;
	stand->now = (struct moment){1000, 10};
	life_restart(stand);
	cr_assert_geq(read_job("a")->fraction, before->fraction);
	stand->now.steady_ms += MINUTE_MS;
	cr_assert_gt(read_job("a")->fraction, before->fraction);
}

Test(corridor_move, says_lost_of_a_worker_whose_heartbeats_stop_and_takes_it_back)
{
	simulate("a");
	for (int64_t now_ms = 0; now_ms <= 5 * 15000; now_ms += 15000) {
		life_sign(stand, "a", 0, 0);
		life_walk_at(stand, now_ms);
	}
	cr_assert_eq(read_job("a")->flag, PROGRESS__V1__PROGRESS_FLAG__PROGRESS_FLAG_UNSPECIFIED);
	stand_forget_log(stand);
	life_walk_at(stand, 5 * 15000 + 45000);
	cr_assert_str_eq(stand->log, "commit:1 told:a@2<1U ");
	const Progress__V1__ProgressInfo *lost = read_job("a");
	cr_assert_eq(lost->flag, PROGRESS__V1__PROGRESS_FLAG__PROGRESS_FLAG_LOST);
	cr_assert_eq((int)lost->state, (int)JOB_STATE_ACTIVE, "it promised nothing");
	life_walk_at(stand, HOUR_MS);
	cr_assert_float_eq(read_job("a")->fraction, lost->fraction, 1e-4);
	cr_assert_null(read_job("a")->eta);
	life_sign(stand, "a", 0, 0);
	stand_walk(stand);
	cr_assert_eq(read_job("a")->revision, 3);
	cr_assert_neq(read_job("a")->flag, PROGRESS__V1__PROGRESS_FLAG__PROGRESS_FLAG_LOST);
}

/* ---- learning */

static int64_t run_job(const char *job_id, int64_t now_ms)
{
	life_update(stand, job_id, to_stage(STAGE_DOWNLOADING));
	life_walk_at(stand, now_ms += 20000);
	life_update(stand, job_id, to_stage(STAGE_TRANSCRIBING));
	life_walk_at(stand, now_ms += 60000);
	life_update(stand, job_id, to_stage(STAGE_COMPLETED));
	return now_ms;
}

Test(corridor_lessons, let_the_next_job_know_its_end, .init = start, .fini = stop)
{
	static const char *const names[] = {"j0", "j1", "j2"};
	int64_t now_ms = 0;
	life_update(stand, "early", to_stage(STAGE_DOWNLOADING));
	cr_assert_null(read_job("early")->eta);
	cr_assert_not(read_job("early")->has_history);
	for (int i = 0; i < 3; i++)
		now_ms = run_job(names[i], now_ms);
	life_update(stand, "next", to_stage(STAGE_DOWNLOADING));
	const Progress__V1__ProgressInfo *info = read_job("next");
	cr_assert_not_null(info->eta);
	cr_assert(info->has_history);
	cr_assert(info->eta->seconds > 30 && info->eta->seconds < 200, "%g s", info->eta->seconds);
	cr_assert_null(read_job("j2")->eta, "a job that has ended has none");
}

Test(corridor_lessons, are_saved_once_a_second_and_outlive_a_restart, .init = start, .fini = stop)
{
	int64_t now_ms = run_job("j0", 0);
	size_t notes = stand->store.notes;
	life_walk_at(stand, now_ms + 999);
	cr_assert_eq(stand->store.notes, notes);
	life_walk_at(stand, now_ms + 1000);
	cr_assert_eq(stand->store.notes, notes + 1);
	life_walk_at(stand, now_ms + 9000);
	cr_assert_eq(stand->store.notes, notes + 1);
	life_restart(stand);
	life_update(stand, "next", to_stage(STAGE_DOWNLOADING));
	cr_assert(read_job("next")->has_history);
}

Test(corridor_lessons, are_not_learned_from_an_end_that_was_not_committed, .init = start, .fini = stop)
{
	life_update(stand, "a", to_stage(STAGE_DOWNLOADING));
	life_walk_at(stand, 10000);
	stand->store.commit_err = ERR_UNAVAILABLE;
	stand->store.commit_failures = 1;
	ask_update(stand, "u", "a", to_stage(STAGE_COMPLETED));
	stand_walk(stand);
	life_update(stand, "b", to_stage(STAGE_DOWNLOADING));
	cr_assert_not(read_job("b")->has_history);
	life_update(stand, "a", to_stage(STAGE_COMPLETED));
	life_update(stand, "c", to_stage(STAGE_DOWNLOADING));
	cr_assert(read_job("c")->has_history);
}

static uint64_t jobs_in_store(const char *key)
{
	static struct learned learned;
	struct store_note note;
	struct fault fault = {0};
	cr_assert_eq(store_load_note(stand->store.inner, key, &note, &fault), ERR_OK);
	if (note.bytes == NULL)
		return 0;
	cr_assert_eq(learned_open(note.bytes, note.length, &learned, &fault), ERR_OK, "%s", fault.text);
	free(note.bytes);
	return learned.jobs;
}

Test(corridor_lessons, are_added_to_what_another_instance_has_learned_meanwhile, .init = start, .fini = stop)
{
	static const char key[] = "learned/default/main";
	int64_t now_ms = run_job("j0", 0);
	life_walk_at(stand, now_ms += 1000);
	cr_assert_eq(jobs_in_store(key), 1);
	run_job("j1", now_ms);
	/* somebody else writes what it has: the same note with one revision more */
	struct store_note note;
	struct fault fault;
	bool is_conflict;
	cr_assert_eq(store_load_note(stand->store.inner, key, &note, &fault), ERR_OK);
	cr_assert_eq(store_put_note(stand->store.inner, key, note.revision, note.bytes, note.length, &is_conflict, &fault),
	             ERR_OK);
	free(note.bytes);
	for (int i = 0; i < 4; i++)
		life_walk_at(stand, now_ms += 60000);
	cr_assert_eq(jobs_in_store(key), 2);
}

Test(corridor_lessons, are_saved_when_the_service_stops, .init = start, .fini = stop)
{
	run_job("j0", 0);
	cr_assert_eq(jobs_in_store("learned/default/main"), 0);
	corridor_save_lessons(&stand->corridor);
	cr_assert_eq(jobs_in_store("learned/default/main"), 1);
}
