/*
 * The updates. Each carries the client's writer and a number that rises, so that the service knows a repeat; the number
 * is taken when the update has its turn among those of the same job.
 */
#include "update.h"

#include <math.h>

#include "channel.h"
#include "client.h"
#include "duration.h"
#include "error.h"
#include "gather.h"
#include "progress.h"
#include "report_thread.h"
#include "steady.h"
#include "text.h"
#include "update_fields.h"

struct update_call {
	struct prg_client *client;
	struct update_fields fields;
	struct turn turn;
	uint64_t sequence;
	struct progress_result result;
};

static enum prg_code no_turn(struct prg_client *client)
{
	if (client_is_closing(client))
		return error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed");
	if (!connection_is_up(&client->connection))
		return error_set(PRG_UNAVAILABLE, "UNREACHABLE", "cannot reach progressd at %s", client->url);
	return error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
	                 "an earlier update of the same job by this client had no answer in time");
}

static enum prg_code take_turn(struct update_call *call, const char *job_id, int64_t deadline_ms)
{
	struct prg_client *client = call->client;
	if (!gather_wait(client, deadline_ms))
		return no_turn(client);
	pthread_mutex_lock(&client->lock);
	bool taken =
	    turn_begin(&client->turns, &call->turn, text_lend(job_id), deadline_ms, &client->closing, &client->lock);
	pthread_mutex_unlock(&client->lock);
	if (!taken)
		return no_turn(client);
	call->sequence = atomic_fetch_add(&client->sequence, 1) + 1;
	channel_use_deadline(deadline_ms);
	return PRG_OK;
}

/* Everything before the stub of an update is called. On an error there is nothing to end. */
static enum prg_code begin_update(struct update_call *call, struct prg_client *client, const char *job_id,
                                  const struct prg_update *update, int64_t deadline_ms, const ProtobufCMessage *request)
{
	*call = (struct update_call){.client = client};
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	code = update_fields_init(&call->fields, update, request->descriptor);
	if (code != PRG_OK)
		return client_leave(client);
	code = take_turn(call, job_id, deadline_ms);
	if (code == PRG_OK)
		return PRG_OK;
	update_fields_finish(&call->fields);
	return client_leave(client);
}

/* The types of the requests differ. */
#define FILL_REQUEST(request, call, job)                                                                               \
	do {                                                                                                               \
		UPDATE_FIELDS_FILL(request, &(call)->fields, job, (call)->client->writer);                                     \
		(request)->sequence = (call)->sequence;                                                                        \
	} while (0)

static enum prg_code end_update(struct update_call *call, struct prg_progress **ret_progress)
{
	pthread_mutex_lock(&call->client->lock);
	turn_end(&call->client->turns, &call->turn);
	pthread_mutex_unlock(&call->client->lock);
	update_fields_finish(&call->fields);
	report_thread_note_answer(call->client, call->result.progress);
	return progress_give(call->client, &call->result, ret_progress);
}

enum prg_code prg_update_progress(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                  const struct prg_update *update, struct prg_progress **ret_progress)
{
	struct update_call call;
	Progress__V1__UpdateProgressRequest request = PROGRESS__V1__UPDATE_PROGRESS_REQUEST__INIT;
	enum prg_code code = begin_update(&call, client, job_id, update, client_deadline_ms(client, 0), &request.base);
	if (code != PRG_OK)
		return code;
	FILL_REQUEST(&request, &call, job_id);
	request.stage = (Progress__V1__PipelineStage)stage;
	progress__v1__progress_tracker_service__update_progress(
	    &client->service, &request, (Progress__V1__UpdateProgressResponse_Closure)progress_take, &call.result);
	return end_update(&call, ret_progress);
}

