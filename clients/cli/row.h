/*
 * How one job looks on a terminal: a mark, its name, the stage's label, the bar, the percentage, the time left and what
 * the worker says. A wide terminal gets all in one line, a narrow one the same below each other.
 */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include <prg/prg.h>

#include "bar.h"
#include "terminal.h"
#include "text.h"

/* What is drawn of a job; owns its strings. All zero: nothing is known. */
struct row {
	char *job_id;
	char *label;
	char *remark;
	enum prg_state state;
	int percent;
	double fraction;
	double measured; /* up to here it was measured; 1: all of it */
	bool cancel_requested;
	enum prg_flag flag;
	bool is_under_way;
	bool has_eta;
	double eta_end; /* steady seconds at which the job should be done */
	double took_seconds;
	bool has_took;
};

/* What all rows of a screen share. */
struct row_layout {
	const struct terminal *terminal;
	int columns;     /* of a line */
	bool is_stacked; /* several lines a job */
	int job_columns; /* 0: the job's name is not shown */
	int label_columns;
	int bar_columns;
	int time_columns; /* 0: no job has anything to say about time */
};

/* Takes over the state; `now` are steady seconds. */
void row_take(struct row *row, const struct prg_progress *progress, double now);

/* Makes the row tell of an error that ended the watch. */
void row_take_error(struct row *row, const char *job_id, const char *error);

void row_finish(struct row *row);

/* Decides how the rows are laid out so that they are aligned. Names of jobs are shown if there are several. */
void row_layout(const struct row *const *rows, size_t count, bool show_jobs, const struct terminal *terminal,
                struct row_layout *ret_layout);

/* Draws the row: one or more lines, each closed by a newline and none wider than the layout. `now` are steady
 * seconds, `beat` counts the steps of the mark that turns. */
void row_add(struct text *text, const struct row *row, const struct row_layout *layout, double now, unsigned beat);

/* The tone for a state. */
enum bar_tone row_tone(enum prg_state state);

#endif
