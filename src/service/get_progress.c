/* GetProgress: the current state. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

static ProtobufCMessage *answer(const struct subject *subject, struct arena *arena)
{
	Progress__V1__GetProgressResponse *response = arena_take(arena, sizeof *response);
	if (response == NULL)
		return NULL;
	progress__v1__get_progress_response__init(response);
	response->progress_info = answer_info(subject, arena);
	return response->progress_info != NULL ? &response->base : NULL;
}

RPC_METHOD(get_progress, GetProgress)
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
