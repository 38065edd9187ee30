/*
 * The whole corridor under a seed: jobs, leases, store and feed with random commands, faults and restarts in virtual
 * time, without sockets and threads. After each step: the store holds what was told, nothing went back, every call was
 * answered once. In the end every watcher knows what the store holds.
 *
 * stress_simulation [--seeds N] [--from SEED]: seeds SEED to SEED + N - 1. A failure prints its seed; to replay it:
 * --from SEED --seeds 1.
 */
#include <inttypes.h>
#include <string.h>

#include "service/answer.h"
#include "service/corridor.h"
#include "simulation_store.h"
#include "simulation_watcher.h"
#include "wire/info.h"

enum {
	STEPS = 150,
	WATCHERS = 10,
	CALL_BYTES_MAX = 4 << 20,
	START_MS = 1000000,
	LEASE_MAX_MS = 2000,
	WRITERS = 3,
	UPDATES_KEPT = 64,
	SEEDS_DEFAULT = 300,
};

struct world;

/* A call on its way or answered. */
struct asked {
	struct call call; /* first */
	struct list link;
	struct arena arena;
	struct world *world;
	enum command_kind kind;
	int job;
	bool may_wait;
	bool is_first;
	bool is_checked;
	int replies;
	int watcher; /* of a watch */
	uint64_t born_epoch;
};

struct seat {
	struct watcher watcher;
	struct asked *asked; /* NULL: it does not watch at the moment */
	int job;
	char token[WATCH_TOKEN_BYTES]; /* empty: none */
	uint64_t peer;
};

struct world {
	struct random random;
	struct simulation_store store;
	struct feed feed;
	struct feed_listener listener;
	struct corridor *corridor;
	struct list commands;
	struct list asked;
	struct moment now;
	uint64_t epoch;
	struct feed_history_limits limits;
	struct knowledge told[SIMULATION_JOBS]; /* by the listener: the model of the store */
	int64_t heard_ms[SIMULATION_JOBS];      /* steady: the last sign of life that was answered well */
	uint64_t sequences[WRITERS];
	struct job_update sent[UPDATES_KEPT]; /* to be repeated */
	int sent_job[UPDATES_KEPT];
	size_t sent_count;
	struct seat seats[WATCHERS];
	uint64_t calls;
	uint64_t changes;
};

static uint64_t seed;
static int step;

_Noreturn void simulation_fail(void)
{
	fprintf(stderr, "seed %" PRIu64 ", step %d; replay it with --from %" PRIu64 " --seeds 1\n", seed, step, seed);
	exit(1);
}

static uint64_t pick(struct world *world, uint64_t bound)
{
	return random_below(&world->random, bound);
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
	struct job *job = simulation_store_find(&world->store, now->job_id);
	bool is_removal = event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	CHECK(is_removal || (job != NULL && job->view.revision >= now->revision) || job == NULL, "%s@%" PRIu64, now->job_id,
	      now->revision);
	bool is_new_stall = (int)now->state == JOB_STATE_STALLED && world->told[number].state == JOB_STATE_ACTIVE;
	if (is_new_stall && job != NULL && job->view.revision == now->revision)
		check_stall(world, number, job);
	job_destroy(job);
}

