/*
 * Hearing of commits in a cluster. A thread is subscribed to the channel of each lane, at the node that serves it, and
 * goes along when the lane moves: the node says so. Every second all lanes are asked how many commits there were, which
 * tells what was missed.
 */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/parts.h"
#include "store/redis_cluster.h"

enum {
	CHECK_MS = 1000,
	FOLLOW_MS = 20,    /* how often a lane is looked for that nobody serves now */
	PATIENCE_MS = 250, /* for one node: the others are not heard meanwhile */
	FOLLOW_PASSES = 3,
};

/* ---- what comes ---- */

static bool is_text(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

/* Until a lane that nobody listened to is compared, its numbers may be those of a store that has lost what was heard:
 * what comes cannot be told from it. */
static void take_message(struct redis_ears *ears, int lane, const redisReply *text)
{
	struct redis_message *message = redis_message_read(text->str, text->len, lane, ears->instance);
	if (message != NULL && message->number > 0 && ears->is_anew[lane]) {
		free(message);
		message = NULL;
	}
	redis_line_add(ears->line, message);
}

/* Lanes are given away one by one; a node that all have left at once is the master no more, and what it has told may be
 * lost. */
static void leave(struct redis_ears *ears, int left, int node)
{
	ears->subscribed[left] = REDIS_NO_NODE;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		if (ears->subscribed[lane] == node)
			return;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		ears->is_anew[lane] |= ears->subscribed[lane] == REDIS_NO_NODE && ears->reach.owner[lane] == node;
}

/* Takes {"smessage", channel, text} or {"sunsubscribe", channel, ...}: the lane has left the node. Returns whether it
 * is the answer to a subscription, {"ssubscribe", channel, ...}. */
static bool take_push(struct redis_ears *ears, int node, const redisReply *reply)
{
	bool is_push = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	               reply->element[0]->type == REDIS_REPLY_STRING && reply->element[1]->type == REDIS_REPLY_STRING;
	int lane = is_push ? redis_lane_of_channel(reply->element[1]->str) : -1;
	if (lane < 0)
		return false;
	const redisReply *kind = reply->element[0], *text = reply->element[2];
	if (is_text(kind, "smessage") && text->type == REDIS_REPLY_STRING)
		take_message(ears, lane, text);
	else if (is_text(kind, "sunsubscribe") && ears->subscribed[lane] == node)
		leave(ears, lane, node);
	else if (is_text(kind, "ssubscribe"))
		ears->subscribed[lane] = node;
	return is_text(kind, "ssubscribe");
}

/* Nobody listens any more to what the node tells. */
static void drop_node(struct redis_ears *ears, int node)
{
	redis_link_close(&ears->reach.nodes[node]);
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		if (ears->subscribed[lane] != node)
			continue;
		ears->subscribed[lane] = REDIS_NO_NODE;
		ears->is_anew[lane] = true;
	}
}

