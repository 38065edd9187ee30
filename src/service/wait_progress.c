/* WaitProgress: the next change of a job, or its present state when the time is over. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

enum { TIMEOUT_DEFAULT_MS = 30 * 1000, TIMEOUT_MAX_MS = 5 * 60 * 1000 };

static ProtobufCMessage *answer(const struct subject *subject, struct arena *arena)
{
	Progress__V1__WaitProgressResponse *response = arena_take(arena, sizeof *response);
	if (response == NULL)
		return NULL;
	progress__v1__wait_progress_response__init(response);
	response->progress_info = answer_info(subject, arena);
	response->timed_out = subject->timed_out;
	return response->progress_info != NULL ? &response->base : NULL;
}

RPC_METHOD(wait_progress, WaitProgress)
{
	struct call *call = closure_data;
	int64_t timeout_ms;
	bool is_checked =
	    check_job_id(call, request->job_id) &&
	    check_duration(call, "timeout", request->timeout, TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS, &timeout_ms);
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_WAIT, request->job_id, (ProtobufCClosure)closure, answer);
	if (command == NULL)
		return;
	command->wait = (struct command_wait){
	    .after_revision = request->after_revision,
	    .timeout_ms = timeout_ms,
	    .for_creation = request->wait_for_creation,
	};
	service_submit(methods, command);
}