enum prg_code prg_update_progress_by_status(struct prg_client *client, const char *job_id, const char *status,
                                            const struct prg_update *update, struct prg_progress **ret_progress)
{
	struct update_call call;
	Progress__V1__UpdateProgressByStatusRequest request = PROGRESS__V1__UPDATE_PROGRESS_BY_STATUS_REQUEST__INIT;
	enum prg_code code = begin_update(&call, client, job_id, update, client_deadline_ms(client, 0), &request.base);
	if (code != PRG_OK)
		return code;
	FILL_REQUEST(&request, &call, job_id);
	request.status = text_lend(status);
	progress__v1__progress_tracker_service__update_progress_by_status(
	    &client->service, &request, (Progress__V1__UpdateProgressByStatusResponse_Closure)progress_take, &call.result);
	return end_update(&call, ret_progress);
}

enum prg_code prg_update_progress_explicit(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                           int progress, const struct prg_update *update,
                                           struct prg_progress **ret_progress)
{
	struct update_call call;
	Progress__V1__UpdateProgressExplicitRequest request = PROGRESS__V1__UPDATE_PROGRESS_EXPLICIT_REQUEST__INIT;
	enum prg_code code = begin_update(&call, client, job_id, update, client_deadline_ms(client, 0), &request.base);
	if (code != PRG_OK)
		return code;
	FILL_REQUEST(&request, &call, job_id);
	request.stage = (Progress__V1__PipelineStage)stage;
	request.progress = progress;
	progress__v1__progress_tracker_service__update_progress_explicit(
	    &client->service, &request, (Progress__V1__UpdateProgressExplicitResponse_Closure)progress_take, &call.result);
	return end_update(&call, ret_progress);
}

enum prg_code update_incremental(struct prg_client *client, const char *job_id, enum prg_stage stage, double done,
                                 double total, const struct prg_update *update, int64_t deadline_ms,
                                 struct prg_progress **ret_progress)
{
	struct update_call call;
	Progress__V1__UpdateProgressIncrementalRequest request = PROGRESS__V1__UPDATE_PROGRESS_INCREMENTAL_REQUEST__INIT;
	enum prg_code code = begin_update(&call, client, job_id, update, deadline_ms, &request.base);
	if (code != PRG_OK)
		return code;
	FILL_REQUEST(&request, &call, job_id);
	request.stage = (Progress__V1__PipelineStage)stage;
	request.done = done;
	request.total = total;
	progress__v1__progress_tracker_service__update_progress_incremental(
	    &client->service, &request, (Progress__V1__UpdateProgressIncrementalResponse_Closure)progress_take,
	    &call.result);
	return end_update(&call, ret_progress);
}

enum prg_code prg_update_progress_incremental(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                              double done, double total, const struct prg_update *update,
                                              struct prg_progress **ret_progress)
{
	error_clear();
	/* The service takes a total of 0 for "a fraction is used instead". */
	if (!(total > 0) || !isfinite(total))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "total: %g; must be a number greater than 0", total);
	return update_incremental(client, job_id, stage, done, total, update, client_deadline_ms(client, 0), ret_progress);
}

enum prg_code prg_simulate_progress(struct prg_client *client, const char *job_id, enum prg_stage stage, double seconds,
                                    const struct prg_update *update, struct prg_progress **ret_progress)
{
	error_clear();
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
	enum prg_code code = duration_fill(&duration, "seconds", seconds);
	if (code != PRG_OK)
		return code;
	struct update_call call;
	Progress__V1__SimulateProgressRequest request = PROGRESS__V1__SIMULATE_PROGRESS_REQUEST__INIT;
	code = begin_update(&call, client, job_id, update, client_deadline_ms(client, 0), &request.base);
	if (code != PRG_OK)
		return code;
	FILL_REQUEST(&request, &call, job_id);
	request.stage = (Progress__V1__PipelineStage)stage;
	if (seconds > 0)
		request.expected_duration = &duration;
	progress__v1__progress_tracker_service__simulate_progress(
	    &client->service, &request, (Progress__V1__SimulateProgressResponse_Closure)progress_take, &call.result);
	return end_update(&call, ret_progress);
}
