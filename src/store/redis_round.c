/*
 * Commands to many lanes at a time: all are sent before the first reply is read, each to the node that serves its lane.
 * What was sent to a wrong node, or to one that is gone, is sent again: nodes tell who serves a lane now, and what was
 * done already is answered alike. A lane that is being given away can be served by neither node for a moment.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "store/redis_cluster.h"

enum {
	PAUSE_MS_MIN = 1,
	PAUSE_MS_MAX = 20,
	MOVE_MS_MAX = 3000, /* for which a lane may be on its way from one node to another, if both are well */
};

struct command {
	bool is_done;
	int sent_to; /* REDIS_NO_NODE: not sent in this pass */
	int ask;     /* send it there this time, saying so */
};

struct run {
	struct redis_reach *reach;
	const struct redis_round *round;
	struct command *commands;
	size_t left;
	bool needs_map;
	bool has_moving; /* a lane is or was on its way, as its node has said */
	enum err broken; /* by which the round has ended; ERR_OK: it has not */
	int64_t started_ms;
	struct fault *fault;
};

static int lane_of(const struct run *run, size_t index)
{
	return run->round->lane_of(index, run->round->context);
}

/* ---- before anything is sent ---- */

/* Whether what is known of the lane rests on what another node had. */
static bool has_lost_home(struct run *run, int lane)
{
	struct redis_reach *reach = run->reach;
	int owner = reach->owner[lane], home = reach->home[lane];
	if (run->round->lose == NULL || home == owner)
		return false;
	reach->home[lane] = owner;
	if (home == REDIS_NO_NODE)
		return false;
	run->round->lose(lane, run->round->context);
	return true;
}

/* Chooses where each command goes, and connects. */
static void choose_nodes(struct run *run)
{
	struct redis_reach *reach = run->reach;
	bool has_lost = false;
	run->needs_map = false;
	for (size_t i = 0; i < run->round->count; i++) {
		struct command *command = &run->commands[i];
		int lane = lane_of(run, i), node = command->ask != REDIS_NO_NODE ? command->ask : reach->owner[lane];
		command->sent_to = REDIS_NO_NODE;
		if (command->is_done)
			continue;
		bool is_there = node != REDIS_NO_NODE && redis_reach_connect(reach, node, run->fault) == ERR_OK;
		if (!is_there) {
			command->ask = REDIS_NO_NODE;
			run->needs_map = true;
			continue;
		}
		has_lost |= command->ask == REDIS_NO_NODE && has_lost_home(run, lane);
		command->sent_to = node;
	}
	/* What was to be done rests on what the other node had; the same revision may mean something else here. */
	if (has_lost && run->round->rests_on_known)
		run->broken = fault_set(run->fault, ERR_UNAVAILABLE, "STORE_MOVED",
		                        "store: a part of the Redis Cluster has a new master; try again");
}

/* ---- sending ---- */

static enum err send(struct run *run, size_t index)
{
	const struct command *command = &run->commands[index];
	struct redis_link *link = &run->reach->nodes[command->sent_to];
	enum err err = ERR_OK;
	if (command->ask != REDIS_NO_NODE) {
		struct redis_words words = {.count = 0};
		redis_word(&words, "ASKING");
		err = redis_link_add(link, &words, run->fault);
	}
	return err == ERR_OK ? run->round->write(link, index, run->round->context, run->fault) : err;
}

/* Without this the nodes would work one after the other. */
static void flush(redisContext *context)
{
	int is_done = 0;
	while (is_done == 0 && redisBufferWrite(context, &is_done) == REDIS_OK)
		continue;
}

static void send_all(struct run *run)
{
	bool is_used[REDIS_NODES_MAX] = {false};
	for (size_t i = 0; i < run->round->count && run->broken == ERR_OK; i++) {
		int node = run->commands[i].sent_to;
		if (node == REDIS_NO_NODE)
			continue;
		run->broken = send(run, i);
		is_used[node] = true;
	}
	for (int node = 0; node < REDIS_NODES_MAX; node++)
		if (is_used[node] && !redis_link_is_broken(&run->reach->nodes[node]))
			flush(run->reach->nodes[node].context);
}

/* ---- reading ---- */

/* An error closes the link, because more of the kind may follow. Those that pass by themselves end no round. */
static void refuse(struct run *run, struct redis_link *link, enum err err)
{
	redis_link_close(link);
	redis_link_put_off(link, run->started_ms);
	if (err == ERR_FAILED_PRECONDITION) /* not the caller's business: the server is there for nobody */
		run->broken = run->fault->code = ERR_UNAVAILABLE;
	else if (err != ERR_UNAVAILABLE)
		run->broken = err;
}

static void take_error(struct run *run, size_t index, const redisReply *reply)
{
	struct command *command = &run->commands[index];
	int sent_to = command->sent_to, ask = REDIS_NO_NODE;
	command->ask = REDIS_NO_NODE;
	switch (redis_reach_follow(run->reach, lane_of(run, index), reply, &ask)) {
	case REDIS_ASK:
		command->ask = run->round->is_single ? ask : REDIS_NO_NODE;
		run->has_moving = true;
		break;
	case REDIS_WAIT:
		run->has_moving = true;
		break;
	case REDIS_MOVED:
		break;
	case REDIS_NOT_REDIRECTED:
		refuse(run, &run->reach->nodes[sent_to], redis_fault_of_error(reply->str, run->fault));
		return;
	}
	(void)fault_set(run->fault, ERR_UNAVAILABLE, "STORE_UNREADY", "store: Redis cannot serve now: %.200s", reply->str);
}

