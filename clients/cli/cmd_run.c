/* prg run: report a command's progress. Decides what is reported about its end; the command's own exit status is kept
 * whatever becomes of the reports. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "command.h"
#include "fail.h"
#include "run_report.h"
#include "stage_name.h"

enum { EXIT_CANNOT_RUN = 126, EXIT_NO_COMMAND = 127 };

/* Threads that pass on the output of a process left behind may still use them while the program exits. */
static struct run_report report;
static struct child child;

static void describe_end(struct text *text, const char *command, int status)
{
	if (status > 128 && status <= 128 + SIGRTMAX)
		text_addf(text, "%s was ended by signal %d (%s)", command, status - 128, strsignal(status - 128));
	else
		text_addf(text, "%s exited with status %d", command, status);
}

/* The stage that ends the job, if one was asked for. A command that ended because it was told to was cancelled. */
static enum prg_stage choose_stage(const struct options *options, int status)
{
	if (status == 0)
		return options->complete ? PRG_STAGE_COMPLETED : PRG_STAGE_UNSPECIFIED;
	if (!options->fail)
		return PRG_STAGE_UNSPECIFIED;
	return child_stop_signal() != 0 ? PRG_STAGE_CANCELLED : PRG_STAGE_FAILED;
}

static void close_report(const struct options *options, const char *command, int status)
{
	struct text text = {0};
	describe_end(&text, command, status);
	struct run_end end = {
	    .succeeded = status == 0,
	    .stage = choose_stage(options, status),
	    .text = status != 0 ? text_string(&text) : NULL,
	};
	run_report_close(&report, &end);
	text_finish(&text);
}

static void pass_unread(int stream, const char *bytes, size_t length, void *context)
{
	(void)stream, (void)bytes, (void)length, (void)context;
}

/* Finds the stage and starts to report. Returns EXIT_DONE also when reporting is impossible for now. */
static int start_report(struct command_call *call, bool *ret_reports)
{
	char *text = NULL;
	enum prg_stage stage;
	enum prg_code code = stage_name_find(call->client, call->arguments[1], &stage, &text);
	if (code == PRG_INVALID_ARGUMENT) {
		int status = fail_with(code, text);
		free(text);
		return status;
	}
	*ret_reports = code == PRG_OK;
	if (code != PRG_OK) {
		fail_warn("the progress of %s is not reported: %s", call->arguments[0], text);
		free(text);
		return EXIT_DONE;
	}
	report = (struct run_report){
	    .client = call->client,
	    .job_id = call->arguments[0],
	    .stage = stage,
	    .update = options_update(call->options),
	    .stop = child_stop,
	    .lines = {.total_seconds = call->options->total_seconds, .total_is_given = call->options->total_seconds > 0},
	};
	if (!run_report_start(&report))
		return fail_with(PRG_RESOURCE_EXHAUSTED, "no thread could be started");
	return EXIT_DONE;
}

static int run(struct command_call *call)
{
	char **command = call->arguments + 2;
	bool reports = false;
	int status = start_report(call, &reports);
	if (status != EXIT_DONE)
		return status;
	int error = child_start(&child, command, reports ? run_report_read : pass_unread, &report);
	if (error == 0) {
		status = child_wait(&child);
	} else {
		fprintf(stderr, "prg: cannot run %s: %s\n", command[0], strerror(error));
		status = error == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT_RUN;
	}
	if (reports)
		close_report(call->options, command[0], status);
	return status;
}

const struct command command_run = {
    .name = "run",
    .arguments = "JOB STAGE -- COMMAND…",
    .summary = "run a command and report its progress",
    .description =
        "Runs the command and reports the stage as it goes on, from what the command prints: N%, DONE/TOTAL, or\n"
        "the lines of ffmpeg -progress, for which the duration must be known: --total, or a 'Duration:' line.\n"
        "Output, signals and exit status pass through unchanged. The command runs also when the service\n"
        "cannot be reached.\n"
        "When it succeeds the stage is reported as done, and with --complete the job as COMPLETED. When it\n"
        "fails the job stays where it is and the message says why; with --fail the job is FAILED, or\n"
        "CANCELLED if the command was interrupted. When the job is to be cancelled the command gets SIGTERM.\n",
    .example = "  prg run job-1 downloading -- wget --progress=bar:force https://example.org/video.mp4\n"
               "  prg run job-1 processing --complete --fail -- ffmpeg -progress pipe:1 -i in.mp4 out.mp4\n",
    .exits = "  that of the command once it runs; 128 + N if signal N ended it;\n"
             "  126 if it cannot be run, 127 if there is no such command\n",
    .options = OPTIONS_UPDATE | OPTION_TOTAL | OPTION_COMPLETE | OPTION_FAIL,
    .arguments_min = 3,
    .arguments_max = ARGUMENTS_UNLIMITED,
    .run = run,
};
