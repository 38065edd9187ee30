/* How calls end. */
#include "service/answer.h"

#include "wire/info.h"

void answer_fault(struct call *call)
{
	call->reply(call);
}

enum err answer_set_full(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "CALL_TOO_LARGE",
	                 "the call needs more memory than one call may take");
}

void answer_full(struct call *call)
{
	answer_set_full(&call->fault);
	answer_fault(call);
}

void answer_message(struct call *call, ProtobufCClosure closure, const ProtobufCMessage *response)
{
	if (response == NULL)
		answer_set_full(&call->fault);
	else
		closure(response, call);
	call->reply(call);
}

Progress__V1__ProgressInfo *answer_info(const struct subject *subject, struct arena *arena)
{
	return info_build(subject->job, subject->view, subject->default_ttl_ms, arena);
}
