/* The bar's cells, and rows that fit into the terminal whatever its width. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/row.h"

static const struct terminal plain = {.columns = 80, .rows = 24, .has_blocks = true};
static const struct terminal ascii = {.columns = 80, .rows = 24};
static const struct terminal coloured = {.columns = 80, .rows = 24, .has_blocks = true, .paint = PAINT_256};

static void expect(const struct terminal *terminal, double fraction, double measured, const char *drawn)
{
	struct bar bar = {.fraction = fraction, .measured = measured};
	struct text text = {0};
	bar_add(&text, &bar, 10, terminal);
	cr_assert_str_eq(text_string(&text), drawn);
	text_finish(&text);
}

Test(bar_add, draws_eighths_in_a_frame)
{
	expect(&plain, 0, 1, "▕        ▏");
	expect(&plain, 0.5, 1, "▕████    ▏");
	expect(&plain, 1.0 / 64, 1, "▕▏       ▏");
	expect(&plain, 0.125 + 4.0 / 64, 1, "▕█▌      ▏");
	expect(&plain, 1, 1, "▕████████▏");
}

Test(bar_add, looks_full_only_when_it_is)
{
	expect(&plain, 0.9999, 1, "▕███████▉▏");
	expect(&plain, 7, 1, "▕████████▏");
	expect(&plain, -1, 1, "▕        ▏");
}

Test(bar_add, shades_what_is_simulated)
{
	expect(&plain, 0.75, 0.25, "▕██▒▒▒▒  ▏");
	expect(&ascii, 0.75, 0.25, "[==~~~~  ]");
}

Test(bar_add, does_without_block_characters)
{
	expect(&ascii, 0.5625, 1, "[====>   ]");
}

Test(bar_add, draws_on_a_track_with_256_colours)
{
	expect(&coloured, 0.55, 1, "\x1b[38;5;39;48;5;238m█████▌    \x1b[0m");
}

static struct row example(void)
{
	return (struct row){.job_id = (char *)(size_t) "clip-0000000000000000000042",
	                    .label = (char *)(size_t) "Transcribing audio",
	                    .remark = (char *)(size_t) "12 of 60 seconds, with a message that goes on and on and on",
	                    .state = PRG_STATE_ACTIVE,
	                    .percent = 37,
	                    .fraction = 0.37,
	                    .measured = 1,
	                    .has_eta = true,
	                    .eta_end = 130};
}

static char *draw(const struct row *row, int columns, bool show_jobs, double now)
{
	struct terminal terminal = {.columns = columns, .rows = 24, .has_blocks = true};
	struct row_layout layout;
	row_layout(&row, 1, show_jobs, &terminal, &layout);
	struct text text = {0};
	row_add(&text, row, &layout, now, 0);
	char *drawn = text_copy(text_string(&text));
	text_finish(&text);
	return drawn;
}

Test(row_add, says_everything_at_every_width)
{
	struct row row = example();
	for (int columns = 20; columns <= 200; columns++) {
		char *drawn = draw(&row, columns, true, 0);
		cr_assert_not_null(strstr(drawn, "37%"), "width %d: %s", columns, drawn);
		cr_assert_not_null(strstr(drawn, "2m10s left"), "width %d: %s", columns, drawn);
		cr_assert_not_null(strstr(drawn, "12 of"), "width %d: %s", columns, drawn);
		cr_assert_not_null(strstr(drawn, "Transcribing"), "width %d: %s", columns, drawn);
		cr_assert_not_null(strstr(drawn, "clip-"), "width %d: %s", columns, drawn);
		free(drawn);
	}
}

Test(row_add, never_draws_beyond_the_width)
{
	struct row row = example();
	for (int columns = 9; columns <= 200; columns++) {
		char *drawn = draw(&row, columns, columns % 2 == 0, 0);
		char *rest;
		for (char *line = strtok_r(drawn, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
			cr_assert(text_columns(line) < columns || columns < 13, "width %d: %s", columns, line);
		free(drawn);
	}
}

Test(row_add, uses_one_line_when_it_is_wide_enough)
{
	struct row row = example();
	char *drawn = draw(&row, 100, false, 0);
	cr_assert_eq(strchr(drawn, '\n'), drawn + strlen(drawn) - 1);
	free(drawn);
}

Test(row_add, counts_the_time_left_down_and_never_shows_zero)
{
	struct row row = example();
	char *drawn = draw(&row, 100, false, 120);
	cr_assert_not_null(strstr(drawn, "10s left"));
	free(drawn);
	drawn = draw(&row, 100, false, 129.5);
	cr_assert_null(strstr(drawn, "left"));
	free(drawn);
}

Test(row_add, says_that_the_time_left_is_not_known)
{
	struct row row = example();
	row.has_eta = false;
	row.is_under_way = true;
	char *drawn = draw(&row, 100, false, 0);
	cr_assert_not_null(strstr(drawn, "ETA unknown"));
	free(drawn);
}

Test(row_add, says_what_is_wrong)
{
	static const char *const words[] = {"", "[no sign of life]", "[reports have stopped]", "[takes unusually long]"};
	struct row row = example();
	for (int flag = PRG_FLAG_LOST; flag <= PRG_FLAG_OVERDUE; flag++) {
		row.flag = (enum prg_flag)flag;
		char *drawn = draw(&row, 120, false, 0);
		cr_assert_not_null(strstr(drawn, words[flag]), "%s", drawn);
		free(drawn);
	}
}

Test(row_add, marks_simulated_movement)
{
	struct row row = example();
	row.measured = 0.25;
	char *drawn = draw(&row, 100, false, 0);
	cr_assert_not_null(strstr(drawn, "~37%"));
	cr_assert_not_null(strstr(drawn, "▒"));
	free(drawn);
}

Test(row_take, shows_what_a_failed_job_had_reached_and_why_it_failed)
{
	struct prg_progress progress = {.job_id = "job-1",
	                                .status = "failed",
	                                .label = "Failed",
	                                .message = "working",
	                                .error = "no sound",
	                                .state = PRG_STATE_FAILED,
	                                .reached_progress = 37};
	struct row row = {0};
	row_take(&row, &progress, 0);
	cr_assert_eq(row.percent, 37);
	cr_assert_float_eq(row.fraction, 0.37, 1e-9);
	cr_assert_str_eq(row.remark, "no sound");
	row_finish(&row);
}
