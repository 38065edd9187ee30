/* prg history: every stage a job has been in, with a bar as long as its share of the time. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "command.h"
#include "fail.h"
#include "show.h"
#include "table.h"
#include "times.h"

enum { BAR_COLUMNS = 24 };

static void print_json(const struct prg_history *history, const struct prg_span *span)
{
	struct json json = {0};
	json_begin(&json, NULL);
	json_string(&json, "job_id", history->progress->job_id);
	show_json_stage(&json, "stage", span->status);
	json_string(&json, "status", span->status);
	json_string(&json, "label", span->label);
	json_unsigned(&json, "attempt", span->attempt);
	json_unsigned(&json, "run", span->run);
	json_time(&json, "start_time", span->start_time_ms);
	json_time(&json, "end_time", span->end_time_ms);
	json_number(&json, "duration_seconds", (double)span->duration_ms / 1000);
	json_string(&json, "outcome", span->outcome);
	json_end(&json);
	show_print_json(&json);
}

static enum bar_tone outcome_tone(const char *outcome)
{
	if (strcmp(outcome, "finished") == 0)
		return TONE_GOOD;
	if (strcmp(outcome, "failed") == 0)
		return TONE_BAD;
	return strcmp(outcome, "running") == 0 ? TONE_ACTIVE : TONE_QUIET;
}

/* Milliseconds matter for short stages only. */
static void add_exact_duration(struct text *text, int64_t duration_ms)
{
	if (duration_ms < 1000)
		text_addf(text, "%lldms", (long long)duration_ms);
	else if (duration_ms < 10000)
		text_addf(text, "%.1fs", (double)duration_ms / 1000);
	else
		times_add_duration(text, (double)duration_ms / 1000);
}

static void add_row(struct table *table, const struct prg_span *span, int64_t longest_ms,
                    const struct terminal *terminal)
{
	struct text cell = {0};
	table_add(table, span->status);
	table_addf(table, "%u", span->attempt);
	times_add_moment(&cell, span->start_time_ms);
	table_add(table, text_string(&cell));
	text_clear(&cell);
	add_exact_duration(&cell, span->duration_ms);
	table_add(table, text_string(&cell));
	text_clear(&cell);
	struct bar bar = {.fraction = longest_ms > 0 ? (double)span->duration_ms / (double)longest_ms : 0,
	                  .measured = 1,
	                  .tone = outcome_tone(span->outcome)};
	bar_add(&cell, &bar, BAR_COLUMNS, terminal);
	table_add_drawn(table, text_string(&cell), BAR_COLUMNS);
	table_add(table, span->outcome);
	text_finish(&cell);
}

static void print_table(const struct prg_history *history)
{
	struct terminal terminal;
	terminal_look(&terminal, STDOUT_FILENO);
	int64_t longest_ms = 0, all_ms = 0;
	for (size_t i = 0; i < history->span_count; i++) {
		all_ms += history->spans[i].duration_ms;
		longest_ms = history->spans[i].duration_ms > longest_ms ? history->spans[i].duration_ms : longest_ms;
	}
	struct table table;
	table_init(&table, "STAGE\t>ATTEMPT\tSTART\t>TIME\tSHARE\tOUTCOME");
	for (size_t i = 0; i < history->span_count; i++)
		add_row(&table, &history->spans[i], longest_ms, &terminal);
	table_print(&table, -1);
	table_finish(&table);
	struct text line = {0};
	show_add_line(&line, history->progress);
	text_add(&line, "; in all ");
	add_exact_duration(&line, all_ms);
	puts(text_string(&line));
	text_finish(&line);
}

static int run(struct command_call *call)
{
	struct prg_history *history;
	enum prg_code code = prg_get_job_history(call->client, call->arguments[0], &history);
	if (code != PRG_OK)
		return fail_call(code);
	if (call->options->json) {
		for (size_t i = 0; i < history->span_count; i++)
			print_json(history, &history->spans[i]);
	} else {
		print_table(history);
	}
	prg_history_free(history);
	return EXIT_DONE;
}

const struct command command_history = {
    .name = "history",
    .arguments = "JOB",
    .summary = "show every stage a job has been in",
    .description = "Prints each stay in a stage with its start, how long it lasted and how it ended. The bars compare\n"
                   "the durations: the longest is full.\n",
    .example = "  prg history job-1\n",
    .exits = "",
    .options = 0,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