/* Takes what was read from the socket. */
static void take_pushes(struct redis_ears *ears, int node)
{
	redisContext *context = ears->reach.nodes[node].context;
	void *reply = NULL;
	redis_line_open(ears->line);
	while (redisGetReplyFromReader(context, &reply) == REDIS_OK && reply != NULL) {
		(void)take_push(ears, node, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	redis_line_close(ears->line);
	if (context->err != 0)
		drop_node(ears, node);
}

static void read_pushes(struct redis_ears *ears, int node)
{
	if (redisBufferRead(ears->reach.nodes[node].context) == REDIS_OK)
		take_pushes(ears, node);
	else
		drop_node(ears, node);
}

/* ---- subscribing ---- */

/* A subscribed connection can ask nothing: the others know. */
static void learn_owners(struct redis_ears *ears)
{
	struct fault fault;
	if (redis_reach_find_owners(&ears->questions, false, &fault) != ERR_OK)
		return;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		int owner = ears->questions.owner[lane];
		if (owner == REDIS_NO_NODE || ears->subscribed[lane] != REDIS_NO_NODE)
			continue;
		ears->reach.owner[lane] = redis_reach_node(&ears->reach, &ears->questions.nodes[owner].master);
	}
}

/* Asks for the channels of the lanes of one node to which nobody listens. Gives them in order; returns their number. */
static int ask_for_channels(struct redis_ears *ears, int node, int lanes[REDIS_LANES_MAX])
{
	struct redis_link *link = &ears->reach.nodes[node];
	struct fault fault;
	int count = 0;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		char channel[REDIS_KEY_BYTES];
		struct redis_words words = {.count = 0};
		if (ears->reach.owner[lane] != node || ears->subscribed[lane] != REDIS_NO_NODE)
			continue;
		if (redis_reach_connect(&ears->reach, node, &fault) != ERR_OK)
			return count;
		redis_lane_key(ears->address, "progress-changes:", lane, "", channel);
		redis_word(&words, "SSUBSCRIBE");
		redis_word(&words, channel);
		if (redis_link_add(link, &words, &fault) != ERR_OK)
			return 0;
		lanes[count++] = lane;
	}
	return count;
}

/* Reads the answers to as many subscriptions; what is published meanwhile comes between them. */
static void read_answers(struct redis_ears *ears, int node, const int *lanes, int count)
{
	struct redis_link *link = &ears->reach.nodes[node];
	unsigned types = REDIS_ONE_OF(REDIS_REPLY_ARRAY) | REDIS_ONE_OF(REDIS_REPLY_ERROR);
	for (int answered = 0; answered < count;) {
		struct fault fault;
		redisReply *reply;
		int unused;
		if (redis_link_read(link, types, &reply, &fault) != ERR_OK) {
			drop_node(ears, node);
			return;
		}
		redis_line_open(ears->line);
		if (reply->type == REDIS_REPLY_ERROR)
			(void)redis_reach_follow(&ears->reach, lanes[answered++], reply, &unused);
		else
			answered += take_push(ears, node, reply);
		redis_line_close(ears->line);
		freeReplyObject(reply);
	}
	take_pushes(ears, node);
}

static bool is_deaf(const struct redis_ears *ears)
{
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		if (ears->subscribed[lane] == REDIS_NO_NODE)
			return true;
	return false;
}

/* Listens to all lanes again, as far as that is possible now. */
static void follow(struct redis_ears *ears)
{
	int lanes[REDIS_LANES_MAX];
	for (int pass = 0; pass < FOLLOW_PASSES && is_deaf(ears); pass++) {
		for (int node = 0; node < REDIS_NODES_MAX; node++) {
			int count = ask_for_channels(ears, node, lanes);
			if (count > 0)
				read_answers(ears, node, lanes, count);
		}
		if (is_deaf(ears) && pass > 0)
			learn_owners(ears);
	}
}

/* ---- surveys ---- */

/* What the nodes say about the lanes. */
struct answers {
	struct redis_ears *ears;
	char fresh_name[REDIS_NAME_BYTES];
	bool is_known[REDIS_LANES_MAX];
	char names[REDIS_LANES_MAX][REDIS_NAME_BYTES];
	uint64_t numbers[REDIS_LANES_MAX];
};

static int lane_itself(size_t index, void *context)
{
	(void)context;
	return (int)index;
}

static enum err write_question(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct answers *answers = context;
	char store[REDIS_KEY_BYTES], changes[REDIS_KEY_BYTES];
	struct redis_words words = {.count = 0};
	redis_lane_key(answers->ears->address, "progress-index:", (int)index, "store", store);
	redis_lane_key(answers->ears->address, "progress-index:", (int)index, "changes", changes);
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_LANE_ABOUT]);
	redis_word(&words, "2");
	redis_word(&words, store);
	redis_word(&words, changes);
	redis_word(&words, answers->fresh_name);
	redis_word_number(&words, redis_first_number());
	return redis_link_add(link, &words, fault);
}

