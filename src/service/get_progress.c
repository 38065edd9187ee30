/* GetProgress: the current state. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

RPC_METHOD(get_progress, GetProgress)
{
	struct call *call = closure_data;
	if (!check_job_id(call, request->job_id)) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_READ, request->job_id, answer_job);
	if (command != NULL)
		service_submit(methods, command);
}
