/* The bar takes what the other columns leave, within bounds, and shares it with the message. */
#include "row.h"

#include <stdlib.h>
#include <string.h>

#include "show.h"
#include "times.h"

enum {
	JOB_COLUMNS = 28, /* for a name on a terminal that is not very wide */
	BAR_COLUMNS_MIN = 12,
	BAR_COLUMNS_MAX = 40,
	MESSAGE_COLUMNS_MIN = 10,
	TIME_COLUMNS = 11,
	PERCENT_COLUMNS = 5,
	MARK_COLUMNS = 2,
	STACKED_TIME_FROM = 44, /* columns from which the time stands beside the bar */
	COLUMNS_MIN = 8
};

enum bar_tone row_tone(enum prg_state state)
{
	switch (state) {
	case PRG_STATE_SUCCEEDED:
		return TONE_GOOD;
	case PRG_STATE_FAILED:
		return TONE_BAD;
	case PRG_STATE_CANCELLED:
		return TONE_QUIET;
	case PRG_STATE_STALLED:
		return TONE_WARNING;
	default:
		return TONE_ACTIVE;
	}
}

void row_finish(struct row *row)
{
	free(row->job_id);
	free(row->label);
	free(row->remark);
	*row = (struct row){0};
}

static double measured_until(const struct prg_progress *progress)
{
	if (progress->source != PRG_SOURCE_SIMULATED || prg_progress_is_final(progress))
		return 1;
	const struct prg_stage_info *stage = prg_stage_find(progress->stage);
	return stage != NULL ? stage->start_percent / 100.0 : 0;
}

void row_take(struct row *row, const struct prg_progress *progress, double now)
{
	row_finish(row);
	bool ended_badly = progress->state == PRG_STATE_FAILED || progress->state == PRG_STATE_CANCELLED;
	*row = (struct row){
	    .job_id = text_copy(progress->job_id),
	    .label = text_copy(progress->label),
	    .remark = text_copy(show_remark(progress)),
	    .state = progress->state,
	    .percent = ended_badly ? progress->reached_progress : progress->progress,
	    .fraction = ended_badly ? progress->reached_progress / 100.0 : progress->fraction,
	    .measured = measured_until(progress),
	    .cancel_requested = progress->cancel_requested && !prg_progress_is_final(progress),
	    .flag = progress->flag,
	    .is_under_way = !prg_progress_is_final(progress),
	    .has_eta = progress->has_eta && !prg_progress_is_final(progress),
	    .eta_end = now + progress->eta_seconds,
	    .has_took = progress->end_time_ms > progress->create_time_ms,
	    .took_seconds = (double)(progress->end_time_ms - progress->create_time_ms) / 1000,
	};
}

void row_take_error(struct row *row, const char *job_id, const char *error)
{
	char *name = text_copy(job_id);
	row_finish(row);
	*row = (struct row){.job_id = name,
	                    .label = text_copy("Lost"),
	                    .remark = text_copy(error),
	                    .state = PRG_STATE_FAILED,
	                    .measured = 1};
}

static int at_most(int number, int maximum)
{
	return number < maximum ? number : maximum;
}

static int at_least(int number, int minimum)
{
	return number > minimum ? number : minimum;
}

void row_layout(const struct row *const *rows, size_t count, bool show_jobs, const struct terminal *terminal,
                struct row_layout *ret_layout)
{
	/* The last column stays free: some terminals move on when it is written. */
	struct row_layout layout = {.terminal = terminal, .columns = at_least(terminal->columns - 1, COLUMNS_MIN)};
	for (size_t i = 0; i < count; i++) {
		layout.job_columns = at_least(layout.job_columns, show_jobs ? text_columns(rows[i]->job_id) : 0);
		layout.label_columns = at_least(layout.label_columns, text_columns(rows[i]->label));
		bool has_time = rows[i]->has_eta || rows[i]->is_under_way || rows[i]->has_took;
		layout.time_columns = at_least(layout.time_columns, has_time ? TIME_COLUMNS : 0);
	}
	layout.job_columns = at_most(layout.job_columns, at_least(JOB_COLUMNS, layout.columns / 3));
	layout.label_columns = at_least(layout.label_columns, 18); /* so that the bar does not jump at each stage */
	int fixed = MARK_COLUMNS + layout.label_columns + 1 + PERCENT_COLUMNS;
	fixed += layout.job_columns > 0 ? layout.job_columns + 2 : 0;
	fixed += layout.time_columns > 0 ? layout.time_columns + 2 : 0;
	int left = layout.columns - fixed;
	layout.is_stacked = left < BAR_COLUMNS_MIN + MESSAGE_COLUMNS_MIN + 2;
	if (layout.is_stacked)
		left = 2 * (layout.columns - MARK_COLUMNS - PERCENT_COLUMNS);
	layout.bar_columns = at_least(at_most(left / 2, BAR_COLUMNS_MAX), layout.is_stacked ? 3 : BAR_COLUMNS_MIN);
	if (layout.is_stacked && layout.columns >= STACKED_TIME_FROM && layout.time_columns > 0)
		layout.bar_columns =
		    at_most(layout.bar_columns, layout.columns - MARK_COLUMNS - PERCENT_COLUMNS - 2 - layout.time_columns);
	*ret_layout = layout;
}

