/* prg update: jump to the start of a stage. */
#include "command.h"
#include "show.h"

/* By name, so that the service decides which stages there are. */
static int run(struct command_call *call)
{
	struct prg_update update = options_update(call->options);
	struct prg_progress *progress = NULL;
	enum prg_code code =
	    prg_update_progress_by_status(call->client, call->arguments[0], call->arguments[1], &update, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_update = {
    .name = "update",
    .arguments = "JOB STAGE",
    .summary = "move a job to the start of a stage",
    .description = "Moves the job to the start of the stage and prints where it stands then. A new job is created.\n"
                   "In the present stage it changes only message and metadata. The stages completed, failed, error\n"
                   "and cancelled end the job; the message then tells why.\n",
    .example = "  prg update job-1 transcribing -m 'listening'\n"
               "  prg update job-1 failed -m 'no sound in the video'\n",
    .exits = "",
    .options = OPTIONS_UPDATE,
    .arguments_min = 2,
    .arguments_max = 2,
    .run = run,
};
