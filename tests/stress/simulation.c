/*
 * The whole corridor under a seed: jobs, leases, store and feed with random commands, faults and restarts in virtual
 * time, without sockets and threads. After each step: the store holds what was told, nothing went back, every call was
 * answered once. In the end every watcher knows what the store holds.
 *
 * stress_simulation [--seeds N] [--from SEED]: seeds SEED to SEED + N - 1. A failure prints its seed; to replay it:
 * --from SEED --seeds 1. What a seed exercised on average is told as a figure.
 */
#include <inttypes.h>
#include <string.h>

#include "simulation_calls.h"

enum { STEPS = 150, START_MS = 1000000, SEEDS_DEFAULT = 300 };

static uint64_t seed;
static int step;

/* What was exercised by all seeds. */
static struct tally {
	uint64_t calls, changes, ends, removals, stalls, faults, restarts, answers, events, resyncs;
} tally;

_Noreturn void simulation_fail(void)
{
	fprintf(stderr, "seed %" PRIu64 ", step %d; replay it with --from %" PRIu64 " --seeds 1\n", seed, step, seed);
	exit(1);
}

/* ---- what is told */

static void check_stall(const struct world *world, int number, const struct job *job)
{
	int64_t silent_ms = world->now.steady_ms - world->heard_ms[number];
	CHECK(silent_ms >= job->lease_ms, "%s: stalled %d ms after a sign with a lease of %d ms", job->job_id,
	      (int)silent_ms, (int)job->lease_ms);
}

/* The change is committed before it is told, so the store holds it, unless a later one of the same batch, too. */
static void check_is_stored(struct world *world, const Progress__V1__ProgressEvent *event)
{
	const Progress__V1__ProgressInfo *now = event->progress_info;
	int number = simulation_number(now->job_id);
	const struct job *job = simulation_store_find(&world->store, now->job_id);
	bool is_removal = event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	CHECK(is_removal || (job != NULL && job->view.revision >= now->revision) || job == NULL, "%s@%" PRIu64, now->job_id,
	      now->revision);
	bool is_new_stall = (int)now->state == JOB_STATE_STALLED && world->told[number].state == JOB_STATE_ACTIVE;
	tally.stalls += is_new_stall;
	if (is_new_stall && job != NULL && job->view.revision == now->revision)
		check_stall(world, number, job);
}

static void hear(struct feed_listener *listener, const char *job_id, const uint8_t *bytes, size_t length)
{
	struct world *world = LIST_MEMBER(listener, struct world, listener);
	struct arena arena;
	ProtobufCMessage *message;
	struct fault fault;
	arena_init(&arena, SIMULATION_CALL_BYTES_MAX);
	CHECK(wire_open(&progress__v1__progress_event__descriptor, bytes, length, &arena, &message, &fault) == ERR_OK, "%s",
	      fault.text);
	const Progress__V1__ProgressEvent *event = (const Progress__V1__ProgressEvent *)message;
	struct knowledge *told = &world->told[simulation_number(job_id)];
	CHECK(event->previous_revision == told->revision && event->progress_info->revision == told->revision + 1,
	      "%s: told %" PRIu64 " after %" PRIu64 ", but %" PRIu64 " was told last", job_id,
	      event->progress_info->revision, event->previous_revision, told->revision);
	world->changes++;
	tally.ends += event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED;
	tally.removals += event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	check_is_stored(world, event);
	watcher_follow(told, event);
	arena_finish(&arena);
}

static void forbid_data_loss(const struct fault *fault)
{
	CHECK(false, "%s", fault->text);
}

/* ---- start and restart */

static void start_corridor(struct world *world)
{
	struct corridor_options options = {
	    .default_ttl_ms = 8000,
	    .default_lost_after_ms = simulation_pick(world, 2) == 0 ? 0 : 3000,
	    .cached_jobs_max = simulation_pick(world, 2 * SIMULATION_JOBS),
	    .epoch = ++world->epoch,
	    .boot_key = 1,
	    .movers = {.step_points = 0.5, .interval_ms = 250},
	    .on_data_loss = forbid_data_loss,
	};
	struct fault fault;
	feed_init(&world->feed, &world->limits);
	feed_add_listener(&world->feed, &world->listener);
	corridor_init(world->corridor, &world->store.base, &world->feed, &options);
	CHECK(corridor_adopt(world->corridor, world->now, &fault) == ERR_OK, "%s", fault.text);
	for (int i = 0; i < SIMULATION_WATCHERS; i++)
		world->seats[i].watcher.may_resync = true;
}

