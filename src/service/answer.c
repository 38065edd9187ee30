/* How calls end. */
#include "service/answer.h"

#include "wire/compose.h"

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

static enum err answer_with(const struct subject *subject, int64_t number, struct fault *fault)
{
	struct call *call = subject->command->call;
	return compose_answer(subject->info, number, call->arena, &call->response, fault);
}

enum err answer_job(const struct subject *subject, struct fault *fault)
{
	return answer_with(subject, 0, fault);
}

enum err answer_outcome(const struct subject *subject, struct fault *fault)
{
	return answer_with(subject, (int)subject->outcome, fault);
}

enum err answer_timed_out(const struct subject *subject, struct fault *fault)
{
	return answer_with(subject, subject->timed_out, fault);
}
