/* The order of the steps. Applying is in corridor_apply.c and corridor_watch.c, loading and committing in
 * corridor_store.c. */
#include "service/corridor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "service/corridor_adopt.h"
#include "service/corridor_apply.h"
#include "service/corridor_news.h"
#include "service/corridor_store.h"

enum {
	ARENA_BYTES_MAX = 512 << 20, /* a batch of the largest jobs there can be */
	ARENA_BYTES_CUT = 8 << 20,   /* a batch with more than this ends early */
	EXPIRED_AT_ONCE_MAX = 256,   /* finished jobs forgotten in one batch */
	EXPIRY_INTERVAL_MS = 1000,   /* how often finished jobs are looked for that may be forgotten */
};

void corridor_init(struct corridor *corridor, struct store *store, struct feed *feed,
                   const struct corridor_options *options)
{
	memset(corridor, 0, sizeof *corridor);
	corridor->store = store;
	corridor->feed = feed;
	corridor->options = *options;
	cache_init(&corridor->cache, options->cached_jobs_max);
	parking_init(&corridor->parking, feed);
	leases_init(&corridor->leases);
	lessons_init(&corridor->lessons, store);
	movers_init(&corridor->movers, &options->movers);
	list_init(&corridor->deferred);
	arena_init(&corridor->arena, ARENA_BYTES_MAX);
}

void corridor_finish(struct corridor *corridor)
{
	parking_finish(&corridor->parking);
	leases_finish(&corridor->leases);
	lessons_finish(&corridor->lessons);
	movers_finish(&corridor->movers);
	cache_finish(&corridor->cache);
	arena_finish(&corridor->arena);
}

/* Whether the command must wait for the next batch: its job was removed in this one and cannot be made anew in it, or
 * another instance has changed it since it was loaded, or the batch has grown large; the commands of a group stay
 * together as far as they can. */
static bool must_wait(const struct corridor *corridor, const struct command *command)
{
	bool is_large = corridor->arena.bytes_taken > ARENA_BYTES_CUT && !command->is_grouped;
	const struct cache_entry *entry = command->entry;
	return is_large || (entry != NULL && (entry->is_removed || entry->is_stale));
}

/* Applies the batch in order. What must wait goes back to the head of `commands`; what is parked leaves the batch. */
static void apply_batch(struct corridor *corridor, struct list *commands)
{
	size_t kept = 0, i = 0;
	for (; i < corridor->batch_count; i++) {
		struct command *command = corridor->batch[i];
		bool is_refused = command->fault->code != ERR_OK;
		if (!is_refused && must_wait(corridor, command))
			break;
		command->is_applied = !is_refused;
		if (is_refused || corridor_apply(corridor, command))
			corridor->batch[kept++] = command;
	}
	for (size_t back = corridor->batch_count; back > i; back--)
		list_prepend(commands, &corridor->batch[back - 1]->link);
	corridor->batch_count = kept;
}

/* Takes as many commands as one batch may have; the commands of a group stay together. */
static void take_batch(struct corridor *corridor, struct list *commands)
{
	corridor->batch_count = 0;
	corridor->change_count = 0;
	while (!list_is_empty(commands) && corridor->batch_count < CORRIDOR_BATCH_MAX) {
		struct command *command = LIST_MEMBER(commands->next, struct command, link);
		if (corridor->batch_count > 0 && command->group_size > CORRIDOR_BATCH_MAX - corridor->batch_count)
			break;
		list_remove(&command->link);
		corridor->batch[corridor->batch_count++] = command;
	}
}

void corridor_publish(struct corridor *corridor, const struct feed_change *told)
{
	feed_publish(corridor->feed, told);
	metrics_add(METRICS_CHANGES, 1);
	corridor_count_change(corridor, told);
}

/* What was learned from ends that are committed stays learned. Those undone are read anew when all else is kept. */
static void settle_lessons(struct corridor *corridor)
{
	int64_t now_ms = corridor->now.steady_ms;
	size_t undone = 0;
	for (size_t i = 0; i < corridor->change_count; i++) {
		const struct corridor_change *change = &corridor->changes[i];
		if (change->lesson == NULL)
			continue;
		undone += change->entry->is_lost;
		if (!change->entry->is_lost)
			lessons_keep(&corridor->lessons, change->told.facts.pipeline, change->lesson, now_ms);
	}
	for (size_t i = 0; undone > 0 && i < corridor->change_count; i++) {
		const struct corridor_change *change = &corridor->changes[i];
		if (change->lesson != NULL && change->entry->is_lost)
			lessons_undo(&corridor->lessons, change->told.facts.pipeline, change->lesson, now_ms);
	}
}

