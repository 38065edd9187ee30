/* Signs of life. They have no turn among the updates of their job: one that comes late changes nothing. */
#include "heartbeat.h"

#include "channel.h"
#include "client.h"
#include "duration.h"
#include "error.h"
#include "progress.h"
#include "report_thread.h"
#include "text.h"

static enum prg_code send(struct prg_client *client, Progress__V1__HeartbeatRequest *request, const char *job_id,
                          struct prg_progress **ret_progress)
{
	struct progress_result result = {0};
	request->job_id = text_lend(job_id);
	request->writer = client->writer;
	progress__v1__progress_tracker_service__heartbeat(&client->service, request,
	                                                  (Progress__V1__HeartbeatResponse_Closure)progress_take, &result);
	report_thread_note_answer(client, result.progress);
	return progress_give(client, &result, ret_progress);
}

enum prg_code prg_heartbeat(struct prg_client *client, const char *job_id, double lease_seconds,
                            struct prg_progress **ret_progress)
{
	error_clear();
	Google__Protobuf__Duration lease = GOOGLE__PROTOBUF__DURATION__INIT;
	enum prg_code code = duration_fill(&lease, "lease_seconds", lease_seconds);
	if (code == PRG_OK)
		code = client_enter(client);
	if (code != PRG_OK)
		return code;
	Progress__V1__HeartbeatRequest request = PROGRESS__V1__HEARTBEAT_REQUEST__INIT;
	request.lease = lease_seconds > 0 ? &lease : NULL;
	return send(client, &request, job_id, ret_progress);
}

enum prg_code heartbeat_send(struct prg_client *client, const char *job_id, uint32_t attempt, int64_t deadline_ms,
                             struct prg_progress **ret_progress)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	Progress__V1__HeartbeatRequest request = PROGRESS__V1__HEARTBEAT_REQUEST__INIT;
	request.attempt = attempt;
	channel_use_deadline(deadline_ms);
	return send(client, &request, job_id, ret_progress);
}
