/* prg set: a percentage of one's own choice. */
#include <limits.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "stage_name.h"

static int run(struct command_call *call)
{
	long percent;
	if (!options_read_integer(call->arguments[2], INT_MIN, INT_MAX, &percent))
		return fail_usage("set", "PERCENT must be a whole number from 0 to 100, not '%s'", call->arguments[2]);
	enum prg_stage stage;
	int status = stage_name_require(call->client, call->arguments[1], &stage);
	if (status != EXIT_DONE)
		return status;
	struct prg_update update = options_update(call->options);
	struct prg_progress *progress = NULL;
	enum prg_code code =
	    prg_update_progress_explicit(call->client, call->arguments[0], stage, (int)percent, &update, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_set = {
    .name = "set",
    .arguments = "JOB STAGE PERCENT",
    .summary = "set a job's stage and percentage",
    .description = "Sets the percentage of the whole job, a whole number from 0 to 100, and its stage. Progress never\n"
                   "goes down: a lower percentage than the present one is absorbed.\n",
    .example = "  prg set job-1 analyzing 62\n",
    .exits = "",
    .options = OPTIONS_UPDATE,
    .arguments_min = 3,
    .arguments_max = 3,
    .run = run,
};
