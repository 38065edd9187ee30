/* Reading calls about one job, and about the service itself. */
#include <stdio.h>

#include "client.h"
#include "duration.h"
#include "error.h"
#include "progress.h"
#include "text.h"

enum { WAIT_TIMEOUT_MAX_MS = 300000 };

enum prg_code prg_get_progress(struct prg_client *client, const char *job_id, struct prg_progress **ret_progress)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct progress_result result = {0};
	Progress__V1__GetProgressRequest request = PROGRESS__V1__GET_PROGRESS_REQUEST__INIT;
	request.job_id = text_lend(job_id);
	progress__v1__progress_tracker_service__get_progress(
	    &client->service, &request, (Progress__V1__GetProgressResponse_Closure)progress_take, &result);
	return progress_give(client, &result, ret_progress);
}

enum prg_code prg_wait_progress(struct prg_client *client, const char *job_id, uint64_t after_revision, int timeout_ms,
                                struct prg_progress **ret_progress)
{
	error_clear();
	if (timeout_ms < 0 || timeout_ms > WAIT_TIMEOUT_MAX_MS)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "timeout_ms: %d; allowed are 0 to %d", timeout_ms,
		                 WAIT_TIMEOUT_MAX_MS);
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct progress_result result = {0};
	Google__Protobuf__Duration timeout = GOOGLE__PROTOBUF__DURATION__INIT;
	duration_fill_ms(&timeout, timeout_ms);
	Progress__V1__WaitProgressRequest request = PROGRESS__V1__WAIT_PROGRESS_REQUEST__INIT;
	request.job_id = text_lend(job_id);
	request.after_revision = after_revision;
	request.timeout = &timeout;
	progress__v1__progress_tracker_service__wait_progress(
	    &client->service, &request, (Progress__V1__WaitProgressResponse_Closure)progress_take, &result);
	return progress_give(client, &result, ret_progress);
}

static void take_server_info(const Progress__V1__GetServerInfoResponse *response, void *context)
{
	struct prg_server_info *info = context;
	if (response == NULL)
		return;
	snprintf(info->version, sizeof info->version, "%s", response->version);
	snprintf(info->store, sizeof info->store, "%s", response->store);
	info->start_time_ms = progress_time_ms(response->start_time);
}

enum prg_code prg_get_server_info(struct prg_client *client, struct prg_server_info *ret_info)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct prg_server_info info = {0};
	Progress__V1__GetServerInfoRequest request = PROGRESS__V1__GET_SERVER_INFO_REQUEST__INIT;
	progress__v1__progress_tracker_service__get_server_info(&client->service, &request, take_server_info, &info);
	if (error_code() == PRG_OK)
		*ret_info = info;
	return client_leave(client);
}
