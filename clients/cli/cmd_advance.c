/* prg advance: a place inside a stage. */
#include "command.h"
#include "fail.h"
#include "show.h"
#include "stage_name.h"

static int run(struct command_call *call)
{
	double done, total;
	if (!options_read_number(call->arguments[2], &done))
		return fail_usage("advance", "DONE must be a number, not '%s'", call->arguments[2]);
	if (!options_read_number(call->arguments[3], &total))
		return fail_usage("advance", "TOTAL must be a number, not '%s'", call->arguments[3]);
	enum prg_stage stage;
	int status = stage_name_require(call->client, call->arguments[1], &stage);
	if (status != EXIT_DONE)
		return status;
	struct prg_update update = options_update(call->options);
	struct prg_progress *progress = NULL;
	enum prg_code code =
	    prg_update_progress_incremental(call->client, call->arguments[0], stage, done, total, &update, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_advance = {
    .name = "advance",
    .arguments = "JOB STAGE DONE TOTAL",
    .summary = "report that DONE of TOTAL in a stage are done",
    .description =
        "Sets the place inside the stage: DONE of TOTAL in any unit. For a share of the stage use 1 as TOTAL.\n",
    .example = "  prg advance job-1 transcribing 12.5 60 -m '12 of 60 seconds'\n",
    .exits = "",
    .options = OPTIONS_UPDATE,
    .arguments_min = 4,
    .arguments_max = 4,
    .run = run,
};
