/* One lock for the waiting commands and for the right to be in the corridor. */
#include "service/inbox.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"

static struct moment now(void)
{
	return (struct moment){clock_wall_ms(), clock_steady_ms()};
}

/* Moves all members of `from` to the empty list `to`. */
static void take_all(struct list *from, struct list *to)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->next->previous = to;
	to->previous->next = to;
	list_init(from);
}

/* Takes all that waits through the corridor. Called and left with the lock, which is free in between. */
static void walk(struct inbox *inbox)
{
	assert(!inbox->is_busy);
	struct list commands;
	take_all(&inbox->commands, &commands);
	inbox->count = 0;
	inbox->is_busy = true;
	pthread_mutex_unlock(&inbox->lock);
	corridor_run(inbox->corridor, &commands, now());
	pthread_mutex_lock(&inbox->lock);
	inbox->is_busy = false;
}

static struct timespec to_timespec(int64_t ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

static void rest(struct inbox *inbox)
{
	inbox->is_thread_resting = true;
	inbox->wake_ms = inbox->is_busy ? INT64_MAX : corridor_next_due(inbox->corridor);
	if (inbox->wake_ms == INT64_MAX) {
		pthread_cond_wait(&inbox->work, &inbox->lock);
	} else {
		struct timespec until = to_timespec(inbox->wake_ms);
		pthread_cond_timedwait(&inbox->work, &inbox->lock, &until);
	}
	inbox->is_thread_resting = false;
}

static bool has_work(const struct inbox *inbox)
{
	if (inbox->is_busy)
		return false;
	return inbox->count > 0 || corridor_next_due(inbox->corridor) <= clock_steady_ms();
}

static void *run(void *context)
{
	struct inbox *inbox = context;
	pthread_mutex_lock(&inbox->lock);
	while (!inbox->is_stopping || inbox->is_busy || inbox->count > 0) {
		if (has_work(inbox))
			walk(inbox);
		else
			rest(inbox);
	}
	pthread_mutex_unlock(&inbox->lock);
	return NULL;
}

static enum err start_thread(struct inbox *inbox, struct fault *fault)
{
	if (pthread_create(&inbox->thread, NULL, run, inbox) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "the system gave no thread for the corridor");
}

enum err inbox_start(struct inbox *inbox, struct corridor *corridor, size_t count_max, struct fault *fault)
{
	*inbox = (struct inbox){.corridor = corridor, .count_max = count_max};
	list_init(&inbox->commands);
	pthread_mutex_init(&inbox->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&inbox->work, &attributes);
	pthread_condattr_destroy(&attributes);
	return start_thread(inbox, fault);
}

void inbox_stop(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->is_stopping = true;
	pthread_cond_signal(&inbox->work);
	pthread_mutex_unlock(&inbox->lock);
	pthread_join(inbox->thread, NULL);
	corridor_cancel_parked(inbox->corridor);
}

void inbox_finish(struct inbox *inbox)
{
	pthread_cond_destroy(&inbox->work);
	pthread_mutex_destroy(&inbox->lock);
}

static bool may_walk_now(const struct inbox *inbox, const struct command *command)
{
	bool is_quick = inbox->corridor->store->class->commits_quickly || command->kind == COMMAND_READ;
	return is_quick && !inbox->is_busy && inbox->count == 0;
}

/* Whether the resting thread has to be told: it would sleep too long otherwise. */
static bool must_wake_thread(const struct inbox *inbox)
{
	if (!inbox->is_thread_resting || inbox->is_busy)
		return false;
	return inbox->count > 0 || inbox->is_stopping || corridor_next_due(inbox->corridor) < inbox->wake_ms;
}

/* Ends a command that cannot be taken: the reason is in its fault. */
static void refuse(const struct inbox *inbox, struct command *command, bool is_stopping)
{
	if (is_stopping)
		fault_set(&command->fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping");
	else
		fault_set(&command->fault, ERR_RESOURCE_EXHAUSTED, "QUEUE_FULL",
		          "%zu calls are waiting already; try again later", inbox->count_max);
	command->done(command);
}

void inbox_put(struct inbox *inbox, struct command *command)
{
	pthread_mutex_lock(&inbox->lock);
	bool is_stopping = inbox->is_stopping;
	bool is_full = inbox->count >= inbox->count_max && command->call != NULL;
	if (is_stopping || is_full) {
		pthread_mutex_unlock(&inbox->lock);
		refuse(inbox, command, is_stopping);
		return;
	}
	bool is_walked_now = may_walk_now(inbox, command);
	list_append(&inbox->commands, &command->link);
	inbox->count++;
	if (is_walked_now)
		walk(inbox);
	if (must_wake_thread(inbox))
		pthread_cond_signal(&inbox->work);
	pthread_mutex_unlock(&inbox->lock);
}
