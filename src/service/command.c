/* Commands that answer a call. */
#include "service/command.h"

#include <stdlib.h>
#include <string.h>

#include "service/answer.h"

static void reply_to_call(struct command *command)
{
	command->call->reply(command->call);
}

struct command *command_create(struct call *call, enum command_kind kind, const char *job_id, command_answer *answer)
{
	struct command *command = arena_take_zeroed(call->arena, sizeof *command);
	if (command == NULL) {
		answer_full(call);
		return NULL;
	}
	list_init(&command->link);
	command->kind = kind;
	command->call = call;
	command->fault = &call->fault;
	command->job_id = job_id;
	command->answer = answer;
	command->done = reply_to_call;
	return command;
}

static void free_own(struct command *command)
{
	free(command);
}

/* A command of the corridor's own and its parts. */
struct own {
	struct command command; /* first */
	struct fault fault;
	char job_id[];
};

struct command *command_create_own(enum command_kind kind, const char *job_id)
{
	size_t id_bytes = job_id != NULL ? strlen(job_id) + 1 : 0;
	struct own *own = calloc(1, sizeof *own + id_bytes);
	if (own == NULL)
		return NULL;
	struct command *command = &own->command;
	list_init(&command->link);
	command->kind = kind;
	command->fault = &own->fault;
	command->done = free_own;
	if (job_id != NULL)
		command->job_id = memcpy(own->job_id, job_id, id_bytes);
	return command;
}