static void publish(struct corridor *corridor)
{
	bool is_heard = store_is_shared(corridor->store);
	for (size_t i = 0; i < corridor->change_count; i++) {
		struct corridor_change *change = &corridor->changes[i];
		if (change->entry->is_lost)
			continue;
		if (change->told.row == 0)
			change->told.row = change->entry->row; /* it was new and has got its row by the commit */
		change->told.told_ms = corridor->now.steady_ms;
		corridor->removals += change->told.is_removal;
		if (!is_heard)
			corridor_publish(corridor, &change->told);
		corridor_mind_change(corridor, change->entry->job);
	}
}

static void move_to(struct corridor *corridor, struct list *finished)
{
	for (size_t i = 0; i < corridor->batch_count; i++)
		list_append(finished, &corridor->batch[i]->link);
}

void corridor_reply(struct list *finished)
{
	while (!list_is_empty(finished)) {
		struct command *command = LIST_MEMBER(finished->next, struct command, link);
		list_remove(&command->link);
		command->done(command);
	}
}

static void follow(struct corridor *corridor, const struct job *job)
{
	struct lease_terms terms = lease_terms_of(job);
	leases_follow(&corridor->leases, job->job_id, &terms, corridor->options.default_lost_after_ms,
	              corridor->now.steady_ms);
}

/* Sets the timers of the jobs whose workers were heard in this batch, or found silent. What could not be committed was
 * a sign of life all the same, but has changed no lease. */
static void follow_leases(struct corridor *corridor)
{
	struct leases *leases = &corridor->leases;
	for (size_t i = 0; i < corridor->touched_count; i++) {
		struct cache_entry *entry = corridor->touched[i];
		if (entry->is_lost && entry->is_heard)
			leases_renew(leases, entry->job_id, corridor->now.steady_ms);
		else if (!entry->is_lost && (entry->is_removed || entry->job == NULL))
			leases_forget(leases, entry->job_id);
		else if (!entry->is_lost && (entry->is_heard || entry->is_silent))
			follow(corridor, entry->job);
		entry->is_heard = false;
		entry->is_silent = false;
	}
}

/* The deferred ones would be parked after their peer has been forgotten. */
static void cancel_deferred(struct corridor *corridor, uint64_t peer)
{
	for (struct list *link = corridor->deferred.next; link != &corridor->deferred; link = link->next) {
		struct command *command = LIST_MEMBER(link, struct command, link);
		if (command->call->peer == peer)
			parking_set_gone(command);
	}
}

static void forget_peers(struct corridor *corridor, struct list *commands)
{
	for (size_t i = 0; i < corridor->batch_count; i++) {
		const struct command *command = corridor->batch[i];
		if (command->kind != COMMAND_FORGET_PEER)
			continue;
		parking_take_peer(&corridor->parking, command->peer, commands);
		cancel_deferred(corridor, command->peer);
	}
}

static bool is_distrusted(struct command *command, void *corridor)
{
	return !corridor_trusts(corridor, command);
}

/* Answers those that wait with a token which is good no more. */
static void recheck_tokens(struct corridor *corridor, struct list *commands)
{
	bool is_asked = false;
	for (size_t i = 0; i < corridor->batch_count; i++)
		is_asked |= corridor->batch[i]->kind == COMMAND_RECHECK;
	if (is_asked)
		parking_take(&corridor->parking, is_distrusted, corridor, commands);
}

static void run_batch(struct corridor *corridor, struct list *commands, struct list *finished)
{
	take_batch(corridor, commands);
	corridor_load(corridor);
	apply_batch(corridor, commands);
	corridor_commit(corridor, commands);
	settle_lessons(corridor);
	publish(corridor);
	corridor_tell_signs(corridor);
	follow_leases(corridor);
	forget_peers(corridor, commands);
	recheck_tokens(corridor, commands);
	parking_take_woken(&corridor->parking, commands);
	list_append_all(commands, &corridor->deferred);
	corridor_settle(corridor);
	move_to(corridor, finished);
	arena_reset(&corridor->arena);
}

