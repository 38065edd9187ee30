/* prg get: where a job stands. */
#include <stdio.h>
#include <unistd.h>

#include "bar.h"
#include "command.h"
#include "fail.h"
#include "row.h"
#include "show.h"
#include "times.h"

enum { BAR_COLUMNS = 40, NAME_COLUMNS = 12 };

static void add_name(struct text *text, const char *name)
{
	text_add_padded(text, name, NAME_COLUMNS);
}

static void add_line(struct text *text, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	add_name(text, name);
	text_add_cut(text, value, -1);
	text_add(text, "\n");
}

static void add_bar_line(struct text *text, const struct prg_progress *progress)
{
	struct terminal terminal;
	terminal_look(&terminal, STDOUT_FILENO);
	bool ended_badly = progress->reached_progress > progress->progress;
	struct bar bar = {.fraction = ended_badly ? progress->reached_progress / 100.0 : progress->fraction,
	                  .measured = 1,
	                  .tone = row_tone(progress->state)};
	add_name(text, "progress");
	bar_add(text, &bar, BAR_COLUMNS, &terminal);
	text_addf(text, " %d%%", progress->progress);
	if (ended_badly)
		text_addf(text, " (reached %d%%)", progress->reached_progress);
	text_add(text, "\n");
}

/* Why nothing can be said about the time left. */
static const char *unknown_because(const struct prg_progress *progress)
{
	if (progress->flag == PRG_FLAG_LOST)
		return "the worker gives no sign of life";
	if (progress->flag == PRG_FLAG_SILENT)
		return "the reports have stopped";
	return progress->has_history ? "" : "no job of this pipeline has completed yet";
}

static void add_eta_line(struct text *text, const struct prg_progress *progress)
{
	if (prg_progress_is_final(progress))
		return;
	const char *because = unknown_because(progress);
	add_name(text, "ETA");
	if (progress->has_eta) {
		times_add_duration(text, progress->eta_seconds);
		text_add(text, " (");
		times_add_duration(text, progress->eta_lo_seconds);
		text_add(text, " to ");
		times_add_duration(text, progress->eta_hi_seconds);
		text_addf(text, "), %.0f%% of the time is over\n", progress->time_fraction * 100);
	} else {
		text_addf(text, "unknown%s%s\n", *because != '\0' ? ": " : "", because);
	}
}

static void add_state_line(struct text *text, const struct prg_progress *progress)
{
	add_name(text, "state");
	text_addf(text, "%s, %s", prg_state_name(progress->state), prg_source_name(progress->source));
	if (progress->flag != PRG_FLAG_NONE)
		text_addf(text, ", %s", prg_flag_name(progress->flag));
	if (progress->cancel_requested)
		text_add(text, ", cancel requested");
	text_add(text, "\n");
	add_name(text, "attempt");
	text_addf(text, "%u, run %u, revision %llu\n", progress->attempt, progress->run,
	          (unsigned long long)progress->revision);
}

static void add_time_line(struct text *text, const char *name, int64_t moment_ms)
{
	if (moment_ms == 0)
		return;
	add_name(text, name);
	times_add_moment(text, moment_ms);
	text_add(text, " (");
	times_add_duration(text, (double)(times_wall_ms() - moment_ms) / 1000);
	text_add(text, " ago)\n");
}

static void print_details(const struct prg_progress *progress)
{
	struct text text = {0};
	add_line(&text, "job", progress->job_id);
	add_name(&text, "stage");
	text_addf(&text, "%s, %s\n", progress->status, progress->label);
	add_bar_line(&text, progress);
	add_eta_line(&text, progress);
	add_line(&text, "message", progress->message);
	add_line(&text, "error", progress->error);
	add_state_line(&text, progress);
	add_line(&text, "reason", progress->cancel_reason);
	add_line(&text, "pipeline", progress->pipeline);
	add_line(&text, "parent", progress->parent);
	for (size_t i = 0; i < progress->metadata_count; i++) {
		struct text pair = {0};
		text_addf(&pair, "%s=%s", progress->metadata[i].key, progress->metadata[i].value);
		add_line(&text, i == 0 ? "metadata" : "", text_string(&pair));
		text_finish(&pair);
	}
	add_time_line(&text, "created", progress->create_time_ms);
	add_time_line(&text, "updated", progress->update_time_ms);
	add_time_line(&text, "ended", progress->end_time_ms);
	fputs(text_string(&text), stdout);
	text_finish(&text);
}

static int run(struct command_call *call)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_get_progress(call->client, call->arguments[0], &progress);
	if (code != PRG_OK || call->options->json)
		return show_answer(code, progress, call->options->json);
	print_details(progress);
	prg_progress_free(progress);
	return EXIT_DONE;
}

const struct command command_get = {
    .name = "get",
    .arguments = "JOB",
    .summary = "show where a job stands",
    .description = "Prints the present state of the job with all its details.\n",
    .example = "  prg get job-1\n  prg get job-1 --json | jq .progress\n",
    .exits = "",
    .options = 0,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
