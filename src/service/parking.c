/* A parked command is in three places: with the feed, in the timer queue, and in the row of its peer. */
#include "service/parking.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Lets the feed wake the command. */
static bool wait_with_feed(struct parking *parking, struct command *command)
{
	command->waiter = (struct feed_waiter){
	    .filter = &command->watch.filter,
	    .wants_moves = command->kind != COMMAND_WAIT,
	};
	list_init(&command->waiter.link);
	switch (command->kind) {
	case COMMAND_WATCH_JOBS:
		if (command->watch.filter.job_id_count > 0)
			return feed_wait_for_some(parking->feed, &command->waiter, command->watch.posts);
		feed_wait_for_any(parking->feed, &command->waiter);
		return true;
	case COMMAND_WAIT:
		command->waiter.after_revision = command->wait.after_revision;
		return feed_wait(parking->feed, &command->waiter, command->job_id);
	default:
		return feed_wait(parking->feed, &command->waiter, command->job_id);
	}
}

static size_t string_bytes(const char *string)
{
	return string != NULL ? arena_piece_bytes(strlen(string) + 1) : 0;
}

/* A copy that fits for certain. */
static const char *copy_string(struct arena *arena, const char *string)
{
	const char *copy = string != NULL ? arena_copy_string(arena, string) : NULL;
	assert((copy == NULL) == (string == NULL));
	return copy;
}

/* What a filter, and the posts of a watch with it, take up in an arena. */
static size_t filter_bytes(const struct feed_filter *filter)
{
	size_t bytes = string_bytes(filter->pipeline) + string_bytes(filter->parent) + string_bytes(filter->job_id_prefix);
	if (filter->job_id_count > 0)
		bytes += arena_piece_bytes(filter->job_id_count * sizeof *filter->job_ids) +
		         arena_piece_bytes(filter->job_id_count * sizeof(struct feed_post));
	for (size_t i = 0; i < filter->job_id_count; i++)
		bytes += string_bytes(filter->job_ids[i]);
	return bytes;
}

static void copy_filter(struct arena *arena, const struct feed_filter *filter, struct command_watch *watch)
{
	struct feed_filter *copy = &watch->filter;
	copy->pipeline = copy_string(arena, filter->pipeline);
	copy->parent = copy_string(arena, filter->parent);
	copy->job_id_prefix = copy_string(arena, filter->job_id_prefix);
	if (filter->job_id_count == 0)
		return;
	copy->job_ids = arena_take(arena, filter->job_id_count * sizeof *copy->job_ids);
	watch->posts = arena_take(arena, filter->job_id_count * sizeof *watch->posts);
	assert(copy->job_ids != NULL && watch->posts != NULL);
	for (size_t i = 0; i < filter->job_id_count; i++)
		copy->job_ids[i] = copy_string(arena, filter->job_ids[i]);
}

/* Copies the command and what it points to into an arena of just that size. NULL: no memory. */
static struct command *copy_compact(const struct command *command, struct arena *ret_arena)
{
	bool has_filter = command->kind == COMMAND_WATCH_JOBS;
	size_t bytes = arena_piece_bytes(sizeof *command) + string_bytes(command->job_id);
	if (has_filter)
		bytes += filter_bytes(&command->watch.filter);
	if (!arena_init_exact(ret_arena, command->call->arena->bytes_max, bytes))
		return NULL;
	struct command *copy = arena_take(ret_arena, sizeof *copy);
	assert(copy != NULL);
	*copy = *command;
	list_init(&copy->link);
	copy->job_id = copy_string(ret_arena, command->job_id);
	if (has_filter)
		copy_filter(ret_arena, &command->watch.filter, &copy->watch);
	return copy;
}

static bool link_in(struct parking *parking, struct command *command)
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

bool parking_park(struct parking *parking, struct command *command)
{
	struct arena *arena = command->call->arena;
	struct arena small;
	struct command *copy = copy_compact(command, &small);
	if (copy == NULL || !link_in(parking, copy)) {
		arena_finish(&small);
		return false;
	}
	/* The opened request is much larger than the command, and a hundred thousand calls may be waiting. */
	arena_finish(arena);
	*arena = small;
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
	fault_set(command->fault, ERR_CANCELLED, "GONE", "the connection is closing");
}

static void take_row(struct parking *parking, struct list *row, parking_sorter *takes, void *context,
                     struct list *commands)
{
	struct list *next;
	for (struct list *link = row->next; link != row; link = next) {
		next = link->next;
		struct command *command = LIST_MEMBER(link, struct command, link);
		if (takes(command, context))
			unpark(parking, command, commands);
	}
}

void parking_take(struct parking *parking, parking_sorter *takes, void *context, struct list *commands)
{
	for (size_t i = 0; i < PARKING_ROWS; i++)
		take_row(parking, &parking->rows[i], takes, context, commands);
}

static bool takes_gone(struct command *command, void *context)
{
	const uint64_t *peer = context;
	if (command->call->peer != *peer)
		return false;
	parking_set_gone(command);
	return true;
}

void parking_take_peer(struct parking *parking, uint64_t peer, struct list *commands)
{
	take_row(parking, &parking->rows[peer % PARKING_ROWS], takes_gone, &peer, commands);
}

static bool takes_all(struct command *command, void *context)
{
	(void)context;
	fault_set(command->fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping; try again later");
	return true;
}

void parking_take_all(struct parking *parking, struct list *commands)
{
	parking_take(parking, takes_all, NULL, commands);
}

int64_t parking_next_due(const struct parking *parking)
{
	const struct timer *first = timer_queue_first(&parking->timers);
	return first != NULL ? first->due : INT64_MAX;
}