static enum err take_answer(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	struct answers *answers = context;
	bool is_pair = reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_STRING;
	int64_t number = is_pair ? redis_number_of(reply->element[1]) : 0;
	if (!is_pair)
		return redis_refuse_reply(reply, fault);
	if (number < 0)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS",
		                 "store: the keys with our prefix are not ours: progress-index:{…}:changes is no number");
	snprintf(answers->names[index], REDIS_NAME_BYTES, "%s", reply->element[0]->str);
	answers->numbers[index] = (uint64_t)number;
	answers->is_known[index] = true;
	return ERR_OK;
}

/* Whether the lane is heard where it is not served: the node was the master, and does not say that it is no more. */
static bool is_elsewhere(const struct redis_ears *ears, int lane)
{
	int owner = ears->questions.owner[lane], node = ears->subscribed[lane];
	return !redis_is_same_host(&ears->questions.nodes[owner].master, &ears->reach.nodes[node].master);
}

static void compare(struct redis_ears *ears, const struct answers *answers, int lane)
{
	if (!answers->is_known[lane] || ears->subscribed[lane] == REDIS_NO_NODE)
		return;
	bool is_elsewhere_now = is_elsewhere(ears, lane);
	struct redis_survey survey = {
	    .number = answers->numbers[lane],
	    .expected = ears->expected[lane],
	    .is_other_store = is_elsewhere_now || strcmp(answers->names[lane], ears->store_names[lane]) != 0,
	    .is_new_connection = ears->is_anew[lane],
	};
	memcpy(ears->store_names[lane], answers->names[lane], REDIS_NAME_BYTES);
	ears->expected[lane] = survey.number;
	ears->is_anew[lane] = false;
	bool has_come = redis_line_compare(ears->line, lane, &survey);
	if (!has_come || is_elsewhere_now)
		drop_node(ears, ears->subscribed[lane]); /* what is published does not come from it */
}

/* The worst that any node's settings make of a commit. */
static void ask_durability(struct redis_ears *ears)
{
	enum store_durability worst = STORE_SYNCED;
	bool is_asked[REDIS_NODES_MAX] = {false};
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		int node = ears->questions.owner[lane];
		struct fault fault;
		enum store_durability one;
		if (node == REDIS_NO_NODE || is_asked[node] || redis_link_is_broken(&ears->questions.nodes[node]))
			continue;
		is_asked[node] = true;
		if (redis_ask_durability(&ears->questions.nodes[node], &one, &fault) == ERR_OK && one > worst)
			worst = one;
	}
	atomic_store(&ears->durability, (int)worst);
	store_note_durability(worst);
}

/* Asks how the nodes are. is_once: as far as they can say it now. */
static enum err survey(struct redis_ears *ears, bool is_once, struct fault *fault)
{
	struct answers answers = {.ears = ears};
	struct redis_round round = {
	    .count = REDIS_LANES_MAX,
	    .context = &answers,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY),
	    .is_once = is_once,
	    .lane_of = lane_itself,
	    .write = write_question,
	    .take = take_answer,
	};
	redis_make_name(answers.fresh_name);
	enum err err = redis_reach_run(&ears->questions, &round, fault);
	if (err != ERR_OK)
		return err;
	ask_durability(ears);
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		compare(ears, &answers, lane);
	return ERR_OK;
}

/* ---- the thread ---- */

