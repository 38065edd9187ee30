/* The life of a job besides its updates: made, asked to stop, forgotten. */
#include <stdio.h>

#include "channel.h"
#include "client.h"
#include "duration.h"
#include "error.h"
#include "metadata.h"
#include "progress.h"
#include "text.h"

enum { NAME_BYTES = 40 };

/* Names are made here and not by the service, so that a repeated call cannot make two jobs. */
static void make_name(char name[NAME_BYTES], const char *before)
{
	snprintf(name, NAME_BYTES, "%s%016llx", before, (unsigned long long)client_random());
}

static enum prg_code create_job(struct prg_client *client, const char *job_id, const struct prg_job_options *options,
                                struct progress_result *result)
{
	Progress__V1__CreateJobRequest request = PROGRESS__V1__CREATE_JOB_REQUEST__INIT;
	Google__Protobuf__Duration ttl = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Protobuf__Duration read_token_ttl = GOOGLE__PROTOBUF__DURATION__INIT;
	enum prg_code code = duration_fill(&ttl, "ttl_seconds", options->ttl_seconds);
	if (code == PRG_OK)
		code = duration_fill(&read_token_ttl, "read_token_seconds", options->read_token_seconds);
	if (code != PRG_OK)
		return code;
	struct metadata metadata;
	code = metadata_lend(&metadata, request.base.descriptor, options->metadata, options->metadata_count);
	if (code != PRG_OK)
		return code;
	char name[NAME_BYTES], request_id[NAME_BYTES];
	make_name(name, "job-");
	make_name(request_id, "");
	request.job_id = job_id != NULL && job_id[0] != '\0' ? text_lend(job_id) : name;
	request.pipeline = text_lend(options->pipeline);
	request.parent = text_lend(options->parent);
	request.message = text_lend(options->message);
	request.size_hint = options->size_hint;
	request.worker = text_lend(options->worker);
	request.class_ = text_lend(options->job_class);
	request.n_metadata = metadata.count;
	request.metadata = metadata.messages;
	request.ttl = options->ttl_seconds > 0 ? &ttl : NULL;
	request.read_token_ttl = options->read_token_seconds > 0 ? &read_token_ttl : NULL;
	request.request_id = request_id;
	progress__v1__progress_tracker_service__create_job(&client->service, &request,
	                                                   (Progress__V1__CreateJobResponse_Closure)progress_take, result);
	metadata_finish(&metadata);
	return error_code();
}

enum prg_code prg_create_job(struct prg_client *client, const char *job_id, const struct prg_job_options *options,
                             struct prg_progress **ret_progress)
{
	static const struct prg_job_options defaults;
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct progress_result result = {0};
	create_job(client, job_id, options != NULL ? options : &defaults, &result);
	return progress_give(client, &result, ret_progress);
}

enum prg_code prg_delete_job(struct prg_client *client, const char *job_id)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct progress_result result = {0};
	Progress__V1__DeleteJobRequest request = PROGRESS__V1__DELETE_JOB_REQUEST__INIT;
	request.job_id = text_lend(job_id);
	progress__v1__progress_tracker_service__delete_job(&client->service, &request,
	                                                   (Progress__V1__DeleteJobResponse_Closure)progress_take, &result);
	if (error_code() == PRG_NOT_FOUND && channel_was_repeated())
		error_clear(); /* the answer that was lost said that it is deleted */
	return progress_give(client, &result, NULL);
}

enum prg_code prg_cancel_job(struct prg_client *client, const char *job_id, const char *reason,
                             struct prg_progress **ret_progress)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct progress_result result = {0};
	Progress__V1__CancelJobRequest request = PROGRESS__V1__CANCEL_JOB_REQUEST__INIT;
	request.job_id = text_lend(job_id);
	request.reason = text_lend(reason);
	progress__v1__progress_tracker_service__cancel_job(&client->service, &request,
	                                                   (Progress__V1__CancelJobResponse_Closure)progress_take, &result);
	return progress_give(client, &result, ret_progress);
}
