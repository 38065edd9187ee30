/* How calls of the life of a job are made, and how what watchers are told is written down. */
#include "life.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/answer.h"

enum { CALL_BYTES_MAX = 8 << 20, EVENT_TEXT_BYTES = 200 };

static char nothing[] = "";

static struct list sights;
static struct moment start;

struct stand *life_start(void)
{
	struct stand *stand = stand_create(1000);
	list_init(&sights);
	start = stand->now;
	return stand;
}

void life_stop(struct stand *stand)
{
	stand_destroy(stand);
	while (!list_is_empty(&sights)) {
		struct sight *sight = LIST_MEMBER(sights.next, struct sight, link);
		cr_assert_eq(sight->replies, 1, "a call was answered %d times", sight->replies);
		list_remove(&sight->link);
		arena_finish(&sight->arena);
		free(sight);
	}
}

void life_walk_at(struct stand *stand, int64_t ms)
{
	stand->now = (struct moment){start.wall_ms + ms, start.steady_ms + ms};
	stand_walk(stand);
}

void life_restart(struct stand *stand)
{
	struct corridor_options options = stand->corridor.options;
	struct feed_history_limits limits = stand->feed.history.limits;
	struct fault fault;
	options.epoch++;
	corridor_cancel_parked(&stand->corridor);
	corridor_finish(&stand->corridor);
	feed_remove_listener(&stand->feed, &stand->listener);
	feed_finish(&stand->feed);
	feed_init(&stand->feed, &limits);
	feed_add_listener(&stand->feed, &stand->listener);
	corridor_init(&stand->corridor, &stand->store.base, &stand->feed, &options);
	cr_assert_eq(corridor_adopt(&stand->corridor, stand->now, &fault), ERR_OK);
}

static const ProtobufCMessage *open_response(struct sight *sight, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *opened;
	struct fault fault;
	struct wire_bytes sealed = sight->call.response;
	cr_assert_eq(wire_open(type, sealed.at, sealed.length, &sight->arena, &opened, &fault), ERR_OK, "%s", fault.text);
	return opened;
}

static void write_event(struct sight *sight, const Progress__V1__ProgressEvent *event)
{
	static const char kinds[] = "?SCUEDM";
	log_note(sight->text, sight->text_bytes, "%c:%s@%" PRIu64 "<%" PRIu64, kinds[event->kind],
	         event->progress_info->job_id, event->progress_info->revision, event->previous_revision);
	if (event->merged > 0)
		log_note(sight->text, sight->text_bytes, "+%" PRIu64, event->merged);
	log_note(sight->text, sight->text_bytes, " ");
}

static void open_page(struct sight *sight)
{
	sight->page = (const void *)open_response(sight, &progress__v1__watch_progress_response__descriptor);
	sight->text_bytes = (sight->page->n_events + 1) * EVENT_TEXT_BYTES;
	sight->text = arena_take_zeroed(&sight->arena, sight->text_bytes);
	cr_assert_not_null(sight->text);
	if (sight->page->resync)
		log_note(sight->text, sight->text_bytes, "resync ");
	for (size_t i = 0; i < sight->page->n_events; i++)
		write_event(sight, sight->page->events[i]);
}

static void take_reply(struct call *call)
{
	struct sight *sight = (struct sight *)(void *)call;
	if (sight->replies++ > 0 || call->fault.code != ERR_OK)
		return;
	if (sight->kind == COMMAND_WATCH_JOB || sight->kind == COMMAND_WATCH_JOBS)
		open_page(sight);
	else
		sight->info = ((const Progress__V1__HeartbeatResponse *)open_response(
		                   sight, &progress__v1__heartbeat_response__descriptor))
		                  ->progress_info;
}

static struct sight *put(struct stand *stand, enum command_kind kind, const char *job_id, struct command **ret_command)
{
	bool is_watch = kind == COMMAND_WATCH_JOB || kind == COMMAND_WATCH_JOBS;
	struct sight *sight = calloc(1, sizeof *sight);
	cr_assert_not_null(sight);
	arena_init(&sight->arena, CALL_BYTES_MAX);
	sight->kind = kind;
	sight->text = nothing;
	sight->call.arena = &sight->arena;
	sight->call.peer = 1;
	sight->call.reply = take_reply;
	list_append(&sights, &sight->link);
	*ret_command = command_create(&sight->call, kind, job_id, is_watch ? NULL : answer_job);
	list_append(&stand->commands, &(*ret_command)->link);
	return sight;
}

struct sight *life_sign(struct stand *stand, const char *job_id, uint32_t attempt, int64_t lease_ms)
{
	struct command *command;
	struct sight *sight = put(stand, COMMAND_SIGN, job_id, &command);
	command->sign = (struct command_sign){attempt, lease_ms};
	return sight;
}

struct sight *life_cancel(struct stand *stand, const char *job_id, const char *reason)
{
	struct command *command;
	struct sight *sight = put(stand, COMMAND_CANCEL, job_id, &command);
	command->cancel_reason = reason;
	return sight;
}

struct sight *life_create(struct stand *stand, struct job_creation creation)
{
	struct command *command;
	struct sight *sight = put(stand, COMMAND_CREATE, creation.job_id, &command);
	command->creation = creation;
	return sight;
}

static struct sight *put_watch(struct stand *stand, enum command_kind kind, const char *job_id, struct view view)
{
	struct command *command;
	struct sight *sight = put(stand, kind, job_id, &command);
	command->watch = (struct command_watch){.is_first = view.token == NULL,
	                                        .is_latest_only = view.is_latest_only,
	                                        .for_creation = view.for_creation,
	                                        .filter = view.filter};
	if (view.token != NULL)
		cr_assert(watch_token_read(view.token, &command->watch.token));
	sight->call.answer_bytes_max = view.answer_bytes_max;
	if (view.peer != 0)
		sight->call.peer = view.peer;
	command->pause.timeout_ms = view.timeout_ms;
	return sight;
}

struct sight *life_watch(struct stand *stand, const char *job_id, struct view view)
{
	return put_watch(stand, COMMAND_WATCH_JOB, job_id, view);
}

struct sight *life_watch_all(struct stand *stand, struct view view)
{
	return put_watch(stand, COMMAND_WATCH_JOBS, NULL, view);
}

struct sight *life_look(struct stand *stand, const char *job_id, struct view view)
{
	struct sight *sight = life_watch(stand, job_id, view);
	stand_walk(stand);
	cr_assert_eq(sight->replies, 1);
	return sight;
}

struct sight *life_look_at_all(struct stand *stand, struct view view)
{
	struct sight *sight = life_watch_all(stand, view);
	stand_walk(stand);
	cr_assert_eq(sight->replies, 1);
	return sight;
}

void life_update(struct stand *stand, const char *job_id, struct job_update update)
{
	struct asked *asked = ask_update(stand, "u", job_id, update);
	stand_walk(stand);
	cr_assert_eq(asked->call.fault.code, ERR_OK, "%s", asked->call.fault.text);
}

struct job_update with_lease(struct job_update update, int64_t lease_ms)
{
	update.lease_ms = lease_ms;
	return update;
}

enum job_state life_state(struct stand *stand, const char *job_id)
{
	struct job *job = fake_store_find(&stand->store, job_id);
	enum job_state state = job != NULL ? job->view.state : JOB_STATE_UNSPECIFIED;
	job_destroy(job);
	return state;
}
