/* prg create: a job before its first report. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fail.h"
#include "show.h"

/* The first argument is the job's name unless it has a '=', which no name can have. */
static int run(struct command_call *call)
{
	struct options options = *call->options;
	int first = call->argument_count > 0 && strchr(call->arguments[0], '=') == NULL ? 1 : 0;
	for (int i = first; i < call->argument_count; i++) {
		if (!options_add_entry(&options, call->arguments[i]))
			return fail_usage("create", "'%s' is not KEY=VALUE, or there are more than %d of them", call->arguments[i],
			                  OPTIONS_META_MAX);
	}
	struct prg_job_options job = {
	    .pipeline = options.pipeline,
	    .parent = options.parent,
	    .message = options.message,
	    .metadata = options.metadata_count > 0 ? options.metadata : NULL,
	    .metadata_count = options.metadata_count,
	    .ttl_seconds = options.ttl_seconds,
	    .size_hint = options.size,
	    .worker = options.worker,
	    .job_class = options.job_class,
	    .read_token_seconds = options.read_token_seconds,
	};
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_create_job(call->client, first > 0 ? call->arguments[0] : NULL, &job, &progress);
	if (code != PRG_OK || options.json)
		return show_answer(code, progress, options.json);
	puts(progress->job_id);
	if (progress->read_token[0] != '\0')
		puts(progress->read_token);
	prg_progress_free(progress);
	return EXIT_DONE;
}

const struct command command_create = {
    .name = "create",
    .arguments = "[JOB] [KEY=VALUE…]",
    .summary = "create a job and print its name",
    .description =
        "Creates a job in the stage queued, with the metadata given, and prints its name. Without JOB the\n"
        "service makes up a name. With --read-token a second line has a token that shows this job and no other.\n",
    .example = "  prg create job-1 video_id=42 --pipeline clips\n"
               "  job=$(prg create) && prg update \"$job\" downloading\n",
    .exits = "",
    .options = OPTION_MESSAGE | OPTION_META | OPTION_PIPELINE | OPTION_PARENT | OPTION_TTL | OPTION_SIZE |
               OPTION_WORKER | OPTION_CLASS | OPTION_READ_TOKEN,
    .arguments_min = 0,
    .arguments_max = OPTIONS_META_MAX + 1,
    .run = run,
};
