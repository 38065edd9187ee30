/* UpdateProgressByStatus: to the start of a stage given by name. */
#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

UPDATE_ANSWER(UpdateProgressByStatusResponse, update_progress_by_status_response)

RPC_METHOD(update_progress_by_status, UpdateProgressByStatus)
{
	struct call *call = closure_data;
	struct update_fields fields = UPDATE_FIELDS(request);
	struct job_update update = {.claim = JOB_CLAIM_STAGE};
	bool is_checked = update_check(call, &fields, &update) && check_status(call, request->status, &update.stage);
	update_submit(methods, call, is_checked, request->job_id, &update, (ProtobufCClosure)closure, answer);
}
