/* One lock for the waiting commands and for the right to be in the corridor. */
#include "service/inbox.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"
#include "base/metrics.h"

enum {
	ROUNDS_MAX = 256,        /* for which a thread that only brought a command walks others' through, too */
	CALL_NS = 15000,         /* about what a call costs the processors, on both sides */
	GATHER_SHARE = 3,        /* at most this part of the last walk's duration is spent waiting for more */
	GATHER_MAX_NS = 2000000, /* and never more than this */
	DOOR_WAIT_NS = 1000000,  /* a door waits itself for a disk that took less the last time */
};

static struct moment now(void)
{
	return (struct moment){clock_wall_ms(), clock_steady_ms()};
}

static int64_t steady_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Takes all that waits through the corridor. Called and left with the lock, which is free in between. Answers leave
 * when the corridor is free again, so that others need not wait for them. */
static void walk(struct inbox *inbox)
{
	assert(!inbox->is_busy);
	struct list commands, finished;
	list_init(&commands);
	list_init(&finished);
	list_append_all(&commands, &inbox->commands);
	size_t count = inbox->count;
	inbox->count = 0;
	metrics_set(METRICS_QUEUE_DEPTH, 0);
	inbox->is_busy = true;
	pthread_mutex_unlock(&inbox->lock);
	int64_t start_ns = steady_ns();
	corridor_carry_out(inbox->corridor, &commands, now(), &finished);
	int64_t duration_ns = steady_ns() - start_ns;
	pthread_mutex_lock(&inbox->lock);
	inbox->is_busy = false;
	inbox->walk_ns = duration_ns;
	inbox->under_way = count + inbox->count;
	pthread_mutex_unlock(&inbox->lock);
	corridor_reply(&finished);
	pthread_mutex_lock(&inbox->lock);
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static void rest(struct inbox *inbox)
{
	inbox->is_thread_resting = true;
	inbox->wake_ms = inbox->is_busy ? INT64_MAX : corridor_next_due(inbox->corridor);
	if (inbox->wake_ms == INT64_MAX) {
		pthread_cond_wait(&inbox->work, &inbox->lock);
	} else {
		struct timespec until = to_timespec(inbox->wake_ms * 1000000);
		pthread_cond_timedwait(&inbox->work, &inbox->lock, &until);
	}
	inbox->is_thread_resting = false;
}

/*
 * A commit that waits for a disk costs about the same for one command as for many. Those who were answered by the last
 * commit are likely to come again at once; without a short wait for them, the callers fall into two groups that are
 * committed by turns, each commit with half of them. That is as it should be while one group's calls take as long as
 * the other's commit: then the disk and the processors work at the same time. With a slower disk it halves the rate.
 */
static bool is_worth_gathering(const struct inbox *inbox)
{
	bool waits_for_disk = !inbox->corridor->store->class->commits_quickly;
	bool is_disk_slower = inbox->walk_ns > (int64_t)inbox->under_way * CALL_NS;
	return waits_for_disk && is_disk_slower && inbox->count < inbox->under_way && !inbox->is_stopping;
}

static void gather(struct inbox *inbox)
{
	if (!is_worth_gathering(inbox))
		return;
	int64_t patience_ns = inbox->walk_ns / GATHER_SHARE;
	struct timespec until = to_timespec(steady_ns() + (patience_ns < GATHER_MAX_NS ? patience_ns : GATHER_MAX_NS));
	inbox->is_thread_resting = true;
	inbox->wake_ms = INT64_MIN;
	inbox->wanted = inbox->under_way;
	while (inbox->count < inbox->wanted && !inbox->is_stopping)
		if (pthread_cond_timedwait(&inbox->work, &inbox->lock, &until) != 0)
			break;
	inbox->wanted = 1;
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
		if (!has_work(inbox)) {
			rest(inbox);
			continue;
		}
		gather(inbox);
		if (has_work(inbox))
			walk(inbox);
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
	*inbox = (struct inbox){.corridor = corridor, .count_max = count_max, .wanted = 1};
	list_init(&inbox->commands);
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for moments only: spinning spares a sleep */
	pthread_mutex_init(&inbox->lock, &kind);
	pthread_mutexattr_destroy(&kind);
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

static bool is_quick(const struct inbox *inbox, bool only_reads)
{
	const struct store *store = inbox->corridor->store;
	return store->class->commits_quickly || (only_reads && !store_is_shared(store));
}

static bool may_walk_now(const struct inbox *inbox, bool only_reads)
{
	return is_quick(inbox, only_reads) && !inbox->is_busy && inbox->count == 0;
}

/* Whether the resting thread has to be told: it would sleep too long otherwise. */
static bool must_wake_thread(const struct inbox *inbox)
{
	if (!inbox->is_thread_resting || inbox->is_busy)
		return false;
	return inbox->count >= inbox->wanted || inbox->is_stopping || corridor_next_due(inbox->corridor) < inbox->wake_ms;
}

/* A single read spares its change of thread where others would have to make one. */
static bool is_held(const struct inbox *inbox, const struct command *first, bool only_reads)
{
	bool is_quick_only_as_read = only_reads && !inbox->corridor->store->class->commits_quickly;
	return first->call != NULL && first->call->is_held && !is_quick_only_as_read;
}

/* With the lock held. Where a walk waits for a disk, what comes meanwhile is the thread's: the door has replies to
 * send. */
static void begin_walking(struct inbox *inbox, bool walks_itself)
{
	int rounds = inbox->corridor->store->class->commits_quickly ? ROUNDS_MAX : 1;
	for (int round = 0; walks_itself && !inbox->is_busy && inbox->count > 0 && round < rounds; round++)
		walk(inbox);
	if (must_wake_thread(inbox))
		pthread_cond_signal(&inbox->work);
}

/* Ends commands that cannot be taken. */
static void refuse(const struct inbox *inbox, struct list *commands, bool is_stopping)
{
	while (!list_is_empty(commands)) {
		struct command *command = LIST_MEMBER(commands->next, struct command, link);
		list_remove(&command->link);
		if (is_stopping)
			fault_set(command->fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping");
		else
			fault_set(command->fault, ERR_RESOURCE_EXHAUSTED, "QUEUE_FULL",
			          "%zu calls are waiting already; try again later", inbox->count_max);
		command->done(command);
	}
}

void inbox_put_all(struct inbox *inbox, struct list *commands, size_t count)
{
	const struct command *first = LIST_MEMBER(commands->next, struct command, link);
	bool only_reads = count == 1 && first->kind == COMMAND_READ;
	bool is_own = first->call == NULL;
	pthread_mutex_lock(&inbox->lock);
	bool is_stopping = inbox->is_stopping;
	bool is_full = inbox->count + count > inbox->count_max && !is_own;
	if (is_stopping || is_full) {
		pthread_mutex_unlock(&inbox->lock);
		metrics_add(METRICS_QUEUE_REFUSALS, 1);
		refuse(inbox, commands, is_stopping);
		return;
	}
	bool is_walked_now = may_walk_now(inbox, only_reads);
	bool waits = is_held(inbox, first, only_reads);
	list_append_all(&inbox->commands, commands);
	inbox->count += count;
	metrics_set(METRICS_QUEUE_DEPTH, (int64_t)inbox->count);
	if (!waits)
		begin_walking(inbox, is_walked_now);
	pthread_mutex_unlock(&inbox->lock);
}

/* A door that has held its calls has nothing else to do until they are carried out. Even where that waits for a disk it
 * is cheaper than to change threads twice, unless the disk is so slow that more calls should be gathered for it. */
static bool may_walk_held(const struct inbox *inbox)
{
	bool is_disk_fast = !store_is_shared(inbox->corridor->store) && inbox->walk_ns < DOOR_WAIT_NS;
	return is_quick(inbox, false) || is_disk_fast;
}

void inbox_release(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	begin_walking(inbox, may_walk_held(inbox));
	pthread_mutex_unlock(&inbox->lock);
}

void inbox_put(struct inbox *inbox, struct command *command)
{
	struct list commands;
	list_init(&commands);
	list_append(&commands, &command->link);
	inbox_put_all(inbox, &commands, 1);
}
