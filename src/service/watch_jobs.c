/* WatchJobs: the changes of all jobs that pass a filter after a token. */
#include "service/answer.h"
#include "service/check_filter.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "service/watch.h"

RPC_METHOD(watch_jobs, WatchJobs)
{
	struct call *call = closure_data;
	struct command_watch watch;
	struct command_pause pause;
	bool is_checked = watch_check(call, request->resume_token, request->mode, request->timeout, &watch, &pause) &&
	                  check_filter(call, request->filter, &watch.filter);
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_WATCH_JOBS, NULL, NULL);
	if (command == NULL)
		return;
	command->watch = watch;
	command->pause = pause;
	service_submit(methods, command);
}
