/* The order of the steps, and the step of applying. Loading and committing are in corridor_store.c. */
#include "service/corridor.h"

#include <assert.h>
#include <string.h>

#include "service/answer.h"
#include "service/corridor_store.h"
#include "wire/event.h"
#include "wire/info.h"

enum {
	ARENA_BYTES_MAX = 512 << 20, /* a batch of the largest jobs there can be */
	ARENA_BYTES_CUT = 8 << 20,   /* a batch with more than this ends early */
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
	arena_init(&corridor->arena, ARENA_BYTES_MAX);
}

void corridor_finish(struct corridor *corridor)
{
	parking_finish(&corridor->parking);
	cache_finish(&corridor->cache);
	arena_finish(&corridor->arena);
}

/* The job of the command as its batch sees it, or NULL. */
static struct job *job_of(const struct command *command)
{
	return command->entry->is_removed ? NULL : command->entry->job;
}

static enum err set_not_found(struct command *command)
{
	return fault_set(&command->fault, ERR_NOT_FOUND, "JOB_NOT_FOUND", "job_id: there is no job %s", command->job_id);
}

static void answer(struct corridor *corridor, struct command *command, const struct job *job,
                   const struct job_view *view, enum job_outcome outcome)
{
	struct subject subject = {
	    .job = job,
	    .view = view,
	    .outcome = outcome,
	    .timed_out = command->kind == COMMAND_WAIT && command->wait.is_over,
	    .now_ms = corridor->now.wall_ms,
	    .default_ttl_ms = corridor->options.default_ttl_ms,
	};
	struct call *call = command->call;
	ProtobufCMessage *response = command->answer(&subject, call->arena);
	call->fault.code = ERR_OK;
	if (response == NULL)
		answer_set_full(&command->fault);
	else
		command->closure(response, call);
	if (call->fault.code != ERR_OK)
		command->fault = call->fault;
}

static Progress__V1__EventKind event_kind(const struct job *job, uint64_t previous_revision, bool is_removal)
{
	if (is_removal)
		return PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	if (job_state_is_final(job->view.state))
		return PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED;
	return previous_revision == 0 ? PROGRESS__V1__EVENT_KIND__EVENT_KIND_CREATED
	                              : PROGRESS__V1__EVENT_KIND__EVENT_KIND_UPDATED;
}

/* Notes a change for the later steps. False: no memory for its event. */
static bool note_change(struct corridor *corridor, struct command *command, const struct job *job,
                        uint64_t previous_revision, bool is_removal)
{
	struct corridor_change *change = &corridor->changes[corridor->change_count++];
	*change = (struct corridor_change){command->entry, job->view.revision, is_removal, {NULL, 0}};
	command->entry->is_dirty = true;
	if (!feed_has_listener(corridor->feed))
		return true;
	Progress__V1__ProgressInfo *info = info_build(job, &job->view, corridor->options.default_ttl_ms, &corridor->arena);
	return info != NULL && event_seal(info, previous_revision, event_kind(job, previous_revision, is_removal),
	                                  &corridor->arena, &change->event, &command->fault) == ERR_OK;
}

static void answer_change(struct corridor *corridor, struct command *command, const struct job *job,
                          uint64_t previous_revision, bool is_removal)
{
	if (note_change(corridor, command, job, previous_revision, is_removal))
		answer(corridor, command, job, &job->view, JOB_OUTCOME_APPLIED);
	else
		command->entry->is_lost = true;
}

static void apply_read(struct corridor *corridor, struct command *command)
{
	const struct job *job = job_of(command);
	if (job == NULL)
		set_not_found(command);
	else
		answer(corridor, command, job, &job->view, JOB_OUTCOME_UNSPECIFIED);
}

static void apply_creation(struct corridor *corridor, struct command *command, const struct job_creation *creation,
                           const struct job_update *first)
{
	struct cache_entry *entry = command->entry;
	if (job_create(creation, first, corridor->now.wall_ms, &entry->job, &command->fault) == ERR_OK)
		answer_change(corridor, command, entry->job, 0, false);
}

static void apply_create(struct corridor *corridor, struct command *command)
{
	const struct job *job = job_of(command);
	struct job_result repeat;
	if (job == NULL)
		apply_creation(corridor, command, &command->creation, NULL);
	else if (job_find_repeat(job, &command->creation.origin, &repeat))
		answer(corridor, command, job, repeat.view, repeat.outcome);
	else
		fault_set(&command->fault, ERR_ALREADY_EXISTS, "JOB_EXISTS", "job_id: there is a job %s already",
		          command->job_id);
}

static void apply_update(struct corridor *corridor, struct command *command)
{
	struct job *job = job_of(command);
	if (job == NULL) {
		struct job_creation creation = {.job_id = command->job_id};
		apply_creation(corridor, command, &creation, &command->update);
		return;
	}
	struct job_result result;
	enum err err = job_apply(job, &command->update, corridor->now.wall_ms, &result, &command->fault);
	if (err != ERR_OK)
		command->entry->is_lost |= strcmp(command->fault.reason, "NO_MEMORY") == 0;
	else if (result.outcome == JOB_OUTCOME_APPLIED)
		answer_change(corridor, command, job, result.previous_revision, false);
	else
		answer(corridor, command, job, result.view, result.outcome);
}

