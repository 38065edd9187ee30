/*
 * A line of a script: one JSON object, read into a struct whose fields are checked. What is allowed:
 *     {"op":"declare","pipeline","stages":[{"name","lo","hi","nominal_s"}],"at"?}
 *     {"op":"create","at","job","pipeline"?,"hint"?,"worker"?,"class"?}
 *     {"op":"stage","at","job","stage"}          {"op":"report","at","job","done","total"}
 *     {"op":"heartbeat","at","job"}              {"op":"end","at","job","outcome":"completed|failed|cancelled"}
 *     {"op":"query","at","job","t"?}
 */
#ifndef REPLAY_LINE_H
#define REPLAY_LINE_H

#include <jansson.h>
#include <stddef.h>

#include "job/estimate.h"

enum line_op { LINE_DECLARE, LINE_CREATE, LINE_STAGE, LINE_REPORT, LINE_HEARTBEAT, LINE_END, LINE_QUERY };

/* Strings are borrowed from `root`; NULL: not given. */
struct line {
	json_t *root; /* owned */
	enum line_op op;
	double at;
	const char *job;
	const char *pipeline;
	const char *stage;
	double work; /* of a report: done / total, 0 to 1 */
	enum estimate_end end;
	struct learned_origin origin;
	const json_t *stages; /* of a declaration: an array, not empty */
	const json_t *t;      /* of a query */
};

/* Reads a line. INVALID_ARGUMENT: the text says what is wrong. The caller finishes the line in any case. */
enum err line_read(const char *text, size_t length, struct line *ret_line, struct fault *fault) MUST_USE;
void line_finish(struct line *line);

/* Reads one stage of a declaration into a row of a plan, whose number is left alone. */
enum err line_read_stage(const json_t *declared, const char **ret_name, struct plan_stage *stage,
                         struct fault *fault) MUST_USE;

#endif
