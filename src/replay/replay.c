/* Line by line: what an event does to the job's estimate, and how a query is answered. */
#include "replay/replay.h"

#include <stdlib.h>

#include "job/job.h"
#include "replay/world.h"

static const char *const flag_words[] = {
    [ESTIMATE_FLAG_NONE] = "null",
    [ESTIMATE_FLAG_LOST] = "\"lost\"",
    [ESTIMATE_FLAG_SILENT] = "\"silent\"",
    [ESTIMATE_FLAG_OVERDUE] = "\"overdue\"",
};

static const char *const source_words[] = {
    [ESTIMATE_SOURCE_MEASURED] = "MEASURED",
    [ESTIMATE_SOURCE_ESTIMATED] = "ESTIMATED",
    [ESTIMATE_SOURCE_SIMULATED] = "SIMULATED",
};

static void show_json(const json_t *value, FILE *shown)
{
	if (value == NULL)
		fputs("null", shown);
	else
		json_dumpf(value, shown, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
}

static void show(const struct line *line, struct world_job *job, FILE *shown)
{
	struct estimate_view view;
	estimate_advance(&job->estimate, line->at);
	estimate_look(&job->estimate, &job->pipeline->plan, line->at, &view);
	fputs("{\"job\":", shown);
	show_json(json_object_get(line->root, "job"), shown);
	fputs(",\"t\":", shown);
	show_json(line->t, shown);
	fprintf(shown, ",\"pct\":%.15g", 100 * view.time_fraction);
	if (view.has_eta)
		fprintf(shown, ",\"eta\":%.10g,\"lo\":%.10g,\"hi\":%.10g", view.eta_s, view.eta_low_s, view.eta_high_s);
	else
		fputs(",\"eta\":null,\"lo\":null,\"hi\":null", shown);
	fprintf(shown, ",\"flag\":%s,\"source\":\"%s\",\"progress\":%d}\n", flag_words[view.flag],
	        source_words[view.source], job_shown_percent(view.percent));
}

static void end(const struct line *line, struct world_job *job)
{
	struct world_pipeline *pipeline = job->pipeline;
	struct learned_job lesson;
	if (job->estimate.end != ESTIMATE_UNDER_WAY)
		return;
	estimate_finish(&job->estimate, line->end, line->at);
	if (line->end == ESTIMATE_CANCELLED)
		return;
	estimate_lesson(&job->estimate, &lesson);
	learned_add(&pipeline->learned, &pipeline->plan, &lesson);
}

static enum err enter(const struct line *line, struct world_job *job, struct fault *fault)
{
	size_t stage;
	enum err err = world_find_stage(job, line->stage, &stage, fault);
	if (err == ERR_OK)
		estimate_enter(&job->estimate, &job->pipeline->plan, &job->pipeline->learned, stage, line->at);
	return err;
}

static enum err carry_out(const struct line *line, struct world *world, FILE *shown, struct fault *fault)
{
	struct world_job *job = NULL;
	if (line->op == LINE_DECLARE)
		return world_declare(world, line, fault);
	if (line->op == LINE_CREATE)
		return world_create(world, line, fault);
	enum err err = world_find_job(world, line->job, &job, fault);
	if (err != ERR_OK)
		return err;
	switch (line->op) {
	case LINE_STAGE:
		return enter(line, job, fault);
	case LINE_REPORT:
		estimate_report(&job->estimate, line->work, line->at);
		break;
	case LINE_HEARTBEAT:
		estimate_beat(&job->estimate, line->at);
		break;
	case LINE_END:
		end(line, job);
		break;
	case LINE_QUERY:
		show(line, job, shown);
		break;
	case LINE_DECLARE:
	case LINE_CREATE:
		break;
	}
	return ERR_OK;
}

static bool is_blank(const char *text, ssize_t length)
{
	for (ssize_t i = 0; i < length; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	return true;
}

static enum err run_line(const char *text, ssize_t length, struct world *world, FILE *shown, struct fault *fault)
{
	struct line line;
	if (is_blank(text, length))
		return ERR_OK;
	enum err err = line_read(text, (size_t)length, &line, fault);
	if (err == ERR_OK)
		err = carry_out(&line, world, shown, fault);
	line_finish(&line);
	return err;
}

enum err replay_run(FILE *script, FILE *shown, struct fault *fault)
{
	struct world world = {0};
	struct fault cause = {0};
	char *text = NULL;
	size_t capacity = 0;
	enum err err = ERR_OK;
	ssize_t length;
	for (long number = 1; err == ERR_OK && (length = getline(&text, &capacity, script)) >= 0; number++) {
		err = run_line(text, length, &world, shown, &cause);
		if (err != ERR_OK)
			fault_set(fault, err, cause.reason, "line %ld: %s", number, cause.text);
	}
	free(text);
	world_finish(&world);
	return err;
}