static void stop_corridor(struct world *world)
{
	corridor_cancel_parked(world->corridor);
	corridor_finish(world->corridor);
	feed_remove_listener(&world->feed, &world->listener);
	feed_finish(&world->feed);
}

static void choose_filter(struct world *world, struct watcher *watcher)
{
	watcher->has_filter = simulation_pick(world, 2) == 0;
	if (!watcher->has_filter)
		return;
	if (simulation_pick(world, 2) == 0)
		watcher->filter.states =
		    UINT64_C(1) << (JOB_STATE_ACTIVE + simulation_pick(world, 5)) | UINT64_C(1) << JOB_STATE_ACTIVE;
	if (simulation_pick(world, 2) == 0)
		watcher->filter.stages = simulation_pick(world, UINT64_MAX) | UINT64_C(1) << STAGE_DOWNLOADING;
}

static struct world *create_world(void)
{
	struct world *world = calloc(1, sizeof *world);
	struct corridor *corridor = calloc(1, sizeof *corridor);
	CHECK(world != NULL && corridor != NULL, "no memory");
	world->corridor = corridor;
	random_start_from(&world->random, seed);
	simulation_store_open(&world->store, &world->random);
	list_init(&world->commands);
	list_init(&world->asked);
	world->listener.tell = hear;
	world->now = (struct moment){START_MS, START_MS / 2};
	world->limits = feed_history_limits_default;
	if (simulation_pick(world, 3) == 0)
		world->limits =
		    (struct feed_history_limits){5 + simulation_pick(world, 30), 5 + simulation_pick(world, 60), 20000, 1000};
	for (int i = 0; i < SIMULATION_WATCHERS; i++) {
		struct seat *seat = &world->seats[i];
		seat->job = (int)simulation_pick(world, SIMULATION_JOBS);
		seat->peer = 1 + simulation_pick(world, 4);
		seat->watcher.is_for_many = i >= SIMULATION_WATCHERS / 2;
		seat->watcher.is_latest_only = simulation_pick(world, 2) == 0;
		if (seat->watcher.is_for_many)
			choose_filter(world, &seat->watcher);
	}
	start_corridor(world);
	return world;
}

static void free_asked(struct asked *asked)
{
	list_remove(&asked->link);
	arena_finish(&asked->arena);
	free(asked);
}

static void destroy_world(struct world *world)
{
	stop_corridor(world);
	while (!list_is_empty(&world->asked)) {
		struct asked *asked = LIST_MEMBER(world->asked.next, struct asked, link);
		CHECK(asked->replies == 1, "a call of kind %d was answered %d times", (int)asked->kind, asked->replies);
		free_asked(asked);
	}
	simulation_store_close(&world->store);
	free(world->corridor);
	free(world);
}

/* ---- answers */

static const ProtobufCMessage *open_response(struct asked *asked, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *opened;
	struct fault fault;
	struct wire_bytes sealed = asked->call.response;
	CHECK(wire_open(type, sealed.at, sealed.length, &asked->arena, &opened, &fault) == ERR_OK, "%s", fault.text);
	return opened;
}

static bool may_come_again(const struct fault *fault)
{
	return fault->code == ERR_UNAVAILABLE || fault->code == ERR_CANCELLED || fault->code == ERR_ABORTED;
}

static void take_watch(struct world *world, struct asked *asked)
{
	struct seat *seat = &world->seats[asked->watcher];
	CHECK(seat->asked == asked, "an answer to somebody else");
	seat->asked = NULL;
	if (asked->call.fault.code == ERR_OK) {
		const Progress__V1__WatchProgressResponse *page =
		    (const void *)open_response(asked, &progress__v1__watch_progress_response__descriptor);
		tally.answers++;
		tally.events += page->n_events;
		tally.resyncs += (uint64_t)page->resync;
		bool forgets = world->limits.changes_max < 1000;
		seat->watcher.may_resync |= forgets;
		watcher_learn(&seat->watcher, page, asked->is_first);
		seat->watcher.may_resync = asked->born_epoch != world->epoch;
		CHECK(strlen(page->resume_token) < sizeof seat->token, "%s", page->resume_token);
		snprintf(seat->token, sizeof seat->token, "%s", page->resume_token);
		return;
	}
	CHECK(asked->call.fault.code == ERR_NOT_FOUND || may_come_again(&asked->call.fault), "%s", asked->call.fault.text);
	if (asked->call.fault.code != ERR_NOT_FOUND)
		return;
	CHECK(seat->watcher.may_resync || seat->watcher.jobs[seat->job].revision == 0 || world->limits.changes_max < 1000,
	      "%s: its deletion was not told", simulation_jobs[seat->job]);
	seat->watcher.jobs[seat->job] = (struct knowledge){0};
	*seat->token = '\0';
}

