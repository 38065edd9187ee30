/* How the state of a job is written: as JSON, as one plain line, and in full for people. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <prg/prg.h>

#include "json.h"

/* Writes the whole state as one JSON object, without a line end. */
void show_add_json(struct json *json, const struct prg_progress *progress);

/* Adds the plain line, without its end: "job-1 transcribing 37% message". */
void show_add_line(struct text *text, const struct prg_progress *progress);

/* Adds ", about 3m20s left (2m to 5m)" if that is known. */
void show_add_eta(struct text *text, const struct prg_progress *progress);

/* What to say about the job: why it failed or was cancelled, else its message. Borrowed. */
const char *show_remark(const struct prg_progress *progress);

/* The name of the stage's value in the schema, "PIPELINE_STAGE_QUEUED". */
void show_json_stage(struct json *json, const char *key, const char *status);

/* Prints the JSON object as a line and frees it. */
void show_print_json(struct json *json);

/* Prints the state after a call: as JSON if `as_json`, else as the plain line. Frees it. */
void show_print_answer(struct prg_progress *progress, bool as_json);

/* Ends a command that gets one state back: prints it, or the error. Returns the exit status. */
int show_answer(enum prg_code code, struct prg_progress *progress, bool as_json);

#endif