static void add_mark(struct text *text, const struct row *row, const struct terminal *terminal, unsigned beat)
{
	static const char *const turning[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
	static const char *const turning_ascii[] = {"|", "/", "-", "\\"};
	const char *mark = terminal->has_blocks ? turning[beat % 10] : turning_ascii[beat / 2 % 4];
	if (row->state == PRG_STATE_SUCCEEDED)
		mark = terminal->has_blocks ? "✓" : "+";
	else if (row->state == PRG_STATE_FAILED)
		mark = terminal->has_blocks ? "✗" : "x";
	else if (row->state == PRG_STATE_CANCELLED)
		mark = terminal->has_blocks ? "⊘" : "c";
	else if (row->state == PRG_STATE_STALLED)
		mark = "!";
	bar_add_toned(text, mark, row_tone(row->state), terminal);
	text_add(text, " ");
}

static void add_bar(struct text *text, const struct row *row, const struct row_layout *layout)
{
	struct bar bar = {.fraction = row->fraction, .measured = row->measured, .tone = row_tone(row->state)};
	bar_add(text, &bar, layout->bar_columns, layout->terminal);
	text_addf(text, "%*s%d%%",
	          row->percent >= 100  ? 1
	          : row->percent >= 10 ? 2
	                               : 3,
	          row->measured < 1 ? "~" : "", row->percent);
}

/* The time left, or how long it took; empty when neither is known. Never a zero: a job that should be done by now has
 * no time left that is worth showing. */
static void add_time(struct text *text, const struct row *row, double now)
{
	if (row->has_took) {
		text_add(text, "took ");
		times_add_duration(text, row->took_seconds);
	} else if (row->has_eta && row->eta_end - now >= 1) {
		times_add_duration(text, row->eta_end - now);
		text_add(text, " left");
	} else if (row->is_under_way && !row->has_eta) {
		text_add(text, "ETA unknown");
	}
}

/* The message, behind it what the state alone does not tell. */
static char *make_remark(const struct row *row)
{
	struct text text = {0};
	if (row->cancel_requested)
		text_add(&text, "[cancel requested] ");
	else if (row->state == PRG_STATE_STALLED || row->flag == PRG_FLAG_LOST)
		text_add(&text, "[no sign of life] ");
	else if (row->flag == PRG_FLAG_SILENT)
		text_add(&text, "[reports have stopped] ");
	else if (row->flag == PRG_FLAG_OVERDUE)
		text_add(&text, "[takes unusually long] ");
	text_add(&text, row->remark);
	char *remark = text_copy(text_string(&text));
	text_finish(&text);
	return remark;
}

static void add_remark(struct text *text, const struct row *row, const char *remark, int columns,
                       const struct terminal *terminal)
{
	struct text cut = {0};
	text_add_cut(&cut, remark, columns);
	if (row->state == PRG_STATE_FAILED || row->state == PRG_STATE_STALLED)
		bar_add_toned(text, text_string(&cut), row_tone(row->state), terminal);
	else
		text_add(text, text_string(&cut));
	text_finish(&cut);
}

static void add_in_one_line(struct text *text, const struct row *row, const struct row_layout *layout, const char *time,
                            const char *remark)
{
	int used = MARK_COLUMNS + layout->label_columns + 1 + layout->bar_columns + PERCENT_COLUMNS;
	if (layout->job_columns > 0) {
		text_add_padded(text, row->job_id, layout->job_columns);
		text_add(text, "  ");
		used += layout->job_columns + 2;
	}
	text_add_padded(text, row->label, layout->label_columns);
	text_add(text, " ");
	add_bar(text, row, layout);
	if (layout->time_columns > 0) {
		text_add(text, "  ");
		text_add_padded(text, time, layout->time_columns);
		used += layout->time_columns + 2;
	}
	if (remark[0] != '\0') {
		text_add(text, "  ");
		add_remark(text, row, remark, layout->columns - used - 2, layout->terminal);
	}
	text_add(text, "\n");
}

static void add_stacked(struct text *text, const struct row *row, const struct row_layout *layout, const char *time,
                        const char *remark)
{
	int room = layout->columns - MARK_COLUMNS;
	if (layout->job_columns > 0) {
		int used = text_add_cut(text, row->job_id, room);
		text_add(text, used + 2 + text_columns(row->label) > room ? "\n  " : "  ");
	}
	text_add_cut(text, row->label, room);
	text_add(text, "\n  ");
	add_bar(text, row, layout);
	if (time[0] != '\0')
		text_addf(text, "%s%s", layout->columns >= STACKED_TIME_FROM ? "  " : "\n  ", time);
	text_add(text, "\n");
	if (remark[0] != '\0') {
		text_add(text, "  ");
		add_remark(text, row, remark, room, layout->terminal);
		text_add(text, "\n");
	}
}

void row_add(struct text *text, const struct row *row, const struct row_layout *layout, double now, unsigned beat)
{
	struct text time = {0};
	add_time(&time, row, now);
	char *remark = make_remark(row);
	add_mark(text, row, layout->terminal, beat);
	if (layout->is_stacked)
		add_stacked(text, row, layout, text_string(&time), remark);
	else
		add_in_one_line(text, row, layout, text_string(&time), remark);
	free(remark);
	text_finish(&time);
}
