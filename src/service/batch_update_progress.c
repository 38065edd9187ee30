/* BatchUpdateProgress: many updates in one call, one batch of the corridor and one commit; a result for each. */
#include <stdlib.h>
#include <string.h>

#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "service/update.h"
#include "wire/compose.h"

enum {
	UPDATES_MAX = 10000,
	REPLY_BYTES_MAX = 1000000, /* so that the reply stays within 1 MiB */
	RESULT_BYTES_MAX = 64,     /* of a result without progress_info and message */
};

_Static_assert(UPDATES_MAX *RESULT_BYTES_MAX < REPLY_BYTES_MAX, "the shortest results must always fit");
_Static_assert((int)UPDATES_MAX < (int)CORRIDOR_BATCH_MAX, "a batch call must fit into one batch of the corridor");

struct batch;

/* One update on its way. */
struct item {
	struct command command; /* first */
	struct batch *batch;
	struct compose_result *result;
};

struct batch {
	struct call *call;
	struct compose_result *results;
	struct item *items;
	struct fault *faults; /* of the items */
	size_t count;
	size_t waiting;    /* items that are not done yet */
	size_t bytes_left; /* in the reply for what results can do without: progress_info and messages */
	bool omits_info;
};

static struct item *item_of(struct command *command)
{
	return (struct item *)(void *)command;
}

static bool has_room(struct batch *batch, size_t bytes)
{
	if (bytes > batch->bytes_left)
		return false;
	batch->bytes_left -= bytes;
	return true;
}

/* A copy of the info in the call's arena, or nothing if there is no room for it in the reply. */
static struct wire_bytes keep_info(struct batch *batch, struct wire_bytes info)
{
	struct wire_bytes nothing = {NULL, 0};
	if (batch->omits_info || !has_room(batch, info.length))
		return nothing;
	uint8_t *copy = arena_take(batch->call->arena, info.length);
	if (copy == NULL)
		return nothing;
	memcpy(copy, info.at, info.length);
	return (struct wire_bytes){copy, info.length};
}

static enum err answer(const struct subject *subject, struct fault *fault)
{
	(void)fault;
	struct item *item = item_of(subject->command);
	*item->result = (struct compose_result){
	    .info = keep_info(item->batch, subject->info),
	    .outcome = (int)subject->outcome,
	    .revision = subject->view->revision,
	    .cancel_requested = subject->job->cancel_requested,
	};
	return ERR_OK;
}

static const char *copy_text(struct batch *batch, const char *text)
{
	const char *copy = arena_copy_string(batch->call->arena, text);
	return copy != NULL ? copy : "no memory for the text";
}

static void take_fault(struct item *item, const struct fault *fault)
{
	*item->result = (struct compose_result){
	    .code = (int)fault->code,
	    .message = has_room(item->batch, strlen(fault->text)) ? copy_text(item->batch, fault->text) : NULL,
	    .reason = copy_text(item->batch, fault->reason),
	};
}

static void reply(struct batch *batch)
{
	struct call *call = batch->call;
	/* Results that do not fit leave their error in the call's fault. */
	(void)!compose_results(batch->results, batch->count, call->arena, &call->response, &call->fault);
	free(batch->items);
	free(batch->faults);
	call->reply(call);
}

static void done(struct command *command)
{
	struct item *item = item_of(command);
	struct batch *batch = item->batch;
	if (command->fault->code != ERR_OK)
		take_fault(item, command->fault);
	if (--batch->waiting == 0)
		reply(batch);
}

/* Makes an update of one part of the request. False: the call's fault says what is wrong. */
static bool read_update(struct call *call, const Progress__V1__BatchUpdate *part, struct command *command)
{
	switch (part->update_case) {
	case PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS:
		command->job_id = part->update_progress->job_id;
		return update_read_stage(call, part->update_progress, &command->update);
	case PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_BY_STATUS:
		command->job_id = part->update_progress_by_status->job_id;
		return update_read_status(call, part->update_progress_by_status, &command->update);
	case PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_EXPLICIT:
		command->job_id = part->update_progress_explicit->job_id;
		return update_read_explicit(call, part->update_progress_explicit, &command->update);
	case PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_INCREMENTAL:
		command->job_id = part->update_progress_incremental->job_id;
		return update_read_incremental(call, part->update_progress_incremental, &command->update);
	case PROGRESS__V1__BATCH_UPDATE__UPDATE_SIMULATE_PROGRESS:
		command->job_id = part->simulate_progress->job_id;
		return update_read_simulation(call, part->simulate_progress, &command->update);
	default:
		return check_refuse(call, "UPDATE_INVALID", "updates: one of the updates must be set");
	}
}

/* A bad update becomes a command that is refused: so the results come together, in order. */
static void fill_item(struct batch *batch, size_t index, const Progress__V1__BatchUpdate *part)
{
	struct item *item = &batch->items[index];
	struct command *command = &item->command;
	struct call *call = batch->call;
	list_init(&command->link);
	item->batch = batch;
	item->result = &batch->results[index];
	command->kind = COMMAND_UPDATE;
	command->call = call;
	command->fault = &batch->faults[index];
	command->fault->code = ERR_OK;
	command->answer = answer;
	command->done = done;
	command->is_grouped = true;
	if (!read_update(call, part, command)) {
		*command->fault = call->fault;
		command->job_id = NULL;
		call->fault.code = ERR_OK;
	}
}

static struct batch *make_batch(struct call *call, const Progress__V1__BatchUpdateProgressRequest *request)
{
	size_t count = request->n_updates;
	struct batch *batch = arena_take_zeroed(call->arena, sizeof *batch);
	struct compose_result *results = arena_take_zeroed(call->arena, count * sizeof *results);
	if (batch == NULL || results == NULL)
		return NULL;
	*batch = (struct batch){
	    .call = call,
	    .results = results,
	    .items = calloc(count, sizeof *batch->items),
	    .faults = malloc(count * sizeof *batch->faults),
	    .count = count,
	    .waiting = count,
	    .bytes_left = REPLY_BYTES_MAX - count * RESULT_BYTES_MAX,
	    .omits_info = request->omit_progress_info,
	};
	if (batch->items != NULL && batch->faults != NULL)
		return batch;
	free(batch->items);
	free(batch->faults);
	return NULL;
}

RPC_METHOD(batch_update_progress, BatchUpdateProgress)
{
	struct call *call = closure_data;
	size_t count = request->n_updates;
	if (count == 0 || count > UPDATES_MAX) {
		check_refuse(call, "UPDATES_INVALID", "updates: there are %zu; allowed are 1 to %d", count, UPDATES_MAX);
		answer_fault(call);
		return;
	}
	struct batch *batch = make_batch(call, request);
	if (batch == NULL) {
		answer_full(call);
		return;
	}
	struct list commands;
	list_init(&commands);
	for (size_t i = 0; i < count; i++) {
		fill_item(batch, i, request->updates[i]);
		list_append(&commands, &batch->items[i].command.link);
	}
	batch->items[0].command.group_size = count;
	service_submit_all(methods, &commands, count);
}
