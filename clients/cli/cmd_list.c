/* prg list: a table of jobs, page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bar.h"
#include "command.h"
#include "fail.h"
#include "row.h"
#include "show.h"
#include "table.h"
#include "times.h"

enum { PAGE_SIZE = 200, BAR_COLUMNS = 12 };

struct listing {
	struct command_call *call;
	struct terminal terminal;
	struct table table;
	long left; /* jobs still to be printed; -1: no limit */
};

static void add_eta(struct text *text, const struct prg_progress *job)
{
	if (job->has_eta)
		times_add_duration(text, job->eta_seconds);
	else
		text_add(text, prg_progress_is_final(job) ? "" : "unknown");
}

/* The flag says more than the state, where there is one. */
static const char *state_name(const struct prg_progress *job)
{
	bool has_flag = job->state == PRG_STATE_ACTIVE && job->flag != PRG_FLAG_NONE;
	return has_flag ? prg_flag_name(job->flag) : prg_state_name(job->state);
}

static void add_row(struct listing *listing, const struct prg_progress *job)
{
	struct table *table = &listing->table;
	bool ended_badly = job->reached_progress > job->progress;
	struct bar bar = {.fraction = ended_badly ? job->reached_progress / 100.0 : job->fraction,
	                  .measured = 1,
	                  .tone = row_tone(job->state)};
	struct text cell = {0};
	bar_add(&cell, &bar, BAR_COLUMNS, &listing->terminal);
	table_add(table, job->job_id);
	table_add(table, job->status);
	table_add_drawn(table, text_string(&cell), BAR_COLUMNS);
	table_addf(table, "%d", ended_badly ? job->reached_progress : job->progress);
	text_clear(&cell);
	enum bar_tone tone = job->flag != PRG_FLAG_NONE ? TONE_WARNING : row_tone(job->state);
	bar_add_toned(&cell, state_name(job), tone, &listing->terminal);
	table_add_drawn(table, text_string(&cell), text_columns(state_name(job)));
	text_clear(&cell);
	add_eta(&cell, job);
	table_add(table, text_string(&cell));
	text_clear(&cell);
	times_add_duration(&cell, (double)(times_wall_ms() - job->create_time_ms) / 1000);
	table_add(table, text_string(&cell));
	table_add(table, show_remark(job));
	text_finish(&cell);
}

static void print_page(struct listing *listing, const struct prg_job_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (listing->call->options->json) {
			struct json json = {0};
			show_add_json(&json, list->jobs[i]);
			show_print_json(&json);
		} else {
			add_row(listing, list->jobs[i]);
		}
	}
	if (!listing->call->options->json)
		table_print(&listing->table, listing->terminal.columns);
	if (listing->left >= 0)
		listing->left -= (long)list->count;
}

static struct prg_filter make_filter(const struct options *options)
{
	return (struct prg_filter){
	    .states = options->state_count > 0 ? options->states : NULL,
	    .state_count = options->state_count,
	    .stages = options->stage_count > 0 ? options->stages : NULL,
	    .stage_count = options->stage_count,
	    .pipeline = options->pipeline,
	    .parent = options->parent,
	    .job_id_prefix = options->prefix,
	};
}

static int print_pages(struct listing *listing)
{
	struct prg_filter filter = make_filter(listing->call->options);
	char *token = NULL;
	int status = EXIT_DONE;
	bool more = true;
	while (more) {
		int size = listing->left >= 0 && listing->left < PAGE_SIZE ? (int)listing->left : PAGE_SIZE;
		struct prg_job_list *list;
		enum prg_code code = prg_list_jobs(listing->call->client, &filter, size, token, &list);
		free(token);
		token = NULL;
		if (code != PRG_OK) {
			status = fail_call(code);
			break;
		}
		print_page(listing, list);
		more = list->next_page_token[0] != '\0' && listing->left != 0 && !ferror(stdout);
		token = more ? text_copy(list->next_page_token) : NULL;
		prg_job_list_free(list);
	}
	return status;
}

static int run(struct command_call *call)
{
	struct listing listing = {.call = call, .left = call->options->limit > 0 ? call->options->limit : -1};
	terminal_look(&listing.terminal, STDOUT_FILENO);
	table_init(&listing.table, "JOB\tSTAGE\tBAR\t>%\tSTATE\t>ETA\t>AGE\tMESSAGE");
	int status = print_pages(&listing);
	table_finish(&listing.table);
	return status;
}

const struct command command_list = {
    .name = "list",
    .arguments = "",
    .summary = "list jobs, the newest first",
    .description = "Prints a table of the jobs that pass all filters given. LIST is one or several names with commas\n"
                   "between them. % of a job that failed is what it had reached; AGE counts from its creation;\n"
                   "ETA is the time left. STATE says lost, silent or overdue of an active job that is.\n",
    .example = "  prg list --state active,stalled\n  prg list --prefix clip- --limit 20 --json\n",
    .exits = "",
    .options = OPTION_STATE | OPTION_STAGE | OPTION_PIPELINE | OPTION_PARENT | OPTION_PREFIX | OPTION_LIMIT,
    .arguments_min = 0,
    .arguments_max = 0,
    .run = run,
};
