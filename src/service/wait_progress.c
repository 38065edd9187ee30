/* WaitProgress: the next change of a job, or its present state when the time is over. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/pause.h"
#include "service/rpc.h"

RPC_METHOD(wait_progress, WaitProgress)
{
	struct call *call = closure_data;
	int64_t timeout_ms;
	bool is_checked = check_job_id(call, request->job_id) &&
	                  check_duration(call, "timeout", request->timeout, PAUSE_DEFAULT_MS, PAUSE_MAX_MS, &timeout_ms);
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_WAIT, request->job_id, answer_timed_out);
	if (command == NULL)
		return;
	command->wait = (struct command_wait){
	    .after_revision = request->after_revision,
	    .for_creation = request->wait_for_creation,
	};
	command->pause.timeout_ms = timeout_ms;
	service_submit(methods, command);
}
