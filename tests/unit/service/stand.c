/* How the corridor is put on its stand. */
#include "stand.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/answer.h"
#include "wire/info.h"

enum { START_WALL_MS = 1000000, START_STEADY_MS = 5000, CALL_BYTES_MAX = 1 << 20, EVENT_BYTES_MAX = 1 << 20 };

static void note_event(struct feed_listener *listener, const char *job_id, const uint8_t *event, size_t event_bytes)
{
	static const char kinds[] = "?SCUEDM";
	struct stand *stand = LIST_MEMBER(listener, struct stand, listener);
	struct arena arena;
	ProtobufCMessage *message;
	struct fault fault;
	arena_init(&arena, EVENT_BYTES_MAX);
	const ProtobufCMessageDescriptor *type = &progress__v1__progress_event__descriptor;
	cr_assert_eq(wire_open(type, event, event_bytes, &arena, &message, &fault), ERR_OK, "%s", fault.text);
	const Progress__V1__ProgressEvent *told = (const Progress__V1__ProgressEvent *)message;
	cr_assert_str_eq(told->progress_info->job_id, job_id);
	log_note(stand->log, sizeof stand->log, "told:%s@%" PRIu64 "<%" PRIu64 "%c ", job_id, told->progress_info->revision,
	         told->previous_revision, kinds[told->kind]);
	arena_finish(&arena);
}

static void forbid_data_loss(const struct fault *fault)
{
	cr_assert_fail("nobody told the store to lose its disk: %s", fault->text);
}

struct stand *stand_create(size_t cached_jobs_max)
{
	struct stand *stand = calloc(1, sizeof *stand);
	cr_assert_not_null(stand);
	struct corridor_options options = {.default_ttl_ms = 60000,
	                                   .cached_jobs_max = cached_jobs_max,
	                                   .boot_key = 1,
	                                   .movers = {.step_points = 0.5, .interval_ms = 250},
	                                   .on_data_loss = forbid_data_loss};
	struct fault fault;
	fake_store_open(&stand->store, stand->log, sizeof stand->log);
	feed_init(&stand->feed, &feed_history_limits_default);
	stand->listener.tell = note_event;
	feed_add_listener(&stand->feed, &stand->listener);
	corridor_init(&stand->corridor, &stand->store.base, &stand->feed, &options);
	list_init(&stand->commands);
	list_init(&stand->asked);
	stand->now = (struct moment){START_WALL_MS, START_STEADY_MS};
	cr_assert_eq(corridor_adopt(&stand->corridor, stand->now, &fault), ERR_OK);
	return stand;
}

void stand_destroy(struct stand *stand)
{
	corridor_cancel_parked(&stand->corridor);
	struct list *next;
	for (struct list *link = stand->asked.next; link != &stand->asked; link = next) {
		next = link->next;
		struct asked *asked = LIST_MEMBER(link, struct asked, link);
		cr_assert_eq(asked->replies, 1, "call %s has %d replies", asked->name, asked->replies);
		arena_finish(&asked->arena);
		free(asked);
	}
	cr_assert(list_is_empty(&stand->commands));
	corridor_finish(&stand->corridor);
	feed_remove_listener(&stand->feed, &stand->listener);
	feed_finish(&stand->feed);
	fake_store_close(&stand->store);
	free(stand);
}

/* Opens what the answer has sealed, so that what it showed cannot change afterwards. */
static ProtobufCMessage *open_answer(const struct subject *subject, const ProtobufCMessageDescriptor *type)
{
	struct asked *asked = (struct asked *)(void *)subject->command->call;
	struct wire_bytes sealed = asked->call.response;
	struct fault fault;
	ProtobufCMessage *opened;
	cr_assert_eq(asked->replies, 0, "%s is carried out after its reply", asked->name);
	cr_assert_eq(wire_open(type, sealed.at, sealed.length, &asked->arena, &opened, &fault), ERR_OK);
	return opened;
}

static enum err answer_update(const struct subject *subject, struct fault *fault)
{
	struct asked *asked = (struct asked *)(void *)subject->command->call;
	cr_assert_eq(answer_outcome(subject, fault), ERR_OK);
	Progress__V1__UpdateProgressResponse *response =
	    (void *)open_answer(subject, &progress__v1__update_progress_response__descriptor);
	asked->info = response->progress_info;
	asked->outcome = (enum job_outcome)response->outcome;
	return ERR_OK;
}

