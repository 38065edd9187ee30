/* CancelJob: asks the worker to stop. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

RPC_METHOD(cancel_job, CancelJob)
{
	struct call *call = closure_data;
	if (!check_job_id(call, request->job_id) || !check_text(call, "reason", request->reason)) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_CANCEL, request->job_id, answer_job);
	if (command == NULL)
		return;
	command->cancel_reason = request->reason;
	service_submit(methods, command);
}