static void apply_delete(struct corridor *corridor, struct command *command)
{
	struct job *job = job_of(command);
	if (job == NULL) {
		set_not_found(command);
		return;
	}
	uint64_t previous_revision = job->view.revision++;
	answer_change(corridor, command, job, previous_revision, true);
	command->entry->is_removed = true;
}

/* Returns whether the command stays: parked, it has left the batch. */
static bool apply_wait(struct corridor *corridor, struct command *command)
{
	const struct job *job = job_of(command);
	struct command_wait *wait = &command->wait;
	bool is_due = job != NULL ? job->view.revision != wait->after_revision : !wait->for_creation;
	if (is_due || wait->is_over || wait->timeout_ms == 0) {
		wait->is_over = !is_due;
		apply_read(corridor, command);
		return true;
	}
	if (wait->due_ms == 0)
		wait->due_ms = corridor->now.steady_ms + wait->timeout_ms;
	if (parking_park(&corridor->parking, command))
		return false;
	answer_set_full(&command->fault);
	return true;
}

static bool apply(struct corridor *corridor, struct command *command)
{
	switch (command->kind) {
	case COMMAND_READ:
		apply_read(corridor, command);
		break;
	case COMMAND_UPDATE:
		apply_update(corridor, command);
		break;
	case COMMAND_CREATE:
		apply_create(corridor, command);
		break;
	case COMMAND_DELETE:
		apply_delete(corridor, command);
		break;
	case COMMAND_WAIT:
		return apply_wait(corridor, command);
	case COMMAND_FORGET_PEER:
		break;
	}
	return true;
}

/* Whether the command must wait for the next batch: its job was removed in this one and cannot be made anew in it, or
 * the batch has grown large. */
static bool must_wait(const struct corridor *corridor, const struct command *command)
{
	if (command->entry == NULL)
		return false;
	return command->entry->is_removed || corridor->arena.bytes_taken > ARENA_BYTES_CUT;
}

/* Applies the batch in order. What must wait goes back to the head of `commands`; what is parked leaves the batch. */
static void apply_batch(struct corridor *corridor, struct list *commands)
{
	size_t kept = 0, i = 0;
	for (; i < corridor->batch_count; i++) {
		struct command *command = corridor->batch[i];
		bool is_refused = command->fault.code != ERR_OK;
		if (!is_refused && must_wait(corridor, command))
			break;
		command->is_applied = !is_refused;
		if (is_refused || apply(corridor, command))
			corridor->batch[kept++] = command;
	}
	for (size_t back = corridor->batch_count; back > i; back--)
		list_prepend(commands, &corridor->batch[back - 1]->link);
	corridor->batch_count = kept;
}

static void take_batch(struct corridor *corridor, struct list *commands)
{
	corridor->batch_count = 0;
	corridor->change_count = 0;
	while (!list_is_empty(commands) && corridor->batch_count < CORRIDOR_BATCH_MAX) {
		struct command *command = LIST_MEMBER(commands->next, struct command, link);
		list_remove(&command->link);
		corridor->batch[corridor->batch_count++] = command;
	}
}

static void publish(struct corridor *corridor)
{
	for (size_t i = 0; i < corridor->change_count; i++) {
		const struct corridor_change *change = &corridor->changes[i];
		if (change->entry->is_lost)
			continue;
		struct feed_change told = {change->entry->job_id, change->revision, change->is_removal, change->event.at,
		                           change->event.length};
		feed_publish(corridor->feed, &told);
	}
}

static void reply(struct corridor *corridor)
{
	for (size_t i = 0; i < corridor->batch_count; i++)
		corridor->batch[i]->done(corridor->batch[i]);
}

static void forget_peers(struct corridor *corridor, struct list *commands)
{
	for (size_t i = 0; i < corridor->batch_count; i++)
		if (corridor->batch[i]->kind == COMMAND_FORGET_PEER)
			parking_take_peer(&corridor->parking, corridor->batch[i]->peer, commands);
}

static void run_batch(struct corridor *corridor, struct list *commands)
{
	take_batch(corridor, commands);
	corridor_load(corridor);
	apply_batch(corridor, commands);
	corridor_commit(corridor, commands);
	publish(corridor);
	forget_peers(corridor, commands);
	parking_take_woken(&corridor->parking, commands);
	corridor_settle(corridor);
	reply(corridor);
	arena_reset(&corridor->arena);
}

void corridor_run(struct corridor *corridor, struct list *commands, struct moment now)
{
	corridor->now = now;
	parking_take_due(&corridor->parking, now.steady_ms, commands);
	while (!list_is_empty(commands))
		run_batch(corridor, commands);
}

int64_t corridor_next_due(const struct corridor *corridor)
{
	return parking_next_due(&corridor->parking);
}

void corridor_cancel_parked(struct corridor *corridor)
{
	struct list commands;
	list_init(&commands);
	parking_take_peer(&corridor->parking, 0, &commands);
	corridor_run(corridor, &commands, corridor->now);
}
