/*
 * Two corridors on one store, in which each may act between any two steps of the other: random stories, and the few
 * moments that matter by themselves.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "life.h"
#include "shared_store.h"
#include "support/random.h"

enum { SIDES = SHARED_DOORS, JOBS = 5, STEPS = 250, ROUNDS = 60, WATCHERS = 8 };

static const char *const jobs[JOBS] = {"a", "b", "c", "d", "e"};

/* Somebody who follows the tokens and checks that each change follows on what he knows. */
struct watcher {
	size_t side;
	const char *job_id;  /* NULL: all */
	struct sight *sight; /* under way */
	char token[120];
	uint64_t known[JOBS]; /* revisions; 0: no such job */
	size_t resyncs;
};

struct world {
	struct shared_store shared;
	struct stand *stands[SIDES];
	struct random random;
	struct watcher watchers[WATCHERS];
	struct asked *reads[SIDES][JOBS];   /* asked for, not yet answered */
	uint64_t floors[SIDES][JOBS];       /* what such a read must show at least */
	struct asked *updates[SIDES][JOBS]; /* likewise */
	uint64_t acknowledged[JOBS];
	bool is_inside; /* one corridor is in the midst of another's step */
	bool is_calm;   /* nobody interferes any more */
};

static size_t job_index(const char *job_id)
{
	return (size_t)(job_id[0] - 'a');
}

/* ---- watchers ---- */

static void take_event(struct watcher *watcher, const Progress__V1__ProgressEvent *event)
{
	uint64_t *known = &watcher->known[job_index(event->progress_info->job_id)];
	uint64_t revision = event->progress_info->revision;
	if (event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT) {
		*known = revision;
		return;
	}
	if (*known != 0 || event->previous_revision == 0)
		cr_assert_eq(event->previous_revision, *known,
		             "%s: %" PRIu64 " after %" PRIu64 " was told to one who knew %" PRIu64,
		             event->progress_info->job_id, revision, event->previous_revision, *known);
	*known = event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED ? 0 : revision;
}

/* Takes the answer, if there is one. */
static void take_answer(struct watcher *watcher)
{
	struct sight *sight = watcher->sight;
	if (sight == NULL || sight->replies == 0)
		return;
	watcher->sight = NULL;
	if (sight->page == NULL) {
		cr_assert_eq(sight->call.fault.code, ERR_NOT_FOUND, "%s", sight->call.fault.text);
		watcher->token[0] = '\0';
		memset(watcher->known, 0, sizeof watcher->known);
		return;
	}
	if (sight->page->resync) {
		memset(watcher->known, 0, sizeof watcher->known);
		watcher->resyncs++;
	}
	for (size_t i = 0; i < sight->page->n_events; i++)
		take_event(watcher, sight->page->events[i]);
	snprintf(watcher->token, sizeof watcher->token, "%s", sight->page->resume_token);
}

static void ask_on(struct world *world, struct watcher *watcher, int64_t timeout_ms)
{
	take_answer(watcher);
	if (watcher->sight != NULL)
		return;
	struct view view = {
	    .token = watcher->token[0] != '\0' ? watcher->token : NULL,
	    .timeout_ms = timeout_ms,
	    .for_creation = true,
	    /* All states: then the snapshot shows what has ended, too. */
	    .filter = {.states = watcher->job_id == NULL ? 0x3e : 0},
	};
	struct stand *stand = world->stands[watcher->side];
	watcher->sight = watcher->job_id != NULL ? life_watch(stand, watcher->job_id, view) : life_watch_all(stand, view);
}

/* ---- reads and updates ---- */

static void take_answers(struct world *world, size_t side)
{
	for (size_t i = 0; i < JOBS; i++) {
		struct asked *update = world->updates[side][i], *read = world->reads[side][i];
		if (update != NULL && update->replies > 0) {
			world->updates[side][i] = NULL;
			if (update->info != NULL && update->info->revision > world->acknowledged[i])
				world->acknowledged[i] = update->info->revision;
		}
		if (read != NULL && read->replies > 0) {
			uint64_t shown = read->info != NULL ? read->info->revision : 0;
			world->reads[side][i] = NULL;
			cr_assert_geq(shown, world->floors[side][i], "%s: less was read than was acknowledged", jobs[i]);
		}
	}
}

static void ask_something(struct world *world, size_t side)
{
	size_t job = random_below(&world->random, JOBS);
	struct stand *stand = world->stands[side];
	if (random_below(&world->random, 3) == 0) {
		if (world->reads[side][job] != NULL)
			return;
		world->reads[side][job] = ask_read(stand, "r", jobs[job]);
		world->floors[side][job] = world->acknowledged[job];
		return;
	}
	if (world->updates[side][job] != NULL)
		return;
	struct job_update update = to_percent(STAGE_PROCESSING, (double)random_below(&world->random, 100));
	update.message = random_below(&world->random, 2) == 0 ? "one" : "other";
	world->updates[side][job] = ask_update(stand, "u", jobs[job], update);
}

static void walk(struct world *world, size_t side)
{
	stand_walk(world->stands[side]);
	stand_forget_log(world->stands[side]);
	take_answers(world, side);
}

