/* GetAllStages: the whole table in order. Every pipeline runs through the same stages. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/info.h"

RPC_METHOD(get_all_stages, GetAllStages)
{
	struct call *call = closure_data;
	if (!check_name(call, "pipeline", request->pipeline)) {
		answer_fault(call);
		return;
	}
	Progress__V1__GetAllStagesResponse response = PROGRESS__V1__GET_ALL_STAGES_RESPONSE__INIT;
	response.n_stages = stages_count();
	response.stages = info_build_stages(call->arena);
	answer_message(call, (ProtobufCClosure)closure, response.stages != NULL ? &response.base : NULL);
}
