/* UpdateProgress: to the start of a stage. */
#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

UPDATE_ANSWER(UpdateProgressResponse, update_progress_response)

RPC_METHOD(update_progress, UpdateProgress)
{
	struct call *call = closure_data;
	struct update_fields fields = UPDATE_FIELDS(request);
	struct job_update update = {.claim = JOB_CLAIM_STAGE};
	bool is_checked = update_check(call, &fields, &update) && check_stage(call, (int)request->stage, &update.stage);
	update_submit(methods, call, is_checked, request->job_id, &update, (ProtobufCClosure)closure, answer);
}
