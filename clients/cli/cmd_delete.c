/* prg delete: forget a job. */
#include <stdio.h>

#include "command.h"
#include "fail.h"
#include "show.h"

static int run(struct command_call *call)
{
	enum prg_code code = prg_delete_job(call->client, call->arguments[0]);
	if (code != PRG_OK)
		return fail_call(code);
	if (call->options->json) {
		struct json json = {0};
		json_begin(&json, NULL);
		json_string(&json, "job_id", call->arguments[0]);
		json_bool(&json, "deleted", true);
		json_end(&json);
		show_print_json(&json);
	} else {
		printf("%s deleted\n", call->arguments[0]);
	}
	return EXIT_DONE;
}

const struct command command_delete = {
    .name = "delete",
    .arguments = "JOB",
    .summary = "forget a job, finished or not",
    .description = "Removes the job and its history for good.\n",
    .example = "  prg delete job-1\n",
    .exits = "",
    .options = 0,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
