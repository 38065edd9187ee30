/* prg stages: the table of stages. */
#include <stdio.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "table.h"
#include "times.h"

static void print_json(const struct prg_stage_info *stage)
{
	struct json json = {0};
	json_begin(&json, NULL);
	show_json_stage(&json, "stage", stage->status);
	json_string(&json, "status", stage->status);
	json_string(&json, "label", stage->label);
	json_integer(&json, "start_percent", stage->start_percent);
	json_integer(&json, "end_percent", stage->end_percent);
	if (stage->typical_seconds > 0)
		json_number(&json, "typical_seconds", stage->typical_seconds);
	else
		json_null(&json, "typical_seconds");
	json_string(&json, "flow", prg_flow_name(stage->flow));
	bool ends = stage->ends_as != PRG_STATE_UNSPECIFIED;
	json_string_or_null(&json, "ends_as", ends ? prg_state_name(stage->ends_as) : "");
	json_end(&json);
	show_print_json(&json);
}

static void add_row(struct table *table, const struct prg_stage_info *stage)
{
	table_add(table, stage->status);
	table_addf(table, "%d", stage->start_percent);
	table_addf(table, "%d", stage->end_percent);
	struct text typical = {0};
	if (stage->typical_seconds > 0)
		times_add_duration(&typical, stage->typical_seconds);
	table_add(table, text_string(&typical));
	text_finish(&typical);
	table_add(table, prg_flow_name(stage->flow));
	table_add(table, stage->ends_as != PRG_STATE_UNSPECIFIED ? prg_state_name(stage->ends_as) : "");
	table_add(table, stage->label);
}

static int run(struct command_call *call)
{
	struct prg_stage_info *stages;
	size_t count;
	enum prg_code code = prg_get_all_stages(call->client, &stages, &count);
	if (code != PRG_OK)
		return fail_call(code);
	struct table table;
	table_init(&table, "STAGE\t>FROM\t>TO\t>TYPICAL\tFLOW\tENDS AS\tLABEL");
	for (size_t i = 0; i < count; i++) {
		if (call->options->json)
			print_json(&stages[i]);
		else
			add_row(&table, &stages[i]);
	}
	if (!call->options->json)
		table_print(&table, -1);
	table_finish(&table);
	prg_stages_free(stages, count);
	return EXIT_DONE;
}

const struct command command_stages = {
    .name = "stages",
    .arguments = "",
    .summary = "show the table of stages",
    .description = "Shows every stage in order: the percentages it covers, how long it usually takes, the flow it\n"
                   "belongs to, and the state in which it ends a job, if it does.\n",
    .example = "  prg stages\n",
    .exits = "",
    .options = 0,
    .arguments_min = 0,
    .arguments_max = 0,
    .run = run,
};
