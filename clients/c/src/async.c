/* The asynchronous updates: what each of them says, checked as far as the library can and handed to the gather. */
#include <math.h>

#include "client.h"
#include "error.h"
#include "gather.h"
#include "update_fields.h"

/* What the caller wants to hear. */
struct listener {
	prg_result_fn *callback;
	void *context;
};

static enum prg_code begin(struct prg_client *client, const struct prg_update *update,
                           const ProtobufCMessageDescriptor *request_type, struct update_fields *ret_fields,
                           struct gather **ret_gather)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	*ret_gather = gather_get(client);
	if (*ret_gather != NULL && update_fields_init(ret_fields, update, request_type) == PRG_OK)
		return PRG_OK;
	return client_leave(client);
}

static enum prg_code end(struct gather *gather, struct update_fields *fields, struct gather_update *update,
                         const struct listener *listener)
{
	update->callback = listener->callback;
	update->context = listener->context;
	update->wants_progress = fields->update.wants_progress;
	update->deadline_ms = client_deadline_ms(gather->client, 0);
	gather_add(gather, update);
	update_fields_finish(fields);
	return client_leave(gather->client);
}

/* The types of the requests differ. */
#define END(request, kind)                                                                                             \
	end(gather, &fields,                                                                                               \
	    &(struct gather_update){.job_id = (request).job_id,                                                            \
	                            .request = &(request).base,                                                            \
	                            .sequence = &(request).sequence,                                                       \
	                            .number = PROGRESS__V1__BATCH_UPDATE__UPDATE_##kind},                                  \
	    &(struct listener){callback, context})

enum prg_code prg_update_progress_async(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                        const struct prg_update *update, prg_result_fn *callback, void *context)
{
	struct update_fields fields = {0};
	struct gather *gather = NULL;
	Progress__V1__UpdateProgressRequest request = PROGRESS__V1__UPDATE_PROGRESS_REQUEST__INIT;
	enum prg_code code = begin(client, update, request.base.descriptor, &fields, &gather);
	if (code != PRG_OK)
		return code;
	UPDATE_FIELDS_FILL(&request, &fields, job_id, gather->writer);
	request.stage = (Progress__V1__PipelineStage)stage;
	return END(request, UPDATE_PROGRESS);
}

enum prg_code prg_update_progress_by_status_async(struct prg_client *client, const char *job_id, const char *status,
                                                  const struct prg_update *update, prg_result_fn *callback,
                                                  void *context)
{
	struct update_fields fields = {0};
	struct gather *gather = NULL;
	Progress__V1__UpdateProgressByStatusRequest request = PROGRESS__V1__UPDATE_PROGRESS_BY_STATUS_REQUEST__INIT;
	enum prg_code code = begin(client, update, request.base.descriptor, &fields, &gather);
	if (code != PRG_OK)
		return code;
	UPDATE_FIELDS_FILL(&request, &fields, job_id, gather->writer);
	request.status = text_lend(status);
	return END(request, UPDATE_PROGRESS_BY_STATUS);
}

enum prg_code prg_update_progress_explicit_async(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                                 int progress, const struct prg_update *update, prg_result_fn *callback,
                                                 void *context)
{
	struct update_fields fields = {0};
	struct gather *gather = NULL;
	Progress__V1__UpdateProgressExplicitRequest request = PROGRESS__V1__UPDATE_PROGRESS_EXPLICIT_REQUEST__INIT;
	enum prg_code code = begin(client, update, request.base.descriptor, &fields, &gather);
	if (code != PRG_OK)
		return code;
	UPDATE_FIELDS_FILL(&request, &fields, job_id, gather->writer);
	request.stage = (Progress__V1__PipelineStage)stage;
	request.progress = progress;
	return END(request, UPDATE_PROGRESS_EXPLICIT);
}

enum prg_code prg_update_progress_incremental_async(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                                    double done, double total, const struct prg_update *update,
                                                    prg_result_fn *callback, void *context)
{
	struct update_fields fields = {0};
	struct gather *gather = NULL;
	Progress__V1__UpdateProgressIncrementalRequest request = PROGRESS__V1__UPDATE_PROGRESS_INCREMENTAL_REQUEST__INIT;
	error_clear();
	if (!(total > 0) || !isfinite(total))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "total: %g; must be a number greater than 0", total);
	enum prg_code code = begin(client, update, request.base.descriptor, &fields, &gather);
	if (code != PRG_OK)
		return code;
	UPDATE_FIELDS_FILL(&request, &fields, job_id, gather->writer);
	request.stage = (Progress__V1__PipelineStage)stage;
	request.done = done;
	request.total = total;
	return END(request, UPDATE_PROGRESS_INCREMENTAL);
}