static bool is_heard(const struct asked *asked, int outcome)
{
	if (asked->kind == COMMAND_UPDATE)
		return outcome == JOB_OUTCOME_APPLIED;
	return asked->kind == COMMAND_SIGN;
}

/* The bar that a reader sees is where watchers saw it, or further on. */
static void check_reads_on(const struct knowledge *told, const Progress__V1__ProgressInfo *info)
{
	if (info->revision != told->revision || watcher_created_ms(info) != told->created_ms)
		return;
	CHECK(info->fraction >= told->fraction && info->time_fraction >= told->time_fraction,
	      "%s: reads back to %.9f, %.9f from %.9f, %.9f", info->job_id, info->fraction, info->time_fraction,
	      told->fraction, told->time_fraction);
}

/* What was acknowledged is in the store and told, in this state or a later one. */
static void take_job_answer(struct world *world, struct asked *asked)
{
	CHECK(asked->call.fault.code != ERR_INTERNAL && asked->call.fault.code != ERR_DATA_LOSS &&
	          asked->call.fault.code != ERR_RESOURCE_EXHAUSTED,
	      "%s", asked->call.fault.text);
	if (asked->call.fault.code != ERR_OK)
		return;
	const Progress__V1__UpdateProgressResponse *response =
	    (const void *)open_response(asked, &progress__v1__update_progress_response__descriptor);
	const Progress__V1__ProgressInfo *info = response->progress_info;
	CHECK(strcmp(info->job_id, simulation_jobs[asked->job]) == 0, "an answer about %s", info->job_id);
	if (asked->kind == COMMAND_READ)
		check_reads_on(&world->told[asked->job], info);
	if (is_heard(asked, (int)response->outcome))
		world->heard_ms[asked->job] = world->now.steady_ms;
}

static void take_answers(struct world *world)
{
	struct list *next;
	for (struct list *link = world->asked.next; link != &world->asked; link = next) {
		next = link->next;
		struct asked *asked = LIST_MEMBER(link, struct asked, link);
		CHECK(asked->replies <= 1, "answered twice");
		CHECK(asked->replies == 1 || asked->may_wait, "a call of kind %d got no answer", (int)asked->kind);
		if (asked->replies == 0)
			continue;
		if (asked->watcher >= 0)
			take_watch(world, asked);
		else
			take_job_answer(world, asked);
		free_asked(asked);
	}
}

static void check_job(struct world *world, int number)
{
	const struct job *job = simulation_store_find(&world->store, simulation_jobs[number]);
	const struct knowledge *told = &world->told[number];
	CHECK((job != NULL ? job->view.revision : 0) == told->revision, "%s: told %" PRIu64, simulation_jobs[number],
	      told->revision);
	if (job != NULL) {
		CHECK(job_is_sound(job), "%s is not sound", job->job_id);
		double percent = job->view.percent > job->view.moved_percent ? job->view.percent : job->view.moved_percent;
		CHECK((int)job->view.state == told->state && job->view.stage == told->stage &&
		          job_shown_percent(percent) == told->progress && job->view.attempt == told->attempt,
		      "%s is not as it was told", job->job_id);
	}
}

static void walk(struct world *world)
{
	corridor_run(world->corridor, &world->commands, world->now);
	CHECK(list_is_empty(&world->commands), "commands are left");
	take_answers(world);
	for (int i = 0; i < SIMULATION_JOBS; i++)
		check_job(world, i);
}

static void let_time_pass(struct world *world, int64_t ms)
{
	world->now.steady_ms += ms;
	/* People set clocks; the one that never jumps goes on. */
	world->now.wall_ms += simulation_pick(world, 50) == 0 ? -(int64_t)simulation_pick(world, 5000) : ms;
}

static void restart(struct world *world)
{
	tally.restarts++;
	stop_corridor(world);
	take_answers(world);
	start_corridor(world);
}

/* ---- the end: no more faults, everybody catches up */

