/* prg cancel: ask a job's worker to stop. */
#include "command.h"
#include "show.h"

static int run(struct command_call *call)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_cancel_job(call->client, call->arguments[0], call->options->message, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_cancel = {
    .name = "cancel",
    .arguments = "JOB",
    .summary = "ask a job's worker to stop",
    .description =
        "Asks the worker to stop, which it learns with its next report. The job is cancelled once the worker\n"
        "says so. The message is the reason.\n",
    .example = "  prg cancel job-1 -m 'wrong video'\n",
    .exits = "",
    .options = OPTION_MESSAGE,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