static void add_silent(struct corridor *corridor, struct list *commands)
{
	char job_id[JOB_ID_BYTES_MAX + 1];
	while (leases_take_due(&corridor->leases, corridor->now.steady_ms, job_id)) {
		struct command *command = command_create_own(COMMAND_SILENCE, job_id);
		if (command != NULL)
			list_append(commands, &command->link);
	}
}

struct expired {
	struct list *commands;
	size_t count;
};

static bool add_expired(const struct store_record *record, int64_t row, void *context)
{
	(void)row;
	struct expired *expired = context;
	struct command *command = command_create_own(COMMAND_EXPIRE, record->job_id);
	if (command == NULL)
		return false;
	command->expired_revision = record->revision;
	list_append(expired->commands, &command->link);
	expired->count++;
	return true;
}

/* Returns whether there may be more than were found now. */
static bool look_for_expired(struct corridor *corridor, struct list *commands)
{
	if (corridor->now.steady_ms < corridor->expiry_due_ms)
		return false;
	struct expired expired = {.commands = commands};
	struct fault fault = {0};
	/* A store that cannot be asked now is asked again at the next time. */
	corridor->expiry_due_ms = corridor->now.steady_ms + EXPIRY_INTERVAL_MS;
	enum err err =
	    store_expired(corridor->store, corridor->now.wall_ms, EXPIRED_AT_ONCE_MAX, add_expired, &expired, &fault);
	return err == ERR_OK && expired.count == EXPIRED_AT_ONCE_MAX;
}

static void must_not_fail(const struct corridor *corridor, enum err err, const struct fault *fault)
{
	if (err == ERR_OK)
		return;
	corridor->options.on_data_loss(fault);
	abort();
}

static void save_lessons(struct corridor *corridor)
{
	struct fault fault;
	enum err err = lessons_save_due(&corridor->lessons, corridor->now.steady_ms, &fault);
	must_not_fail(corridor, err, &fault);
}

void corridor_save_lessons(struct corridor *corridor)
{
	struct fault fault;
	enum err err = lessons_save_all(&corridor->lessons, corridor->now.steady_ms, &fault);
	must_not_fail(corridor, err, &fault);
}

void corridor_carry_out(struct corridor *corridor, struct list *commands, struct moment now, struct list *finished)
{
	corridor->now = now;
	corridor_hear(corridor, STORE_HEAR_ARRIVED);
	corridor_go_on_adopting(corridor);
	parking_take_woken(&corridor->parking, commands);
	parking_take_due(&corridor->parking, now.steady_ms, commands);
	add_silent(corridor, commands);
	uint64_t removals = corridor->removals;
	bool has_more = look_for_expired(corridor, commands);
	corridor_add_moves(corridor, commands);
	while (!list_is_empty(commands))
		run_batch(corridor, commands, finished);
	save_lessons(corridor);
	/* If none of them could be removed, the next ones would be the same. */
	if (has_more && corridor->removals > removals)
		corridor->expiry_due_ms = now.steady_ms;
}

void corridor_run(struct corridor *corridor, struct list *commands, struct moment now)
{
	struct list finished;
	list_init(&finished);
	corridor_carry_out(corridor, commands, now, &finished);
	corridor_reply(&finished);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t corridor_next_due(const struct corridor *corridor)
{
	int64_t due_ms = earlier(parking_next_due(&corridor->parking), leases_next_due(&corridor->leases));
	due_ms = earlier(due_ms, earlier(movers_next_due(&corridor->movers), lessons_next_due(&corridor->lessons)));
	if (corridor->adoption.is_under_way)
		due_ms = earlier(due_ms, corridor->adoption.due_ms);
	return earlier(due_ms, corridor->expiry_due_ms);
}

void corridor_cancel_parked(struct corridor *corridor)
{
	struct list commands;
	list_init(&commands);
	parking_take_all(&corridor->parking, &commands);
	corridor_run(corridor, &commands, corridor->now);
}