static void check_knows(const struct world *world, const struct seat *seat, int number)
{
	const struct knowledge *known = &seat->watcher.jobs[number], *told = &world->told[number];
	if (!seat->watcher.is_for_many) {
		CHECK(known->revision == told->revision, "%s: known at %" PRIu64 ", is at %" PRIu64, simulation_jobs[number],
		      known->revision, told->revision);
		return;
	}
	/* Of those that ended before the snapshot nothing need be known. */
	bool is_live = told->revision != 0 && !job_state_is_final((enum job_state)told->state);
	bool must_know = seat->watcher.has_filter ? watcher_passes(&seat->watcher, told) && is_live : is_live;
	bool is_known = known->revision == told->revision;
	CHECK(!must_know || is_known, "%s: known at %" PRIu64 ", is at %" PRIu64, simulation_jobs[number], known->revision,
	      told->revision);
	CHECK(is_known || known->revision == 0 || (seat->watcher.has_filter && !watcher_passes(&seat->watcher, known)),
	      "%s: believed at %" PRIu64 " in state %d, is at %" PRIu64, simulation_jobs[number], known->revision,
	      known->state, told->revision);
}

static void catch_up(struct world *world, int number)
{
	struct seat *seat = &world->seats[number];
	uint64_t told, changes;
	do {
		told = seat->watcher.told;
		changes = world->changes;
		for (int i = 0; i < 2 || seat->asked != NULL; i++) {
			simulation_watch(world, number);
			let_time_pass(world, seat->asked != NULL ? 10 : 0);
			walk(world);
		}
	} while (seat->watcher.told != told || world->changes != changes);
	for (int i = 0; i < SIMULATION_JOBS; i++)
		if (seat->watcher.is_for_many || i == seat->job)
			check_knows(world, seat, i);
}

static void check_no_lease_was_forgotten(struct world *world)
{
	for (int i = 0; i < 4; i++) {
		let_time_pass(world, SIMULATION_LEASE_MAX_MS);
		walk(world);
	}
	for (int i = 0; i < SIMULATION_JOBS; i++) {
		const struct job *job = simulation_store_find(&world->store, simulation_jobs[i]);
		CHECK(job == NULL || job->lease_ms == 0 || job->view.state != JOB_STATE_ACTIVE, "%s: silent, but not stalled",
		      job->job_id);
	}
}

static void run(void)
{
	struct world *world = create_world();
	for (step = 0; step < STEPS; step++) {
		world->store.is_faulty = simulation_pick(world, 3) == 0;
		for (uint64_t count = simulation_pick(world, 12); count > 0; count--)
			simulation_ask(world);
		let_time_pass(world, (int64_t)simulation_pick(world, simulation_pick(world, 8) == 0 ? 3000 : 200));
		walk(world);
		if (simulation_pick(world, 60) == 0)
			restart(world);
	}
	world->store.is_faulty = false;
	for (int i = 0; i < SIMULATION_WATCHERS; i++)
		catch_up(world, i);
	check_no_lease_was_forgotten(world);
	tally.calls += world->calls;
	tally.changes += world->changes;
	tally.faults += world->store.faults;
	destroy_world(world);
}

static void tell_tally(uint64_t seeds, uint64_t first)
{
	double of_each = seeds > 0 ? 1.0 / (double)seeds : 0;
	printf("figure: %" PRIu64 " seeds from %" PRIu64 ", each on average %.0f calls, %.0f changes (%.1f ends, %.1f "
	       "removals, %.1f stalls), %.1f store faults, %.2f restarts, %.0f answers to watches with %.0f events and "
	       "%.2f resyncs\n",
	       seeds, first, (double)tally.calls * of_each, (double)tally.changes * of_each, (double)tally.ends * of_each,
	       (double)tally.removals * of_each, (double)tally.stalls * of_each, (double)tally.faults * of_each,
	       (double)tally.restarts * of_each, (double)tally.answers * of_each, (double)tally.events * of_each,
	       (double)tally.resyncs * of_each);
}

static uint64_t read_number(int count, char **words, const char *name, uint64_t unset)
{
	for (int i = 1; i + 1 < count; i++)
		if (strcmp(words[i], name) == 0)
			return strtoull(words[i + 1], NULL, 10);
	return unset;
}

int main(int count, char **words)
{
	uint64_t seeds = read_number(count, words, "--seeds", SEEDS_DEFAULT),
	         first = read_number(count, words, "--from", 1);
	for (seed = first; seed < first + seeds; seed++)
		run();
	tell_tally(seeds, first);
	return 0;
}
