/* prg simulate: let the service move the bar. */
#include "command.h"
#include "fail.h"
#include "show.h"
#include "stage_name.h"
#include "times.h"

static int run(struct command_call *call)
{
	double seconds = 0;
	const char *given = call->argument_count > 2 ? call->arguments[2] : NULL;
	if (given != NULL && (!times_read_duration(given, &seconds) || seconds <= 0))
		return fail_usage("simulate", "SECONDS must be a number greater than 0, not '%s'", given);
	enum prg_stage stage;
	int status = stage_name_require(call->client, call->arguments[1], &stage);
	if (status != EXIT_DONE)
		return status;
	struct prg_update update = options_update(call->options);
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_simulate_progress(call->client, call->arguments[0], stage, seconds, &update, &progress);
	return show_answer(code, progress, call->options->json);
}

const struct command command_simulate = {
    .name = "simulate",
    .arguments = "JOB STAGE [SECONDS]",
    .summary = "let the service move the bar by itself",
    .description =
        "Lets the service move the bar smoothly inside the stage, for work that cannot report. SECONDS is how\n"
        "long the stage should take (also 15m, 2h); by default as long as it usually does.\n",
    .example = "  prg simulate job-1 analyzing 150\n",
    .exits = "",
    .options = OPTIONS_UPDATE,
    .arguments_min = 2,
    .arguments_max = 3,
    .run = run,
};
