/* prg cancel: ask a job's worker to stop. */
#include "command.h"
#include "fail.h"
#include "show.h"

static int run(struct command_call *call)
{
	const char *reason = call->options->message;
	if (call->argument_count > 1 && reason != NULL)
		return fail_usage("cancel", "the reason is given twice: as an argument and by --message");
	if (call->argument_count > 1)
		reason = call->arguments[1];
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_cancel_job(call->client, call->arguments[0], reason, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_cancel = {
    .name = "cancel",
    .arguments = "JOB [REASON]",
    .summary = "ask a job's worker to stop",
    .description =
        "Asks the worker to stop, which it learns with its next report or heartbeat. The job is cancelled once\n"
        "the worker says so. The reason may also be given as the message.\n",
    .example = "  prg cancel job-1 'wrong video'\n",
    .exits = "",
    .options = OPTION_MESSAGE,
    .arguments_min = 1,
    .arguments_max = 2,
    .run = run,
};
