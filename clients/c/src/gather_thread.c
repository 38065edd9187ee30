/* The gather's thread: when what leaves, how a failed trip is repeated, and whose time is over. */
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "gather.h"
#include "server.h"
#include "steady.h"

enum {
	LOOK_EVERY_MS = 20, /* orders whose time is over are looked for at most so often */
	PAUSE_MIN_MS = 10,
	PAUSE_MAX_MS = 1000,
	PAUSE_EAGER_MAX_MS = 100, /* of a client that does not wait for its service */
};

void gather_settle(struct gather *gather)
{
	queue_settle(&gather->queue);
	if (gather->waiters > 0)
		pthread_cond_broadcast(&gather->settled);
}

/* What a message has to hold. */
struct outline {
	size_t bytes;
	int64_t deadline_ms; /* of the last one */
	bool omits_info;
};

/* Marks the first updates, as many as fit into one message. */
static struct outline mark_portion(struct gather *gather)
{
	struct outline outline = {.omits_info = true};
	struct parcel *parcel = gather->queue.leaving;
	size_t count = 0, i = parcel->first;
	for (; i < parcel->count && count < gather->portion_max; i++) {
		struct order *order = &parcel->orders[i];
		if (order->is_over)
			continue;
		order->is_sent = true;
		outline.bytes += order->bytes;
		outline.omits_info &= !order->wants_progress;
		if (order->deadline_ms > outline.deadline_ms)
			outline.deadline_ms = order->deadline_ms;
		count++;
	}
	gather->queue.sent_end = i;
	return outline;
}

static void copy_portion(const struct queue *queue, uint8_t *place)
{
	for (size_t i = queue->leaving->first; i < queue->sent_end; i++) {
		const struct order *order = &queue->leaving->orders[i];
		if (!order->is_sent)
			continue;
		memcpy(place, queue->leaving->bytes + order->at, order->bytes);
		place += order->bytes;
	}
}

/* Sends the next batch; without the lock. False: no memory, its orders have had that as their results. */
static bool start(struct gather *gather)
{
	struct outline outline = mark_portion(gather);
	uint8_t *place = trip_start(&gather->trip, &gather->link, gather->client, outline.bytes, outline.omits_info,
	                            outline.deadline_ms);
	if (place != NULL) {
		copy_portion(&gather->queue, place);
		link_flush(&gather->link);
		return true;
	}
	error_no_memory();
	gather_give_errors(gather);
	return false;
}

/* Ends what is under way; with the lock. */
static void bring_back(struct gather *gather)
{
	gather->trip.is_out = gather->asks_server = false;
	queue_bring_back(&gather->queue);
	gather_settle(gather);
}

static void pause_longer(struct gather *gather)
{
	int most_ms = gather->client->fail_fast ? PAUSE_EAGER_MAX_MS : PAUSE_MAX_MS;
	gather->pause_ms = gather->pause_ms == 0 ? PAUSE_MIN_MS : gather->pause_ms * 2;
	if (gather->pause_ms > most_ms)
		gather->pause_ms = most_ms;
	gather->not_before_ms = steady_now_ms() + gather->pause_ms;
}

/* The service cannot be reached. Who does not want to wait is told at once; with the lock. */
static void note_unreachable(struct gather *gather)
{
	pause_longer(gather);
	if (!gather->client->fail_fast)
		return;
	error_set(PRG_UNAVAILABLE, "UNREACHABLE", "cannot reach progressd at %s", gather->client->url);
	gather_end_all(gather);
}

/* What was under way is sent again; with the lock. */
static void note_lost(struct gather *gather)
{
	/* A service that drops each call must not be asked in a busy loop. */
	if (gather->was_lost)
		pause_longer(gather);
	gather->was_lost = true;
	bring_back(gather);
}

/* Whether there is a connection; if not, one is tried. With the lock, which is released in between. */
static bool is_connected(struct gather *gather)
{
	if (gather->link.state != LINK_DOWN)
		return gather->link.state == LINK_UP;
	pthread_mutex_unlock(&gather->lock);
	bool is_dialing = link_dial(&gather->link);
	pthread_mutex_lock(&gather->lock);
	if (!is_dialing)
		note_unreachable(gather);
	return false;
}

static bool is_ready(const struct gather *gather)
{
	return !gather->trip.is_out && queue_has_orders(&gather->queue);
}

/* Asks the service who it is; with the lock. */
static void ask_server(struct gather *gather)
{
	gather->asks_server = trip_ask_server(&gather->trip, &gather->link, gather->client);
	if (gather->asks_server)
		return;
	error_no_memory();
	gather_end_all(gather);
}

/* Sends what waits, if nothing is under way. True: the lock was released meanwhile. */
static bool send_off(struct gather *gather)
{
	if (!is_ready(gather) || (gather->not_before_ms != 0 && steady_now_ms() < gather->not_before_ms))
		return false;
	if (!is_connected(gather))
		return false;
	if (!server_is_known(gather->client)) {
		ask_server(gather);
		return true;
	}
	queue_take_leaving(&gather->queue);
	pthread_mutex_unlock(&gather->lock);
	bool is_started = start(gather);
	pthread_mutex_lock(&gather->lock);
	if (!is_started)
		bring_back(gather);
	return true;
}

/* With the lock, which is released meanwhile. */
static bool take_results(struct gather *gather, const uint8_t *bytes, size_t length)
{
	pthread_mutex_unlock(&gather->lock);
	bool is_taken = gather_take_answer(gather, bytes, length);
	pthread_mutex_lock(&gather->lock);
	return is_taken;
}

