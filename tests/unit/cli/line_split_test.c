/* How output is cut into lines. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/line_split.h"
#include "cli/text.h"
#include "support/random.h"

static void note(const char *line, void *context)
{
	struct text *told = context;
	text_add(told, line);
	text_add(told, "|");
}

static void expect(const char *bytes, const char *lines)
{
	struct line_split split = {0};
	struct text told = {0};
	line_split_take(&split, bytes, strlen(bytes), note, &told);
	cr_assert_str_eq(text_string(&told), lines);
	text_finish(&told);
}

Test(line_split_take, ends_a_line_at_newline_carriage_return_and_backspace)
{
	expect("a\nb\rc\b\bd\n", "a|b|c|d|");
}

Test(line_split_take, tells_neither_empty_nor_unfinished_lines)
{
	expect("\n\r\n\nabc", "");
}

Test(line_split_take, leaves_colours_and_titles_out)
{
	expect("\x1b[32m45\x1b[1;31m%\x1b[0m\n", "45%|");
	expect("\x1b]0;title 99%\a12/80\n", "12/80|");
	expect("\x1b]0;title 99%\x1b\\12/80\n", "12/80|");
}

Test(line_split_take, ends_a_line_when_the_cursor_moves)
{
	expect("10%\x1b[1G20%\x1b[2K30%\n", "10%|20%|30%|");
}

Test(line_split_take, keeps_the_beginning_of_a_line_that_is_too_long)
{
	struct line_split split = {0};
	struct text told = {0}, bytes = {0};
	text_add(&bytes, "45% ");
	text_add_repeated(&bytes, "x", 2 * LINE_SPLIT_BYTES);
	text_add(&bytes, "\n");
	line_split_take(&split, bytes.bytes, bytes.length, note, &told);
	cr_assert_eq(told.length, (size_t)LINE_SPLIT_BYTES - 1 + 1);
	cr_assert(strncmp(told.bytes, "45% x", 5) == 0);
	text_finish(&told);
	text_finish(&bytes);
}

Test(line_split_take, does_not_depend_on_how_the_bytes_come)
{
	static const char bytes[] = "one\r\n\x1b[31mtwo 2%\x1b[0m\rthree\b\b\x1b]0;t\afour\n\x1b[2Kfive\n";
	struct text whole = {0};
	struct line_split split = {0};
	line_split_take(&split, bytes, sizeof(bytes) - 1, note, &whole);
	struct random random;
	random_start(&random, "line_split_take");
	for (int round = 0; round < 200; round++) {
		struct line_split pieces = {0};
		struct text told = {0};
		for (size_t at = 0; at < sizeof(bytes) - 1;) {
			size_t length = random_below(&random, sizeof(bytes) - at);
			line_split_take(&pieces, bytes + at, length, note, &told);
			at += length;
		}
		cr_assert_str_eq(text_string(&told), text_string(&whole));
		text_finish(&told);
	}
	text_finish(&whole);
}

Test(line_split_tell_rest, tells_an_unfinished_line_once)
{
	struct line_split split = {0};
	struct text told = {0};
	line_split_take(&split, "45%", 3, note, &told);
	cr_assert(line_split_has_rest(&split));
	line_split_tell_rest(&split, note, &told);
	line_split_tell_rest(&split, note, &told);
	cr_assert_not(line_split_has_rest(&split));
	line_split_take(&split, "\n", 1, note, &told);
	cr_assert_str_eq(text_string(&told), "45%|");
	text_finish(&told);
}

Test(line_split_tell_rest, tells_it_again_when_it_has_grown)
{
	struct line_split split = {0};
	struct text told = {0};
	line_split_take(&split, "10%..", 5, note, &told);
	line_split_tell_rest(&split, note, &told);
	line_split_take(&split, "20%", 3, note, &told);
	line_split_tell_rest(&split, note, &told);
	cr_assert_str_eq(text_string(&told), "10%..|10%..20%|");
	text_finish(&told);
}
