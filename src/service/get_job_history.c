/* GetJobHistory: every stage the job has been in. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/compose.h"
#include "wire/info.h"

/* The spans are few and asked for seldom: they go through the generated struct. */
static enum err answer(const struct subject *subject, struct fault *fault)
{
	struct call *call = subject->command->call;
	struct wire_bytes rest;
	Progress__V1__GetJobHistoryResponse response;
	progress__v1__get_job_history_response__init(&response);
	response.spans = info_build_spans(subject->job, subject->now_ms, call->arena, &response.n_spans);
	if (response.spans == NULL)
		return answer_set_full(fault);
	enum err err = wire_seal(&response.base, call->arena, &rest, fault);
	return err != ERR_OK ? err : compose_with_info(subject->info, rest, call->arena, &call->response, fault);
}

RPC_METHOD(get_job_history, GetJobHistory)
{
	struct call *call = closure_data;
	if (!check_job_id(call, request->job_id)) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_READ, request->job_id, answer);
	if (command != NULL)
		service_submit(methods, command);
}
