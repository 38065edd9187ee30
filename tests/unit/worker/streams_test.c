/* What other programs print, and how it is read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "analysis.h"
#include "ffmpeg.h"
#include "lines.h"

/* Joins lines with bars between. */
static void join(void *context, const char *line)
{
	char *text = context;
	cr_assert_lt(strlen(text) + strlen(line), 2000);
	strcat(strcat(text, line), "|");
}

Test(lines_feed, joins_lines_that_come_in_pieces)
{
	char text[2048] = "";
	struct lines lines = {.take = join, .context = text};
	lines_feed(&lines, "one\ntw", 6);
	lines_feed(&lines, "o\r\n\nthree", 9);
	cr_assert_str_eq(text, "one|two|");
	lines_end(&lines);
	cr_assert_str_eq(text, "one|two|three|");
}

Test(lines_feed, cuts_a_line_without_end)
{
	char text[2048] = "";
	struct lines lines = {.take = join, .context = text};
	for (int i = 0; i < 5000; i++)
		lines_feed(&lines, "x", 1);
	lines_feed(&lines, "\ny\n", 3);
	cr_assert_eq(strlen(text), sizeof lines.text - 1 + strlen("|y|"));
}

Test(ffmpeg_read_out_time, reads_microseconds_as_milliseconds)
{
	uint64_t ms = 0;
	cr_assert(ffmpeg_read_out_time("out_time_us=8512345", &ms));
	cr_assert_eq(ms, 8512);
}

Test(ffmpeg_read_out_time, leaves_out_other_lines)
{
	uint64_t ms = 7;
	cr_assert_not(ffmpeg_read_out_time("out_time_us=N/A", &ms));
	cr_assert_not(ffmpeg_read_out_time("out_time_us=-9223372036854775807", &ms));
	cr_assert_not(ffmpeg_read_out_time("out_time_us=", &ms));
	cr_assert_not(ffmpeg_read_out_time("out_time_us=12x", &ms));
	cr_assert_not(ffmpeg_read_out_time("progress=end", &ms));
	cr_assert_eq(ms, 7);
}

Test(analysis_take_line, keeps_scene_changes_in_order)
{
	struct analysis analysis = {0};
	analysis_take_line(&analysis, "frame:100  pts:100 pts_time:4");
	analysis_take_line(&analysis, "lavfi.scd.time=4.04");
	analysis_take_line(&analysis, "lavfi.scd.time=9");
	analysis_take_line(&analysis, "lavfi.scd.time=8");
	analysis_take_line(&analysis, "lavfi.scd.time=nan");
	cr_assert_eq(analysis.cut_count, 2);
	cr_assert_float_eq(analysis.cuts[0], 4.04, 1e-9);
	cr_assert_float_eq(analysis.cuts[1], 9, 1e-9);
	analysis_clear(&analysis);
}

Test(analysis_take_line, takes_silence_for_very_quiet)
{
	struct analysis analysis = {0};
	analysis_take_line(&analysis, "lavfi.r128.M=-23.5");
	analysis_take_line(&analysis, "lavfi.r128.M=-inf");
	cr_assert_eq(analysis.level_count, 2);
	cr_assert_float_eq(analysis.levels[0], -23.5, 1e-6);
	cr_assert_float_eq(analysis.levels[1], -120, 1e-6);
	analysis_clear(&analysis);
}

Test(analysis_take_line, keeps_no_more_than_its_limit)
{
	struct analysis analysis = {0};
	char line[64];
	for (int i = 1; i < 3 * ANALYSIS_CUTS_MAX; i++) {
		snprintf(line, sizeof line, "lavfi.scd.time=%d", i);
		analysis_take_line(&analysis, line);
	}
	cr_assert_eq(analysis.cut_count, ANALYSIS_CUTS_MAX);
	analysis_clear(&analysis);
}