/* Waits for publications, or for the end. False: the end has come. */
static bool wait_for_something(const struct redis_ears *ears, int64_t timeout_ms, bool ret_is_readable[REDIS_NODES_MAX])
{
	struct pollfd sockets[REDIS_NODES_MAX + 1];
	for (int node = 0; node < REDIS_NODES_MAX; node++) {
		const redisContext *context = ears->reach.nodes[node].context;
		sockets[node] = (struct pollfd){.fd = context != NULL ? context->fd : -1, .events = POLLIN};
	}
	sockets[REDIS_NODES_MAX] = (struct pollfd){.fd = ears->stop_fd, .events = POLLIN};
	int count = poll(sockets, REDIS_NODES_MAX + 1, timeout_ms > 0 ? (int)timeout_ms : 0);
	for (int node = 0; node < REDIS_NODES_MAX; node++)
		ret_is_readable[node] = count > 0 && sockets[node].revents != 0;
	return count <= 0 || sockets[REDIS_NODES_MAX].revents == 0;
}

/* Whether lanes are heard again after a while in which nobody knows what was published. */
static bool has_anew(const struct redis_ears *ears)
{
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		if (ears->is_anew[lane] && ears->subscribed[lane] != REDIS_NO_NODE)
			return true;
	return false;
}

static void *run(void *context)
{
	struct redis_ears *ears = context;
	bool is_readable[REDIS_NODES_MAX];
	int64_t checked_ms = clock_steady_ms(), check_at_ms = checked_ms + CHECK_MS, pause_ms = CHECK_MS;
	while (wait_for_something(ears, pause_ms, is_readable)) {
		struct fault fault;
		for (int node = 0; node < REDIS_NODES_MAX; node++)
			if (is_readable[node])
				read_pushes(ears, node);
		follow(ears);
		if (has_anew(ears) && check_at_ms > checked_ms + FOLLOW_MS)
			check_at_ms = checked_ms + FOLLOW_MS;
		if (clock_steady_ms() >= check_at_ms) {
			(void)!survey(ears, true, &fault);
			checked_ms = clock_steady_ms();
			check_at_ms = checked_ms + CHECK_MS;
		}
		pause_ms = check_at_ms - clock_steady_ms();
		if (is_deaf(ears) && pause_ms > FOLLOW_MS)
			pause_ms = FOLLOW_MS;
	}
	return NULL;
}

static enum err open_ears(struct redis_ears *ears, struct fault *fault)
{
	enum err err = redis_reach_find_owners(&ears->questions, false, fault);
	if (err != ERR_OK)
		return err;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		int owner = ears->questions.owner[lane];
		if (owner != REDIS_NO_NODE)
			ears->reach.owner[lane] = redis_reach_node(&ears->reach, &ears->questions.nodes[owner].master);
	}
	follow(ears);
	if (is_deaf(ears))
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREADY",
		                 "store: not all slots of the Redis Cluster are served (it must be of version 7 or newer)");
	return survey(ears, false, fault);
}

enum err redis_ears_start(struct redis_ears *ears, struct redis_line *line, const struct redis_address *address,
                          const char *instance, struct fault *fault)
{
	*ears = (struct redis_ears){.address = address, .instance = instance, .line = line, .durability = STORE_MEMORY};
	redis_reach_init(&ears->reach, address, PATIENCE_MS);
	redis_reach_init(&ears->questions, address, PATIENCE_MS);
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		ears->subscribed[lane] = REDIS_NO_NODE;
		ears->is_anew[lane] = true;
	}
	ears->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (ears->stop_fd < 0)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_FILES", "store: the system gave no file descriptor");
	enum err err = open_ears(ears, fault);
	if (err != ERR_OK)
		return err;
	redis_line_begin(line);
	if (pthread_create(&ears->thread, NULL, run, ears) != 0)
		return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "store: the system gave no thread");
	ears->is_started = true;
	return ERR_OK;
}

void redis_ears_stop(struct redis_ears *ears)
{
	uint64_t one = 1;
	if (ears->is_started) {
		ssize_t written = write(ears->stop_fd, &one, sizeof one);
		assert(written == sizeof one);
		pthread_join(ears->thread, NULL);
	}
	redis_reach_close(&ears->reach);
	redis_reach_close(&ears->questions);
	if (ears->stop_fd >= 0)
		close(ears->stop_fd);
}