static enum err answer_wait(const struct subject *subject, struct fault *fault)
{
	struct asked *asked = (struct asked *)(void *)subject->command->call;
	cr_assert_eq(answer_timed_out(subject, fault), ERR_OK);
	Progress__V1__WaitProgressResponse *response =
	    (void *)open_answer(subject, &progress__v1__wait_progress_response__descriptor);
	asked->info = response->progress_info;
	asked->timed_out = response->timed_out;
	return ERR_OK;
}

static void reply(struct call *call)
{
	struct asked *asked = (struct asked *)(void *)call;
	asked->replies++;
	if (call->fault.code != ERR_OK)
		asked->info = NULL;
	else
		cr_assert_not_null(asked->info, "a good answer of %s without its job", asked->name);
	log_note(asked->stand->log, sizeof asked->stand->log, "reply:%s ", asked->name);
}

static struct asked *ask(struct stand *stand, const char *name, const char *job_id, enum command_kind kind,
                         struct command **ret_command)
{
	struct asked *asked = calloc(1, sizeof *asked);
	cr_assert_not_null(asked);
	arena_init(&asked->arena, CALL_BYTES_MAX);
	asked->stand = stand;
	asked->call.arena = &asked->arena;
	asked->call.reply = reply;
	snprintf(asked->name, sizeof asked->name, "%s", name);
	list_append(&stand->asked, &asked->link);
	*ret_command = command_create(&asked->call, kind, job_id, kind == COMMAND_WAIT ? answer_wait : answer_update);
	list_append(&stand->commands, &(*ret_command)->link);
	return asked;
}

struct asked *ask_read(struct stand *stand, const char *name, const char *job_id)
{
	struct command *command;
	return ask(stand, name, job_id, COMMAND_READ, &command);
}

struct asked *ask_update(struct stand *stand, const char *name, const char *job_id, struct job_update update)
{
	struct command *command;
	struct asked *asked = ask(stand, name, job_id, COMMAND_UPDATE, &command);
	command->update = update;
	return asked;
}

struct asked *ask_create(struct stand *stand, const char *name, const char *job_id, const char *request_id)
{
	struct command *command;
	struct asked *asked = ask(stand, name, job_id, COMMAND_CREATE, &command);
	command->creation = (struct job_creation){.job_id = job_id, .origin = {.request_id = request_id}};
	return asked;
}

struct asked *ask_delete(struct stand *stand, const char *name, const char *job_id)
{
	struct command *command;
	return ask(stand, name, job_id, COMMAND_DELETE, &command);
}

struct asked *ask_wait(struct stand *stand, const char *name, const char *job_id, struct wish wish, uint64_t peer)
{
	struct command *command;
	struct asked *asked = ask(stand, name, job_id, COMMAND_WAIT, &command);
	command->wait = (struct command_wait){.after_revision = wish.after_revision, .for_creation = wish.for_creation};
	command->pause.timeout_ms = wish.timeout_ms;
	asked->call.peer = peer;
	return asked;
}

void ask_forget(struct stand *stand, uint64_t peer)
{
	struct command *command = command_create_own(COMMAND_FORGET_PEER, NULL);
	cr_assert_not_null(command);
	command->peer = peer;
	list_append(&stand->commands, &command->link);
}

void stand_walk(struct stand *stand)
{
	corridor_run(&stand->corridor, &stand->commands, stand->now);
	cr_assert(list_is_empty(&stand->commands));
}

void stand_walk_at(struct stand *stand, int64_t steady_ms)
{
	stand->now.steady_ms = START_STEADY_MS + steady_ms;
	stand_walk(stand);
}

void stand_forget_log(struct stand *stand)
{
	stand->log[0] = '\0';
}

struct job_update to_stage(int stage)
{
	return (struct job_update){.stage = stages_find(stage), .claim = JOB_CLAIM_STAGE};
}

struct job_update to_percent(int stage, double percent)
{
	return (struct job_update){.stage = stages_find(stage), .claim = JOB_CLAIM_PERCENT, .percent = percent};
}

struct job_update with_message(struct job_update update, const char *message)
{
	update.message = message;
	return update;
}
