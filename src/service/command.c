/* Commands that answer a call. */
#include "service/command.h"

#include "service/answer.h"

static void reply_to_call(struct command *command)
{
	struct call *call = command->call;
	call->fault = command->fault;
	call->reply(call);
}

struct command *command_create(struct call *call, enum command_kind kind, const char *job_id, ProtobufCClosure closure,
                               ProtobufCMessage *(*answer)(const struct subject *subject, struct arena *arena))
{
	struct command *command = arena_take_zeroed(call->arena, sizeof *command);
	if (command == NULL) {
		answer_full(call);
		return NULL;
	}
	list_init(&command->link);
	command->kind = kind;
	command->call = call;
	command->job_id = job_id;
	command->closure = closure;
	command->answer = answer;
	command->done = reply_to_call;
	return command;
}
