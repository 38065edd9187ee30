/* Names in JSON are those of the schema. */
#include "show.h"

#include <ctype.h>
#include <stdio.h>

#include "fail.h"
#include "times.h"

void show_json_stage(struct json *json, const char *key, const char *status)
{
	struct text name = {0};
	text_add(&name, "PIPELINE_STAGE_");
	for (const char *letter = status; *letter != '\0'; letter++)
		text_addf(&name, "%c", toupper((unsigned char)*letter));
	json_string(json, key, text_string(&name));
	text_finish(&name);
}

static void add_metadata(struct json *json, const struct prg_progress *progress)
{
	json_begin(json, "metadata");
	for (size_t i = 0; i < progress->metadata_count; i++)
		json_string(json, progress->metadata[i].key, progress->metadata[i].value);
	json_end(json);
}

static void add_eta(struct json *json, const struct prg_progress *progress)
{
	if (!progress->has_eta) {
		json_null(json, "eta");
		return;
	}
	json_begin(json, "eta");
	json_number(json, "seconds", progress->eta_seconds);
	json_number(json, "lo", progress->eta_lo_seconds);
	json_number(json, "hi", progress->eta_hi_seconds);
	json_end(json);
}

static void add_place(struct json *json, const struct prg_progress *progress)
{
	show_json_stage(json, "stage", progress->status);
	json_string(json, "status", progress->status);
	json_string(json, "label", progress->label);
	json_integer(json, "progress", progress->progress);
	json_number(json, "fraction", progress->fraction);
	json_number(json, "time_fraction", progress->time_fraction);
	json_integer(json, "reached_progress", progress->reached_progress);
	json_number(json, "done", progress->done);
	json_number(json, "total", progress->total);
	json_string(json, "message", progress->message);
}

static void add_kind(struct json *json, const struct prg_progress *progress)
{
	json_string(json, "state", prg_state_name(progress->state));
	json_string(json, "source", prg_source_name(progress->source));
	json_bool(json, "has_history", progress->has_history);
	json_string_or_null(json, "flag", progress->flag != PRG_FLAG_NONE ? prg_flag_name(progress->flag) : "");
	json_unsigned(json, "revision", progress->revision);
	json_unsigned(json, "attempt", progress->attempt);
	json_unsigned(json, "run", progress->run);
	json_bool(json, "cancel_requested", progress->cancel_requested);
	json_string(json, "cancel_reason", progress->cancel_reason);
	json_string(json, "error", progress->error);
}

static void add_acknowledgement(struct json *json, const struct prg_progress *progress)
{
	bool is_update = progress->outcome != PRG_OUTCOME_UNSPECIFIED;
	bool is_durable = progress->durability != PRG_DURABILITY_UNSPECIFIED;
	json_string_or_null(json, "outcome", is_update ? prg_outcome_name(progress->outcome) : "");
	json_string_or_null(json, "durability", is_durable ? prg_durability_name(progress->durability) : "");
}

void show_add_json(struct json *json, const struct prg_progress *progress)
{
	json_begin(json, NULL);
	json_string(json, "job_id", progress->job_id);
	json_string(json, "pipeline", progress->pipeline);
	json_string(json, "parent", progress->parent);
	add_place(json, progress);
	add_metadata(json, progress);
	add_kind(json, progress);
	add_eta(json, progress);
	add_acknowledgement(json, progress);
	json_time(json, "create_time", progress->create_time_ms);
	json_time(json, "update_time", progress->update_time_ms);
	json_time(json, "stage_time", progress->stage_time_ms);
	json_time(json, "end_time", progress->end_time_ms);
	if (progress->read_token[0] != '\0')
		json_string(json, "read_token", progress->read_token);
	json_end(json);
}

const char *show_remark(const struct prg_progress *progress)
{
	bool ended_badly = progress->state == PRG_STATE_FAILED || progress->state == PRG_STATE_CANCELLED;
	return ended_badly && progress->error[0] != '\0' ? progress->error : progress->message;
}

void show_add_eta(struct text *text, const struct prg_progress *progress)
{
	if (!progress->has_eta || prg_progress_is_final(progress))
		return;
	text_add(text, ", about ");
	times_add_duration(text, progress->eta_seconds);
	text_add(text, " left (");
	times_add_duration(text, progress->eta_lo_seconds);
	text_add(text, " to ");
	times_add_duration(text, progress->eta_hi_seconds);
	text_add(text, ")");
}

void show_add_line(struct text *text, const struct prg_progress *progress)
{
	text_add_cut(text, progress->job_id, -1);
	text_addf(text, " %s %d%%", progress->status, progress->progress);
	if (progress->state == PRG_STATE_STALLED)
		text_add(text, " (stalled)");
	if (progress->source == PRG_SOURCE_SIMULATED && progress->state == PRG_STATE_ACTIVE)
		text_add(text, " (simulated)");
	if (progress->flag != PRG_FLAG_NONE && progress->state == PRG_STATE_ACTIVE)
		text_addf(text, " (%s)", prg_flag_name(progress->flag));
	if (progress->reached_progress > progress->progress)
		text_addf(text, " (reached %d%%)", progress->reached_progress);
	if (progress->cancel_requested && !prg_progress_is_final(progress))
		text_add(text, " (cancel requested)");
	const char *remark = show_remark(progress);
	if (remark[0] != '\0') {
		text_add(text, " ");
		text_add_cut(text, remark, -1);
	}
}

void show_print_json(struct json *json)
{
	puts(text_string(&json->text));
	text_finish(&json->text);
}

void show_print_answer(struct prg_progress *progress, bool as_json)
{
	if (as_json) {
		struct json json = {0};
		show_add_json(&json, progress);
		show_print_json(&json);
	} else {
		struct text line = {0};
		show_add_line(&line, progress);
		if (progress->outcome == PRG_OUTCOME_ABSORBED || progress->outcome == PRG_OUTCOME_DUPLICATE)
			text_addf(&line, " (%s)", prg_outcome_name(progress->outcome));
		show_add_eta(&line, progress);
		puts(text_string(&line));
		text_finish(&line);
	}
	prg_progress_free(progress);
}

int show_answer(enum prg_code code, struct prg_progress *progress, bool as_json)
{
	if (code != PRG_OK)
		return fail_call(code);
	show_print_answer(progress, as_json);
	return EXIT_DONE;
}
