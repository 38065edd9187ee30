/* GetJobHistory: every stage the job has been in. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/info.h"

static ProtobufCMessage *answer(const struct subject *subject, struct arena *arena)
{
	Progress__V1__GetJobHistoryResponse *response = arena_take(arena, sizeof *response);
	if (response == NULL)
		return NULL;
	progress__v1__get_job_history_response__init(response);
	response->progress_info = answer_info(subject, arena);
	response->spans = info_build_spans(subject->job, subject->now_ms, arena, &response->n_spans);
	return response->progress_info != NULL && response->spans != NULL ? &response->base : NULL;
}

RPC_METHOD(get_job_history, GetJobHistory)
{
	struct call *call = closure_data;
	if (!check_job_id(call, request->job_id)) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_READ, request->job_id, (ProtobufCClosure)closure, answer);
	if (command != NULL)
		service_submit(methods, command);
}
