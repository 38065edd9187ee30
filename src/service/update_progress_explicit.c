/* UpdateProgressExplicit: to a percentage of the caller's choice. */
#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

static bool check_place(struct call *call, const Progress__V1__UpdateProgressExplicitRequest *request,
                        struct job_update *update)
{
	bool has_status = *request->status != '\0';
	if (has_status && request->stage != PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_UNSPECIFIED)
		return check_refuse(call, "STAGE_INVALID", "stage: must not be set together with status");
	if (request->progress < 0 || request->progress > 100)
		return check_refuse(call, "PROGRESS_INVALID", "progress: is %d; allowed is an integer from 0 to 100",
		                    request->progress);
	update->percent = request->progress;
	return has_status ? check_status(call, request->status, &update->stage)
	                  : check_stage(call, (int)request->stage, &update->stage);
}

bool update_read_explicit(struct call *call, const Progress__V1__UpdateProgressExplicitRequest *request,
                          struct job_update *ret_update)
{
	struct update_fields fields = UPDATE_FIELDS(request);
	*ret_update = (struct job_update){.claim = JOB_CLAIM_PERCENT};
	return update_check(call, &fields, ret_update) && check_place(call, request, ret_update);
}

RPC_METHOD(update_progress_explicit, UpdateProgressExplicit)
{
	struct call *call = closure_data;
	struct job_update update;
	bool is_checked = update_read_explicit(call, request, &update);
	update_submit(methods, call, is_checked, request->job_id, &update);
}
