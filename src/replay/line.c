/* Reading a line of a script: a table says which fields an op has, the checks say what each may be. */
#include "replay/line.h"

#include <math.h>
#include <string.h>

enum { JOB = 1, AT = 2 };

/* Seconds; far beyond them a double tells no moments apart, and the model's squares leave its range. */
#define AT_MAX      1e15
#define NOMINAL_MAX 1e9

static const struct {
	const char *name;
	int needs;
} ops[] = {
    [LINE_DECLARE] = {"declare", 0},
    [LINE_CREATE] = {"create", JOB | AT},
    [LINE_STAGE] = {"stage", JOB | AT},
    [LINE_REPORT] = {"report", JOB | AT},
    [LINE_HEARTBEAT] = {"heartbeat", JOB | AT},
    [LINE_END] = {"end", JOB | AT},
    [LINE_QUERY] = {"query", JOB | AT},
};

enum { OP_COUNT = sizeof ops / sizeof *ops };

static enum err refuse(struct fault *fault, const char *field, const char *allowed)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "%s: must be %s", field, allowed);
}

static enum err read_text(const json_t *object, const char *key, bool is_needed, const char **ret_text,
                          struct fault *fault)
{
	const json_t *value = json_object_get(object, key);
	*ret_text = json_string_value(value);
	if (json_is_string(value) && json_string_length(value) > 0)
		return ERR_OK;
	bool is_absent = value == NULL || json_is_null(value);
	return is_absent && !is_needed ? ERR_OK : refuse(fault, key, "a string that is not empty");
}

static enum err read_number(const json_t *object, const char *key, double *ret_number, struct fault *fault)
{
	const json_t *value = json_object_get(object, key);
	double number = json_number_value(value);
	if (!json_is_number(value) || !isfinite(number))
		return refuse(fault, key, "a number");
	*ret_number = number;
	return ERR_OK;
}

static enum err read_at(struct line *line, struct fault *fault)
{
	if (read_number(line->root, "at", &line->at, fault) != ERR_OK || fabs(line->at) > AT_MAX)
		return refuse(fault, "at", "a number of seconds, at most 1e15");
	return ERR_OK;
}

static enum err read_op(struct line *line, struct fault *fault)
{
	const char *name = json_string_value(json_object_get(line->root, "op"));
	for (int i = 0; name != NULL && i < OP_COUNT; i++)
		if (strcmp(name, ops[i].name) == 0) {
			line->op = (enum line_op)i;
			return ERR_OK;
		}
	return refuse(fault, "op", "declare, create, stage, report, heartbeat, end or query");
}

static enum err read_origin(struct line *line, struct fault *fault)
{
	const char *worker, *class;
	enum err err = read_text(line->root, "worker", false, &worker, fault);
	if (err == ERR_OK)
		err = read_text(line->root, "class", false, &class, fault);
	if (err != ERR_OK)
		return err;
	line->origin.worker = learned_key(worker);
	line->origin.class = learned_key(class);
	const json_t *hint = json_object_get(line->root, "hint");
	if (hint == NULL || json_is_null(hint))
		return ERR_OK;
	double size = 0;
	if (read_number(line->root, "hint", &size, fault) != ERR_OK || size <= 0)
		return refuse(fault, "hint", "a number above 0, or left out");
	line->origin.has_hint = true;
	line->origin.log_hint = log(size);
	return ERR_OK;
}

static enum err read_work(struct line *line, struct fault *fault)
{
	double done = 0, total = 0;
	enum err err = read_number(line->root, "done", &done, fault);
	if (err == ERR_OK)
		err = read_number(line->root, "total", &total, fault);
	if (err != ERR_OK)
		return err;
	if (total <= 0 || done < 0)
		return refuse(fault, total <= 0 ? "total" : "done", total <= 0 ? "above 0" : "0 or more");
	line->work = fmin(done / total, 1);
	return ERR_OK;
}

static enum err read_outcome(struct line *line, struct fault *fault)
{
	static const char *const names[] = {
	    [ESTIMATE_COMPLETED] = "completed", [ESTIMATE_FAILED] = "failed", [ESTIMATE_CANCELLED] = "cancelled"};
	const char *name = json_string_value(json_object_get(line->root, "outcome"));
	for (int i = ESTIMATE_COMPLETED; name != NULL && i <= ESTIMATE_CANCELLED; i++)
		if (strcmp(name, names[i]) == 0) {
			line->end = (enum estimate_end)i;
			return ERR_OK;
		}
	return refuse(fault, "outcome", "completed, failed or cancelled");
}

static enum err read_own(struct line *line, struct fault *fault)
{
	switch (line->op) {
	case LINE_DECLARE:
		line->stages = json_object_get(line->root, "stages");
		if (!json_is_array(line->stages) || json_array_size(line->stages) == 0)
			return refuse(fault, "stages", "a list that is not empty");
		return read_text(line->root, "pipeline", true, &line->pipeline, fault);
	case LINE_CREATE:
		if (read_text(line->root, "pipeline", false, &line->pipeline, fault) != ERR_OK)
			return fault->code;
		return read_origin(line, fault);
	case LINE_STAGE:
		return read_text(line->root, "stage", true, &line->stage, fault);
	case LINE_REPORT:
		return read_work(line, fault);
	case LINE_END:
		return read_outcome(line, fault);
	case LINE_QUERY:
		line->t = json_object_get(line->root, "t");
		return ERR_OK;
	case LINE_HEARTBEAT:
		break;
	}
	return ERR_OK;
}

enum err line_read(const char *text, size_t length, struct line *ret_line, struct fault *fault)
{
	json_error_t error;
	*ret_line = (struct line){.root = json_loadb(text, length, 0, &error)};
	if (ret_line->root == NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "not JSON: %s", error.text);
	if (!json_is_object(ret_line->root))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "not a JSON object");
	enum err err = read_op(ret_line, fault);
	if (err == ERR_OK && ops[ret_line->op].needs & JOB)
		err = read_text(ret_line->root, "job", true, &ret_line->job, fault);
	if (err == ERR_OK && ops[ret_line->op].needs & AT)
		err = read_at(ret_line, fault);
	return err == ERR_OK ? read_own(ret_line, fault) : err;
}

void line_finish(struct line *line)
{
	json_decref(line->root);
	line->root = NULL;
}

enum err line_read_stage(const json_t *declared, const char **ret_name, struct plan_stage *stage, struct fault *fault)
{
	if (!json_is_object(declared))
		return refuse(fault, "stages", "a list of objects");
	enum err err = read_text(declared, "name", true, ret_name, fault);
	if (err == ERR_OK)
		err = read_number(declared, "lo", &stage->start_percent, fault);
	if (err == ERR_OK)
		err = read_number(declared, "hi", &stage->end_percent, fault);
	if (err != ERR_OK)
		return err;
	if (stage->start_percent < 0 || stage->end_percent > 100 || stage->end_percent < stage->start_percent)
		return refuse(fault, "lo, hi", "0 to 100, hi not below lo");
	const json_t *nominal = json_object_get(declared, "nominal_s");
	stage->nominal_s = PLAN_NOMINAL_UNKNOWN_S;
	if (nominal == NULL || json_is_null(nominal))
		return ERR_OK;
	if (read_number(declared, "nominal_s", &stage->nominal_s, fault) != ERR_OK || stage->nominal_s < 0 ||
	    stage->nominal_s > NOMINAL_MAX)
		return refuse(fault, "nominal_s", "0 to 1e9 seconds");
	if (stage->nominal_s == 0)
		stage->nominal_s = PLAN_NOMINAL_UNKNOWN_S;
	return ERR_OK;
}
