/* WatchProgress: the changes of one job after a token. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "service/watch.h"

RPC_METHOD(watch_progress, WatchProgress)
{
	struct call *call = closure_data;
	struct command_watch watch;
	struct command_pause pause;
	bool is_checked = check_job_id(call, request->job_id) &&
	                  watch_check(call, request->resume_token, request->mode, request->timeout, &watch, &pause);
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_WATCH_JOB, request->job_id, NULL);
	if (command == NULL)
		return;
	watch.for_creation = request->wait_for_creation;
	command->watch = watch;
	command->pause = pause;
	service_submit(methods, command);
}