static void hear(struct feed_listener *listener, const char *job_id, const uint8_t *bytes, size_t length)
{
	struct world *world = LIST_MEMBER(listener, struct world, listener);
	struct arena arena;
	ProtobufCMessage *message;
	struct fault fault;
	arena_init(&arena, CALL_BYTES_MAX);
	CHECK(wire_open(&progress__v1__progress_event__descriptor, bytes, length, &arena, &message, &fault) == ERR_OK, "%s",
	      fault.text);
	const Progress__V1__ProgressEvent *event = (const Progress__V1__ProgressEvent *)message;
	struct knowledge *told = &world->told[simulation_number(job_id)];
	CHECK(event->previous_revision == told->revision && event->progress_info->revision == told->revision + 1,
	      "%s: told %" PRIu64 " after %" PRIu64 ", but %" PRIu64 " was told last", job_id,
	      event->progress_info->revision, event->previous_revision, told->revision);
	world->changes++;
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
	    .default_lost_after_ms = pick(world, 2) == 0 ? 0 : 3000,
	    .cached_jobs_max = pick(world, 2 * SIMULATION_JOBS),
	    .epoch = ++world->epoch,
	    .on_data_loss = forbid_data_loss,
	};
	struct fault fault;
	feed_init(&world->feed, &world->limits);
	feed_add_listener(&world->feed, &world->listener);
	corridor_init(world->corridor, &world->store.base, &world->feed, &options);
	CHECK(corridor_adopt(world->corridor, world->now, &fault) == ERR_OK, "%s", fault.text);
	for (int i = 0; i < WATCHERS; i++)
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
	watcher->has_filter = pick(world, 2) == 0;
	if (!watcher->has_filter)
		return;
	if (pick(world, 2) == 0)
		watcher->filter.states = UINT64_C(1) << (JOB_STATE_ACTIVE + pick(world, 5)) | UINT64_C(1) << JOB_STATE_ACTIVE;
	if (pick(world, 2) == 0)
		watcher->filter.stages = pick(world, UINT64_MAX) | UINT64_C(1) << STAGE_DOWNLOADING;
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
	if (pick(world, 3) == 0)
		world->limits = (struct feed_history_limits){5 + pick(world, 30), 5 + pick(world, 60), 20000, 1000};
	for (int i = 0; i < WATCHERS; i++) {
		struct seat *seat = &world->seats[i];
		seat->job = (int)pick(world, SIMULATION_JOBS);
		seat->peer = 1 + pick(world, 4);
		seat->watcher.is_for_many = i >= WATCHERS / 2;
		seat->watcher.is_latest_only = pick(world, 2) == 0;
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

/* ---- calls */

static void take_reply(struct call *call)
{
	((struct asked *)(void *)call)->replies++;
}

static struct command *ask(struct world *world, enum command_kind kind, int job, command_answer *answer)
{
	struct asked *asked = calloc(1, sizeof *asked);
	CHECK(asked != NULL, "no memory");
	arena_init(&asked->arena, CALL_BYTES_MAX);
	asked->world = world;
	asked->kind = kind;
	asked->job = job;
	asked->watcher = -1;
	asked->call.arena = &asked->arena;
	asked->call.peer = 100;
	asked->call.reply = take_reply;
	list_append(&world->asked, &asked->link);
	const char *name = kind == COMMAND_WATCH_JOBS ? NULL : simulation_jobs[job];
	struct command *command = command_create(&asked->call, kind, name, answer);
	CHECK(command != NULL, "no memory");
	list_append(&world->commands, &command->link);
	world->calls++;
	return command;
}

static struct asked *asked_of(struct command *command)
{
	return (struct asked *)(void *)command->call;
}

static const struct stage *choose_stage(struct world *world, int job)
{
	const struct stage *present = stages_find(world->told[job].stage);
	size_t count = stages_count();
	if (present == NULL || pick(world, 15) == 0)
		return &stages_all()[pick(world, count)];
	bool may_go_on = present + 1 < stages_all() + count;
	return may_go_on && pick(world, 4) == 0 ? present + 1 : present;
}

static struct job_update choose_update(struct world *world, int job)
{
	static const char *const messages[] = {"", "one", "two"};
	static const char *const writers[WRITERS] = {"w0", "w1", "w2"};
	struct job_update update = {
	    .stage = choose_stage(world, job),
	    .claim = (enum job_claim)pick(world, 3),
	    .percent = (double)pick(world, 101),
	    .fraction = random_unit(&world->random),
	    .message = messages[pick(world, 3)],
	    .attempt = pick(world, 10) == 0 ? (uint32_t)pick(world, 5) : 0,
	    .lease_ms = pick(world, 4) == 0 ? 100 + (int64_t)pick(world, LEASE_MAX_MS - 100) : 0,
	};
	if (update.claim == JOB_CLAIM_FRACTION && update.stage->ends_as != JOB_STATE_UNSPECIFIED)
		update.claim = JOB_CLAIM_STAGE;
	if (pick(world, 2) == 0) {
		uint64_t writer = pick(world, WRITERS);
		uint64_t *sequence = &world->sequences[writer];
		update.origin.writer = writers[writer];
		update.origin.sequence = pick(world, 8) == 0 ? 1 + pick(world, *sequence + 1) : *sequence + 1;
		*sequence += update.origin.sequence > *sequence;
	}
	return update;
}

static struct command *ask_update(struct world *world)
{
	int job = (int)pick(world, SIMULATION_JOBS);
	struct job_update update = choose_update(world, job);
	size_t place = world->sent_count++ % UPDATES_KEPT;
	if (pick(world, 10) == 0 && world->sent_count > UPDATES_KEPT) {
		update = world->sent[place];
		job = world->sent_job[place];
	}
	world->sent[place] = update;
	world->sent_job[place] = job;
	struct command *command = ask(world, COMMAND_UPDATE, job, answer_outcome);
	command->update = update;
	return command;
}

static void ask_batch(struct world *world)
{
	size_t count = 1 + pick(world, 20);
	for (size_t i = 0; i < count; i++) {
		struct command *command = ask_update(world);
		command->is_grouped = true;
		command->group_size = i == 0 ? count : 0;
	}
}

static void ask_wait(struct world *world, int job)
{
	struct command *command = ask(world, COMMAND_WAIT, job, answer_timed_out);
	command->wait = (struct command_wait){world->told[job].revision + pick(world, 2), pick(world, 2) == 0};
	command->pause.timeout_ms = (int64_t)pick(world, 3000);
	asked_of(command)->may_wait = true;
}

static void ask_creation(struct world *world, int job)
{
	struct command *command = ask(world, COMMAND_CREATE, job, answer_job);
	command->creation = (struct job_creation){
	    .job_id = simulation_jobs[job],
	    .ttl_ms = pick(world, 2) == 0 ? 0 : 1 + (int64_t)pick(world, 5000),
	    .lost_after_ms = pick(world, 2) == 0 ? 0 : 1 + (int64_t)pick(world, 3000),
	    .origin = {.request_id = pick(world, 2) == 0 ? "r" : ""},
	};
}

static void forget_peer(struct world *world, uint64_t peer)
{
	struct command *command = command_create_own(COMMAND_FORGET_PEER, NULL);
	CHECK(command != NULL, "no memory");
	command->peer = peer;
	list_append(&world->commands, &command->link);
}

static void sit_down(struct world *world, int number)
{
	struct seat *seat = &world->seats[number];
	if (seat->asked != NULL)
		return;
	bool is_for_many = seat->watcher.is_for_many;
	struct command *command = ask(world, is_for_many ? COMMAND_WATCH_JOBS : COMMAND_WATCH_JOB, seat->job, NULL);
	command->watch = (struct command_watch){.is_first = *seat->token == '\0',
	                                        .is_latest_only = seat->watcher.is_latest_only,
	                                        .for_creation = pick(world, 2) == 0,
	                                        .filter = seat->watcher.filter};
	if (*seat->token != '\0')
		CHECK(watch_token_read(seat->token, &command->watch.token), "%s", seat->token);
	command->pause.timeout_ms = (int64_t)pick(world, 3) * (int64_t)pick(world, 1500);
	seat->asked = asked_of(command);
	seat->asked->watcher = number;
	seat->asked->may_wait = true;
	seat->asked->is_first = command->watch.is_first;
	seat->asked->born_epoch = world->epoch;
	seat->asked->call.peer = seat->peer;
}

static void ask_something(struct world *world)
{
	int job = (int)pick(world, SIMULATION_JOBS);
	uint64_t dice = pick(world, 40);
	if (dice < 14) {
		ask_update(world);
	} else if (dice < 18) {
		struct command *command = ask(world, COMMAND_SIGN, job, answer_job);
		command->sign = (struct command_sign){(uint32_t)pick(world, 3), (int64_t)(pick(world, 3) * pick(world, 700))};
	} else if (dice < 20) {
		ask_creation(world, job);
	} else if (dice < 21) {
		ask(world, COMMAND_DELETE, job, answer_job);
	} else if (dice < 22) {
		ask(world, COMMAND_CANCEL, job, answer_job)->cancel_reason = pick(world, 2) == 0 ? "" : "enough";
	} else if (dice < 24) {
		ask(world, COMMAND_READ, job, answer_job);
	} else if (dice < 25) {
		ask_batch(world);
	} else if (dice < 27) {
		ask_wait(world, job);
	} else if (dice < 28) {
		forget_peer(world, 1 + pick(world, 4));
	} else {
		sit_down(world, (int)pick(world, WATCHERS));
	}
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
	struct job *job = simulation_store_find(&world->store, simulation_jobs[number]);
	const struct knowledge *told = &world->told[number];
	CHECK((job != NULL ? job->view.revision : 0) == told->revision, "%s: told %" PRIu64, simulation_jobs[number],
	      told->revision);
	if (job != NULL) {
		CHECK(job_is_sound(job), "%s is not sound", job->job_id);
		CHECK((int)job->view.state == told->state && job->view.stage == told->stage &&
		          job_shown_percent(job->view.percent) == told->progress && job->view.attempt == told->attempt,
		      "%s is not as it was told", job->job_id);
	}
	job_destroy(job);
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
	world->now.wall_ms += pick(world, 50) == 0 ? -(int64_t)pick(world, 5000) : ms;
}

static void restart(struct world *world)
{
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
			sit_down(world, number);
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
		let_time_pass(world, LEASE_MAX_MS);
		walk(world);
	}
	for (int i = 0; i < SIMULATION_JOBS; i++) {
		struct job *job = simulation_store_find(&world->store, simulation_jobs[i]);
		CHECK(job == NULL || job->lease_ms == 0 || job->view.state != JOB_STATE_ACTIVE, "%s: silent, but not stalled",
		      job->job_id);
		job_destroy(job);
	}
}

static uint64_t run(void)
{
	struct world *world = create_world();
	for (step = 0; step < STEPS; step++) {
		world->store.is_faulty = pick(world, 3) == 0;
		for (uint64_t count = pick(world, 12); count > 0; count--)
			ask_something(world);
		let_time_pass(world, (int64_t)pick(world, pick(world, 8) == 0 ? 3000 : 200));
		walk(world);
		if (pick(world, 60) == 0)
			restart(world);
	}
	world->store.is_faulty = false;
	for (int i = 0; i < WATCHERS; i++)
		catch_up(world, i);
	check_no_lease_was_forgotten(world);
	uint64_t calls = world->calls;
	destroy_world(world);
	return calls;
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
	uint64_t calls = 0;
	for (seed = first; seed < first + seeds; seed++)
		calls += run();
	printf("stress_simulation: %" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " calls\n", seeds, first, calls);
	return 0;
}
