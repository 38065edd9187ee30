/* prg stats: what is believed of the stages of a pipeline. */
#include <stdio.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "table.h"
#include "times.h"

static void print_json(const struct prg_stage_stats *stage)
{
	struct json json = {0};
	json_begin(&json, NULL);
	show_json_stage(&json, "stage", stage->status);
	json_string(&json, "status", stage->status);
	json_string(&json, "label", stage->label);
	json_number(&json, "typical_seconds", stage->typical_seconds);
	json_number(&json, "lo_seconds", stage->lo_seconds);
	json_number(&json, "hi_seconds", stage->hi_seconds);
	json_number(&json, "share", stage->share);
	json_unsigned(&json, "jobs", stage->jobs);
	json_number(&json, "weight", stage->weight);
	json_end(&json);
	show_print_json(&json);
}

static void add_duration(struct table *table, double seconds)
{
	struct text text = {0};
	times_add_duration(&text, seconds);
	table_add(table, text_string(&text));
	text_finish(&text);
}

static void add_row(struct table *table, const struct prg_stage_stats *stage)
{
	table_add(table, stage->status);
	add_duration(table, stage->typical_seconds);
	add_duration(table, stage->lo_seconds);
	add_duration(table, stage->hi_seconds);
	table_addf(table, "%.0f%%", stage->share * 100);
	table_addf(table, "%llu", (unsigned long long)stage->jobs);
	table_add(table, stage->jobs > 0 ? "learned" : "from the schema, no job has completed yet");
}

static int run(struct command_call *call)
{
	struct prg_stage_stats *stats;
	size_t count;
	enum prg_code code = prg_get_pipeline_stats(call->client, call->arguments[0], &stats, &count);
	if (code != PRG_OK)
		return fail_call(code);
	struct table table;
	table_init(&table, "STAGE\t>TYPICAL\t>FROM\t>TO\t>ENTERED\t>JOBS\tBASIS");
	for (size_t i = 0; i < count; i++) {
		if (call->options->json)
			print_json(&stats[i]);
		else
			add_row(&table, &stats[i]);
	}
	if (!call->options->json)
		table_print(&table, -1);
	table_finish(&table);
	prg_stats_free(stats);
	return EXIT_DONE;
}

const struct command command_stats = {
    .name = "stats",
    .arguments = "[PIPELINE]",
    .summary = "show how long the stages of a pipeline take",
    .description =
        "Shows what is believed of each stage for a job of the usual size: the median, the time within which\n"
        "80 % of the jobs pass it, the share of the jobs that enter it, and from how many completed jobs\n"
        "that is known. PIPELINE is \"default\" unless given.\n",
    .example = "  prg stats clips\n",
    .exits = "",
    .options = 0,
    .arguments_min = 0,
    .arguments_max = 1,
    .run = run,
};