/* Lets the other side act first. */
static void interfere(struct shared_store *shared, size_t door, void *context)
{
	(void)shared;
	struct world *world = context;
	if (world->is_inside || world->is_calm || random_below(&world->random, 3) > 0)
		return;
	world->is_inside = true;
	size_t other = 1 - door;
	ask_something(world, other);
	walk(world, other);
	world->is_inside = false;
}

static size_t arrive(size_t count, void *context)
{
	struct world *world = context;
	return world->is_calm ? count : (size_t)random_below(&world->random, count + 1);
}

/* ---- the story ---- */

static void open_world(struct world *world, uint64_t seed)
{
	*world = (struct world){.is_calm = false};
	random_start_from(&world->random, seed);
	shared_store_open(&world->shared);
	world->shared.before = interfere;
	world->shared.arrived = arrive;
	world->shared.context = world;
	for (size_t i = 0; i < SIDES; i++) {
		world->stands[i] = i == 0 ? life_start() : stand_create(1 + random_below(&world->random, 4));
		world->stands[i]->corridor.store = &world->shared.doors[i].base;
	}
	for (size_t i = 0; i < WATCHERS; i++)
		world->watchers[i] = (struct watcher){.side = i % SIDES, .job_id = i < WATCHERS / 2 ? jobs[i / SIDES] : NULL};
}

static void step(struct world *world, bool may_miss)
{
	size_t side = random_below(&world->random, SIDES);
	switch (random_below(&world->random, 6)) {
	case 0:
	case 1:
	case 2:
		ask_something(world, side);
		break;
	case 3:
		ask_on(world, &world->watchers[random_below(&world->random, WATCHERS)],
		       random_below(&world->random, 2) == 0 ? 0 : 1000000);
		break;
	default:
		walk(world, side);
		break;
	}
	if (may_miss && random_below(&world->random, 40) == 0)
		shared_store_miss(&world->shared, side);
}

static uint64_t stored_revision(struct world *world, size_t job)
{
	struct store_load load = {.job_id = jobs[job]};
	struct fault fault;
	cr_assert_eq(store_load_all(world->shared.inner, &load, 1, &fault), ERR_OK);
	free(load.payload);
	return load.revision;
}

/* When all is quiet each watcher, asked until there is nothing new, knows what is stored. */
static void check_watchers(struct world *world)
{
	world->is_calm = true;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < WATCHERS; i++)
			ask_on(world, &world->watchers[i], 0);
		walk(world, 0);
		walk(world, 1);
	}
	for (size_t i = 0; i < WATCHERS; i++) {
		const struct watcher *watcher = &world->watchers[i];
		for (size_t job = 0; job < JOBS; job++)
			if (watcher->job_id == NULL || watcher->job_id == jobs[job])
				cr_assert_eq(watcher->known[job], stored_revision(world, job), "watcher %zu of %s", i, jobs[job]);
	}
}

static void close_world(struct world *world)
{
	stand_destroy(world->stands[1]);
	life_stop(world->stands[0]);
	shared_store_close(&world->shared);
}

static size_t run_story(uint64_t seed, bool may_miss)
{
	static struct world world;
	size_t resyncs = 0;
	open_world(&world, seed);
	for (int i = 0; i < STEPS; i++)
		step(&world, may_miss);
	check_watchers(&world);
	for (size_t i = 0; i < WATCHERS; i++)
		resyncs += world.watchers[i].resyncs;
	close_world(&world);
	return resyncs;
}

Test(corridor_shared, leaves_no_gap_and_no_old_answer_however_two_meet)
{
	struct random random;
	random_start(&random, "corridor_shared");
	for (int round = 0; round < ROUNDS; round++)
		cr_assert_eq(run_story(random_below(&random, UINT64_MAX), false), 0, "nobody need resync");
}

Test(corridor_shared, tells_watchers_to_resync_when_something_was_missed)
{
	struct random random;
	size_t resyncs = 0;
	random_start(&random, "corridor_shared");
	for (int round = 0; round < ROUNDS; round++)
		resyncs += run_story(random_below(&random, UINT64_MAX), true);
	cr_assert_gt(resyncs, 0);
}

/* ---- moments ---- */

static struct world quiet;

static void start(void)
{
	open_world(&quiet, 1);
	quiet.is_calm = true;
}

static void stop(void)
{
	close_world(&quiet);
}

TestSuite(corridor_shared_moment, .init = start, .fini = stop);

Test(corridor_shared_moment, stalls_a_job_once_and_loses_it_once)
{
	struct job_creation creation = {.job_id = "a", .lost_after_ms = 500};
	life_create(quiet.stands[0], creation);
	life_update(quiet.stands[0], "a", with_lease(to_stage(STAGE_DOWNLOADING), 100));
	stand_walk(quiet.stands[1]);
	for (int ms = 50; ms <= 550; ms += 50)
		for (size_t side = 0; side < SIDES; side++)
			life_walk_at(quiet.stands[side], ms);
	cr_assert_eq(stored_revision(&quiet, 0), 3, "it is stalled");
	for (int ms = 600; ms <= 2000; ms += 50)
		for (size_t side = 0; side < SIDES; side++)
			life_walk_at(quiet.stands[side], ms);
	for (size_t side = 0; side < SIDES; side++)
		cr_assert_not_null(strstr(quiet.stands[side]->log, "told:a@3<2U told:a@4<3E"), "%s", quiet.stands[side]->log);
	cr_assert_eq(stored_revision(&quiet, 0), 4, "and has failed");
}

