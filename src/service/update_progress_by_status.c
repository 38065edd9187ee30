/* UpdateProgressByStatus: to the start of a stage given by name. */
#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

bool update_read_status(struct call *call, const Progress__V1__UpdateProgressByStatusRequest *request,
                        struct job_update *ret_update)
{
	struct update_fields fields = UPDATE_FIELDS(request);
	*ret_update = (struct job_update){.claim = JOB_CLAIM_STAGE};
	return update_check(call, &fields, ret_update) && check_status(call, request->status, &ret_update->stage);
}

RPC_METHOD(update_progress_by_status, UpdateProgressByStatus)
{
	struct call *call = closure_data;
	struct job_update update;
	bool is_checked = update_read_status(call, request, &update);
	update_submit(methods, call, is_checked, request->job_id, &update);
}