/* Takes an answer that has come; false: there is none. One that nobody waits for any more is dropped. */
static bool take_answer(struct gather *gather)
{
	uint32_t number;
	const uint8_t *bytes;
	size_t length;
	if (!link_take(&gather->link, &number, &bytes, &length))
		return false;
	if (!gather->trip.is_out || gather->trip.number != number)
		return true;
	bool is_taken =
	    gather->asks_server ? gather_take_server(gather, bytes, length) : take_results(gather, bytes, length);
	gather->was_lost = false;
	if (is_taken)
		gather->pause_ms = 0;
	else
		pause_longer(gather);
	bring_back(gather);
	return true;
}

static void set_over_error(struct gather *gather)
{
	const struct prg_client *client = gather->client;
	if (gather->trouble.code != PRG_OK)
		error_set(gather->trouble.code, gather->trouble.reason, "%s", gather->trouble.text);
	else if (gather->link.state == LINK_UP)
		error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "BatchUpdateProgress: no answer from %s in time",
		          client->url);
	else
		error_set(PRG_UNAVAILABLE, "UNREACHABLE", "cannot reach progressd at %s", client->url);
}

/* Ends the orders of the parcel whose time is over, with the lock, which is released for each of them. */
static int64_t end_late(struct gather *gather, struct parcel *parcel, int64_t now_ms, int64_t look_ms)
{
	for (size_t i = parcel->first; i < parcel->count; i++) {
		struct order *order = &parcel->orders[i];
		if (order->is_over)
			continue;
		if (order->deadline_ms > now_ms) {
			look_ms = order->deadline_ms < look_ms ? order->deadline_ms : look_ms;
			continue;
		}
		pthread_mutex_unlock(&gather->lock);
		set_over_error(gather);
		gather_give_error(gather, parcel, order);
		pthread_mutex_lock(&gather->lock);
	}
	return look_ms;
}

/* Whether somebody waits for what is under way. */
static bool is_awaited(const struct queue *queue)
{
	for (size_t i = 0; queue->leaving != NULL && i < queue->sent_end; i++)
		if (queue->leaving->orders[i].is_sent && !queue->leaving->orders[i].is_over)
			return true;
	return false;
}

/* Callers append to new parcels meanwhile, so that those looked at stay where they are. */
static void end_all_late(struct gather *gather, int64_t now_ms)
{
	struct queue *queue = &gather->queue;
	int64_t look_ms = STEADY_NEVER;
	gather->looked_ms = now_ms;
	gather->look_ms = STEADY_NEVER;
	queue_seal(queue);
	if (queue->leaving != NULL)
		look_ms = end_late(gather, queue->leaving, now_ms, look_ms);
	for (struct parcel *parcel = queue->first_waiting; parcel != NULL && parcel->is_sealed; parcel = parcel->next)
		look_ms = end_late(gather, parcel, now_ms, look_ms);
	if (look_ms < gather->look_ms)
		gather->look_ms = look_ms;
	if (gather->trip.is_out && !gather->asks_server && !is_awaited(queue))
		bring_back(gather); /* its answer is dropped when it comes */
	else
		gather_settle(gather);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool end_those_late(struct gather *gather)
{
	int64_t now_ms = gather->look_ms == STEADY_NEVER ? 0 : steady_now_ms();
	if (later(gather->look_ms, gather->looked_ms + LOOK_EVERY_MS) > now_ms)
		return false;
	end_all_late(gather, now_ms);
	return true;
}

static int64_t wake_ms(const struct gather *gather)
{
	int64_t until_ms = gather->look_ms;
	bool is_dialing = gather->link.state == LINK_CONNECTING || gather->link.state == LINK_GREETING;
	if (until_ms != STEADY_NEVER)
		until_ms = later(until_ms, gather->looked_ms + LOOK_EVERY_MS);
	if (is_ready(gather) && !is_dialing && gather->not_before_ms < until_ms)
		until_ms = gather->not_before_ms;
	return until_ms;
}

static int poll_ms(int64_t until_ms)
{
	if (until_ms == STEADY_NEVER)
		return -1;
	int64_t left_ms = until_ms - steady_now_ms();
	return left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

/* Waits for the link, for new orders, or until there is something to do; with the lock, which is released meanwhile. */
static void sleep_on(struct gather *gather)
{
	struct pollfd ends[] = {link_poll(&gather->link), {.fd = gather->wake_fd, .events = POLLIN}};
	int64_t until_ms = wake_ms(gather);
	uint64_t ignored;
	enum link_state before = gather->link.state;
	gather->is_asleep = true;
	pthread_mutex_unlock(&gather->lock);
	int ready = poll(ends, 2, poll_ms(until_ms));
	if (ready > 0 && ends[1].revents != 0 && read(gather->wake_fd, &ignored, sizeof ignored) < 0)
		ready = 0;
	if (ready > 0 && ends[0].revents != 0)
		link_pump(&gather->link);
	pthread_mutex_lock(&gather->lock);
	gather->is_asleep = false;
	if (gather->link.state == LINK_DOWN && before == LINK_UP)
		note_lost(gather);
	else if (gather->link.state == LINK_DOWN && before != LINK_DOWN)
		note_unreachable(gather);
}

void *gather_run(void *argument)
{
	struct gather *gather = argument;
	pthread_mutex_lock(&gather->lock);
	while (!gather->stop)
		if (!take_answer(gather) && !end_those_late(gather) && !send_off(gather))
			sleep_on(gather);
	gather->queue.sent_end = 0; /* its answer does not matter any more */
	error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed");
	gather_end_all(gather);
	pthread_mutex_unlock(&gather->lock);
	return NULL;
}
