/* What is asked, and how often. */
#include "simulation_calls.h"

#include <string.h>

#include "service/answer.h"

uint64_t simulation_pick(struct world *world, uint64_t bound)
{
	return random_below(&world->random, bound);
}

static void take_reply(struct call *call)
{
	((struct asked *)(void *)call)->replies++;
}

static struct command *ask(struct world *world, enum command_kind kind, int job, command_answer *answer)
{
	struct asked *asked = calloc(1, sizeof *asked);
	CHECK(asked != NULL, "no memory");
	arena_init(&asked->arena, SIMULATION_CALL_BYTES_MAX);
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
	if (present == NULL || simulation_pick(world, 15) == 0)
		return &stages_all()[simulation_pick(world, count)];
	bool may_go_on = present + 1 < stages_all() + count;
	return may_go_on && simulation_pick(world, 4) == 0 ? present + 1 : present;
}

static struct job_update choose_update(struct world *world, int job)
{
	static const char *const messages[] = {"", "one", "two"};
	static const char *const writers[SIMULATION_WRITERS] = {"w0", "w1", "w2"};
	struct job_update update = {
	    .stage = choose_stage(world, job),
	    .claim = (enum job_claim)simulation_pick(world, 4),
	    .expected_ms = (int64_t)simulation_pick(world, 2) * (int64_t)simulation_pick(world, 20000),
	    .percent = (double)simulation_pick(world, 101),
	    .fraction = random_unit(&world->random),
	    .message = messages[simulation_pick(world, 3)],
	    .attempt = simulation_pick(world, 10) == 0 ? (uint32_t)simulation_pick(world, 5) : 0,
	    .lease_ms =
	        simulation_pick(world, 4) == 0 ? 100 + (int64_t)simulation_pick(world, SIMULATION_LEASE_MAX_MS - 100) : 0,
	};
	bool is_place = update.claim == JOB_CLAIM_FRACTION || update.claim == JOB_CLAIM_SIMULATED;
	if (is_place && update.stage->ends_as != JOB_STATE_UNSPECIFIED)
		update.claim = JOB_CLAIM_STAGE;
	if (simulation_pick(world, 2) == 0) {
		uint64_t writer = simulation_pick(world, SIMULATION_WRITERS);
		uint64_t *sequence = &world->sequences[writer];
		update.origin.writer = writers[writer];
		update.origin.sequence =
		    simulation_pick(world, 8) == 0 ? 1 + simulation_pick(world, *sequence + 1) : *sequence + 1;
		*sequence += update.origin.sequence > *sequence;
	}
	return update;
}

static struct command *ask_update(struct world *world)
{
	int job = (int)simulation_pick(world, SIMULATION_JOBS);
	struct job_update update = choose_update(world, job);
	size_t place = world->sent_count++ % SIMULATION_UPDATES_KEPT;
	if (simulation_pick(world, 10) == 0 && world->sent_count > SIMULATION_UPDATES_KEPT) {
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
	size_t count = 1 + simulation_pick(world, 20);
	for (size_t i = 0; i < count; i++) {
		struct command *command = ask_update(world);
		command->is_grouped = true;
		command->group_size = i == 0 ? count : 0;
	}
}

static void ask_wait(struct world *world, int job)
{
	struct command *command = ask(world, COMMAND_WAIT, job, answer_timed_out);
	command->wait =
	    (struct command_wait){world->told[job].revision + simulation_pick(world, 2), simulation_pick(world, 2) == 0};
	command->pause.timeout_ms = (int64_t)simulation_pick(world, 3000);
	asked_of(command)->may_wait = true;
}

static void ask_creation(struct world *world, int job)
{
	struct command *command = ask(world, COMMAND_CREATE, job, answer_job);
	command->creation = (struct job_creation){
	    .job_id = simulation_jobs[job],
	    .ttl_ms = simulation_pick(world, 2) == 0 ? 0 : 1 + (int64_t)simulation_pick(world, 5000),
	    .lost_after_ms = simulation_pick(world, 2) == 0 ? 0 : 1 + (int64_t)simulation_pick(world, 3000),
	    .origin = {.request_id = simulation_pick(world, 2) == 0 ? "r" : ""},
	};
}

static void forget_peer(struct world *world, uint64_t peer)
{
	struct command *command = command_create_own(COMMAND_FORGET_PEER, NULL);
	CHECK(command != NULL, "no memory");
	command->peer = peer;
	list_append(&world->commands, &command->link);
}

void simulation_watch(struct world *world, int number)
{
	struct seat *seat = &world->seats[number];
	if (seat->asked != NULL)
		return;
	bool is_for_many = seat->watcher.is_for_many;
	struct command *command = ask(world, is_for_many ? COMMAND_WATCH_JOBS : COMMAND_WATCH_JOB, seat->job, NULL);
	command->watch = (struct command_watch){.is_first = *seat->token == '\0',
	                                        .is_latest_only = seat->watcher.is_latest_only,
	                                        .for_creation = simulation_pick(world, 2) == 0,
	                                        .filter = seat->watcher.filter};
	if (*seat->token != '\0')
		CHECK(watch_token_read(seat->token, &command->watch.token), "%s", seat->token);
	command->pause.timeout_ms = (int64_t)simulation_pick(world, 3) * (int64_t)simulation_pick(world, 1500);
	seat->asked = asked_of(command);
	seat->asked->watcher = number;
	seat->asked->may_wait = true;
	seat->asked->is_first = command->watch.is_first;
	seat->asked->born_epoch = world->epoch;
	seat->asked->call.peer = seat->peer;
}

void simulation_ask(struct world *world)
{
	int job = (int)simulation_pick(world, SIMULATION_JOBS);
	uint64_t dice = simulation_pick(world, 40);
	if (dice < 14) {
		ask_update(world);
	} else if (dice < 18) {
		struct command *command = ask(world, COMMAND_SIGN, job, answer_job);
		command->sign = (struct command_sign){(uint32_t)simulation_pick(world, 3),
		                                      (int64_t)(simulation_pick(world, 3) * simulation_pick(world, 700))};
	} else if (dice < 20) {
		ask_creation(world, job);
	} else if (dice < 21) {
		ask(world, COMMAND_DELETE, job, answer_job);
	} else if (dice < 22) {
		ask(world, COMMAND_CANCEL, job, answer_job)->cancel_reason = simulation_pick(world, 2) == 0 ? "" : "enough";
	} else if (dice < 24) {
		ask(world, COMMAND_READ, job, answer_job);
	} else if (dice < 25) {
		ask_batch(world);
	} else if (dice < 27) {
		ask_wait(world, job);
	} else if (dice < 28) {
		forget_peer(world, 1 + simulation_pick(world, 4));
	} else {
		simulation_watch(world, (int)simulation_pick(world, SIMULATION_WATCHERS));
	}
}
