/* Heartbeat: the worker is alive. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

RPC_METHOD(heartbeat, Heartbeat)
{
	struct call *call = closure_data;
	struct command_sign sign = {.attempt = request->attempt};
	bool is_checked = check_job_id(call, request->job_id) && check_lease(call, request->lease, &sign.lease_ms);
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_SIGN, request->job_id, answer_job);
	if (command == NULL)
		return;
	command->sign = sign;
	service_submit(methods, command);
}