static void take_good(struct run *run, size_t index, redisReply *reply)
{
	struct command *command = &run->commands[index];
	struct redis_reach *reach = run->reach;
	enum err err = run->round->take(reply, index, run->round->context, run->fault);
	if (err != ERR_OK) {
		refuse(run, &reach->nodes[command->sent_to], err);
		return;
	}
	int lane = lane_of(run, index);
	if (reach->home[lane] == command->sent_to)
		reach->is_shaken[lane] = false;
	command->is_done = true;
	run->left--;
}

/* False: the link is broken. */
static bool read_one(struct run *run, size_t index)
{
	const struct command *command = &run->commands[index];
	struct redis_link *link = &run->reach->nodes[command->sent_to];
	redisReply *reply = NULL;
	enum err err = ERR_OK;
	if (command->ask != REDIS_NO_NODE) {
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_STATUS), &reply, run->fault);
		if (err == ERR_OK)
			freeReplyObject(reply);
	}
	if (err == ERR_OK)
		err = redis_link_read(link, run->round->types | REDIS_ONE_OF(REDIS_REPLY_ERROR), &reply, run->fault);
	if (err != ERR_OK) {
		refuse(run, link, err);
		return false;
	}
	assert(reply != NULL);
	bool is_error = reply->type == REDIS_REPLY_ERROR;
	if (is_error)
		take_error(run, index, reply);
	else
		take_good(run, index, reply);
	if (is_error || !run->round->gives_replies)
		freeReplyObject(reply);
	return !redis_link_is_broken(link);
}

static void read_node(struct run *run, int node)
{
	bool has_any = false;
	for (size_t i = 0; i < run->round->count; i++) {
		if (run->commands[i].sent_to != node || run->commands[i].is_done)
			continue;
		has_any = true;
		if (!read_one(run, i))
			return;
	}
	if (has_any)
		run->reach->nodes[node].retry_ms = 0;
}

static void read_all(struct run *run)
{
	for (int node = 0; node < REDIS_NODES_MAX; node++)
		if (!redis_link_is_broken(&run->reach->nodes[node]))
			read_node(run, node);
}

/* ---- the round ---- */

/* Whether nothing that is left has a chance. */
static bool is_hopeless(const struct run *run)
{
	for (size_t i = 0; i < run->round->count; i++) {
		if (run->commands[i].is_done)
			continue;
		int owner = run->reach->owner[lane_of(run, i)];
		bool is_gone = owner != REDIS_NO_NODE && redis_link_is_broken(&run->reach->nodes[owner]) &&
		               redis_link_is_known_gone(&run->reach->nodes[owner]);
		if (is_gone)
			return true;
	}
	return false;
}

/* Asks where those lanes are now whose nodes cannot be reached. */
static void look_around(struct run *run)
{
	struct fault fault;
	for (size_t i = 0; i < run->round->count && !run->needs_map; i++)
		run->needs_map = !run->commands[i].is_done && !redis_reach_has_owner(run->reach, lane_of(run, i));
	if (run->needs_map)
		(void)!redis_reach_find_owners(run->reach, true, &fault);
}

static void sleep_ms(int64_t ms)
{
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		continue;
}

static void rest(const struct run *run, int pass)
{
	int64_t until_move_ms = run->reach->redirected_until_ms - clock_steady_ms();
	int64_t pause_ms = PAUSE_MS_MIN << (pass < 5 ? pass : 5);
	pause_ms = pause_ms < PAUSE_MS_MAX ? pause_ms : PAUSE_MS_MAX;
	sleep_ms(pause_ms > until_move_ms ? pause_ms : until_move_ms);
}

/* What was sent and not read must not be taken for the replies of another round. */
static void drop_unread(struct run *run)
{
	for (size_t i = 0; i < run->round->count; i++)
		if (run->commands[i].sent_to != REDIS_NO_NODE)
			redis_link_close(&run->reach->nodes[run->commands[i].sent_to]);
}

static void make_pass(struct run *run)
{
	run->started_ms = clock_steady_ms();
	choose_nodes(run);
	if (run->broken != ERR_OK)
		return;
	send_all(run);
	if (run->broken == ERR_OK)
		read_all(run);
	else
		drop_unread(run);
}

static enum err run_all(struct run *run)
{
	int64_t begun_ms = clock_steady_ms();
	(void)fault_set(run->fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: the Redis Cluster cannot be reached");
	for (int count = 0;; count++) {
		make_pass(run);
		if (run->broken != ERR_OK)
			return run->broken;
		if (run->left == 0 || run->round->is_once)
			return ERR_OK;
		look_around(run);
		int64_t patience_ms = run->has_moving ? MOVE_MS_MAX : REDIS_CALL_MS_MAX;
		if (is_hopeless(run) || clock_steady_ms() >= begun_ms + patience_ms)
			return run->fault->code = ERR_UNAVAILABLE;
		rest(run, count);
	}
}

enum err redis_reach_run(struct redis_reach *reach, const struct redis_round *round, struct fault *fault)
{
	struct fault own; /* of what may pass */
	struct run run = {.reach = reach, .round = round, .left = round->count, .fault = &own};
	run.commands = calloc(round->count + 1, sizeof *run.commands);
	if (run.commands == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	for (size_t i = 0; i < round->count; i++)
		run.commands[i].ask = REDIS_NO_NODE;
	enum err err = run_all(&run);
	free(run.commands);
	if (err != ERR_OK)
		*fault = own;
	return err;
}