Test(corridor_shared_moment, stalls_no_job_whose_worker_the_other_hears)
{
	life_update(quiet.stands[0], "a", with_lease(to_stage(STAGE_DOWNLOADING), 100));
	stand_walk(quiet.stands[1]);
	for (int ms = 50; ms <= 1000; ms += 50) {
		life_sign(quiet.stands[0], "a", 0, 0);
		for (size_t side = 0; side < SIDES; side++)
			life_walk_at(quiet.stands[side], ms);
	}
	cr_assert_eq(stored_revision(&quiet, 0), 1);
}

Test(corridor_shared_moment, wakes_a_waiter_by_a_change_of_the_other)
{
	life_update(quiet.stands[0], "a", to_stage(STAGE_DOWNLOADING));
	struct wish wish = {.after_revision = 1, .timeout_ms = 1000};
	struct asked *wait = ask_wait(quiet.stands[1], "w", "a", wish, 1);
	stand_walk(quiet.stands[1]);
	life_update(quiet.stands[0], "a", to_stage(STAGE_DOWNLOADED));
	stand_walk(quiet.stands[1]);
	cr_assert_eq(wait->replies, 1);
	cr_assert_eq(wait->info->revision, 2);
}

Test(corridor_shared_moment, does_not_tell_a_watcher_at_once_that_a_lost_job_is_gone)
{
	life_update(quiet.stands[0], "a", to_stage(STAGE_DOWNLOADING));
	struct sight *first = life_look(quiet.stands[1], "a", (struct view){0});
	struct view view = {.token = first->page->resume_token, .timeout_ms = 60000};
	struct sight *waiting = life_watch(quiet.stands[1], "a", view);
	stand_walk(quiet.stands[1]);
	struct store_put removal = {.record = {.job_id = "a"}, .expected_revision = 1, .is_removal = true};
	enum store_durability durability;
	struct fault fault;
	cr_assert_eq(store_commit(quiet.shared.inner, &removal, 1, &durability, &fault), ERR_OK);
	shared_store_miss(&quiet.shared, 1);
	stand_walk(quiet.stands[1]);
	cr_assert_eq(waiting->replies, 0);
	shared_store_miss(&quiet.shared, 0);
	life_walk_at(quiet.stands[0], 700);
	life_update(quiet.stands[0], "a", to_stage(STAGE_DOWNLOADING));
	stand_walk(quiet.stands[1]);
	cr_assert_eq(waiting->replies, 1);
	cr_assert_not_null(waiting->page, "%s", waiting->call.fault.text);
}

/* ---- the jobs under way, after something was missed ---- */

static size_t count_followed(size_t side)
{
	size_t count = 0;
	for (size_t i = 0; i < JOBS; i++)
		count += leases_has(&quiet.stands[side]->corridor.leases, jobs[i]);
	return count;
}

static void start_all(void)
{
	for (size_t i = 0; i < JOBS; i++)
		life_update(quiet.stands[0], jobs[i], with_lease(to_stage(STAGE_DOWNLOADING), 100));
	shared_store_miss(&quiet.shared, 1);
}

Test(corridor_shared_moment, follows_all_jobs_by_pages_after_news_were_missed)
{
	const struct corridor *corridor = &quiet.stands[1]->corridor;
	start_all();
	stand_walk(quiet.stands[1]);
	cr_assert_eq(count_followed(1), 2, "a page at a time");
	cr_assert_leq(corridor_next_due(corridor), corridor->now.steady_ms, "the next one is due at once");
	stand_walk(quiet.stands[1]);
	stand_walk(quiet.stands[1]);
	cr_assert_eq(count_followed(1), JOBS);
	cr_assert_not(corridor->adoption.is_under_way);
}

Test(corridor_shared_moment, counts_each_job_once_that_changes_while_all_are_listed)
{
	const int active = JOB_STATE_ACTIVE;
	start_all();
	stand_walk(quiet.stands[1]);
	int64_t before = metrics_jobs(active, STAGE_DOWNLOADED);
	life_update(quiet.stands[0], "e", to_stage(STAGE_DOWNLOADED)); /* was listed */
	life_update(quiet.stands[0], "a", to_stage(STAGE_DOWNLOADED)); /* is still to be listed */
	/* The other corridor of this process has counted them, too. */
	int64_t of_other = metrics_jobs(active, STAGE_DOWNLOADED) - before;
	for (int i = 0; i < 3; i++)
		stand_walk(quiet.stands[1]);
	cr_assert_eq(of_other, 2);
	cr_assert_eq(metrics_jobs(active, STAGE_DOWNLOADED) - of_other, 2);
	cr_assert_eq(metrics_jobs(active, STAGE_DOWNLOADING) + of_other, 3);
}
