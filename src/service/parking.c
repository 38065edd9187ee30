/* A parked command is in three places: with the feed, in the timer queue, and in the row of its peer. */
#include "service/parking.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"

#define COMMAND_OF(pointer, field) ((struct command *)(void *)((char *)(pointer)-offsetof(struct command, field)))

void parking_init(struct parking *parking, struct feed *feed)
{
	parking->feed = feed;
	parking->count = 0;
	timer_queue_init(&parking->timers);
	for (size_t i = 0; i < PARKING_ROWS; i++)
		list_init(&parking->rows[i]);
}

void parking_finish(struct parking *parking)
{
	assert(parking->count == 0);
	timer_queue_finish(&parking->timers);
}

static bool wait_for_some(struct feed *feed, struct command *command)
{
	struct command_watch *watch = &command->watch;
	if (watch->posts == NULL)
		watch->posts = arena_take(command->call->arena, watch->filter.job_id_count * sizeof *watch->posts);
	return watch->posts != NULL && feed_wait_for_some(feed, &command->waiter, watch->posts);
}

/* Lets the feed wake the command. */
static bool wait_with_feed(struct parking *parking, struct command *command)
{
	command->waiter = (struct feed_waiter){.filter = &command->watch.filter};
	list_init(&command->waiter.link);
	switch (command->kind) {
	case COMMAND_WATCH_JOBS:
		if (command->watch.filter.job_id_count > 0)
			return wait_for_some(parking->feed, command);
		feed_wait_for_any(parking->feed, &command->waiter);
		return true;
	case COMMAND_WAIT:
		command->waiter.after_revision = command->wait.after_revision;
		return feed_wait(parking->feed, &command->waiter, command->job_id);
	default:
		return feed_wait(parking->feed, &command->waiter, command->job_id);
	}
}

bool parking_park(struct parking *parking, struct command *command)
{
	if (!timer_queue_set(&parking->timers, &command->timer, command->pause.due_ms))
		return false;
	if (!wait_with_feed(parking, command)) {
		timer_queue_remove(&parking->timers, &command->timer);
		return false;
	}
	list_append(&parking->rows[command->call->peer % PARKING_ROWS], &command->link);
	parking->count++;
	metrics_move(METRICS_WAITING_CALLS, 1);
	return true;
}

static void unpark(struct parking *parking, struct command *command, struct list *commands)
{
	timer_queue_remove(&parking->timers, &command->timer);
	feed_stop_waiting(parking->feed, &command->waiter);
	list_remove(&command->link);
	list_append(commands, &command->link);
	parking->count--;
	metrics_move(METRICS_WAITING_CALLS, -1);
}

void parking_take_due(struct parking *parking, int64_t now_ms, struct list *commands)
{
	struct timer *timer;
	while ((timer = timer_queue_take_due(&parking->timers, now_ms)) != NULL) {
		struct command *command = COMMAND_OF(timer, timer);
		command->pause.is_over = true;
		unpark(parking, command, commands);
	}
}

void parking_take_woken(struct parking *parking, struct list *commands)
{
	struct feed_waiter *waiter;
	while ((waiter = feed_take_woken(parking->feed)) != NULL)
		unpark(parking, COMMAND_OF(waiter, waiter), commands);
}

void parking_set_gone(struct command *command)
{
	fault_set(&command->fault, ERR_CANCELLED, "GONE", "the connection is closing");
}

static void take_row(struct parking *parking, struct list *row, uint64_t peer, struct list *commands)
{
	struct list *next;
	for (struct list *link = row->next; link != row; link = next) {
		next = link->next;
		struct command *command = LIST_MEMBER(link, struct command, link);
		if (peer != 0 && command->call->peer != peer)
			continue;
		if (peer != 0)
			parking_set_gone(command);
		else
			fault_set(&command->fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping; try again later");
		unpark(parking, command, commands);
	}
}

void parking_take_peer(struct parking *parking, uint64_t peer, struct list *commands)
{
	if (peer != 0)
		take_row(parking, &parking->rows[peer % PARKING_ROWS], peer, commands);
	else
		for (size_t i = 0; i < PARKING_ROWS; i++)
			take_row(parking, &parking->rows[i], 0, commands);
}

int64_t parking_next_due(const struct parking *parking)
{
	const struct timer *first = timer_queue_first(&parking->timers);
	return first != NULL ? first->due : INT64_MAX;
}
