/* What counts as a report of progress in a command's output, and what only looks like one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/progress_line.h"

static void expect(const char *line, double done, double total)
{
	struct progress_lines lines = {0};
	struct measure measure = {-1, -1};
	bool found = progress_line_read(&lines, line, &measure);
	cr_assert(found, "nothing found in \"%s\"", line);
	cr_assert(measure.done == done && measure.total == total, "\"%s\" is read as %g of %g", line, measure.done,
	          measure.total);
}

static void expect_none(const char *line)
{
	struct progress_lines lines = {0};
	struct measure measure = {-1, -1};
	bool found = progress_line_read(&lines, line, &measure);
	cr_assert(!found, "\"%s\" is read as %g of %g", line, measure.done, measure.total);
}

Test(progress_line_read, finds_percentages)
{
	expect("45%", 45, 100);
	expect("[ 45%] Building C object", 45, 100);
	expect("45.2 %", 45.2, 100);
	expect("progress=7.25%", 7.25, 100);
	expect(" 62%|██████▏   | 62/100 [00:06<00:03,  9.9it/s]", 62, 100);
	expect("file.mp4   100%[=======>] 1.2M  --.-KB/s", 100, 100);
	expect("0%", 0, 100);
	expect("  1,238,099  45%  146.38kB/s    0:00:08  (xfr#5, to-chk=169/396)", 45, 100);
}

Test(progress_line_read, finds_pairs)
{
	expect("12/80", 12, 80);
	expect("[12/80] Linking C executable prg", 12, 80);
	expect("frame 12 / 80", 12, 80);
	expect("Step 3/10 : RUN make", 3, 10);
	expect("downloading 3/10...", 3, 10);
	expect("done: 80/80.", 80, 80);
	expect("(0/7)", 0, 7);
}

Test(progress_line_read, takes_the_percentage_when_there_is_a_pair_too)
{
	expect("9/20 files, 40%", 40, 100);
}

Test(progress_line_read, skips_what_is_no_progress_and_goes_on_to_what_is)
{
	expect("2024/05/01 12:00:00 30%", 30, 100);
	expect("2024/05/01 item 3/4", 3, 4);
	expect("cpu 250% done 10%", 10, 100);
}

Test(progress_line_read, leaves_dates_paths_and_versions_alone)
{
	expect_none("2024/05/01");
	expect_none("01/05/2024 started");
	expect_none("/usr/lib/x86_64/1/2/file");
	expect_none("src/1/2");
	expect_none("1/2/3");
	expect_none("frames/12/80.png");
	expect_none("3/80.png");
	expect_none("HTTP/1.1 200 OK");
	expect_none("10.0.0.0/24");
	expect_none("v1/2");
	expect_none("a-1/2");
	expect_none("12/80x");
	expect_none("30000/1001 fps");
}

Test(progress_line_read, refuses_more_than_all)
{
	expect_none("100/50");
	expect_none("101%");
	expect_none("0/0");
	expect_none("1,000/2,000");
}

Test(progress_line_read, leaves_other_uses_of_the_percent_sign_alone)
{
	expect_none("%d items");
	expect_none("foo%20bar");
	expect_none("a%2");
	expect_none("20%20");
	expect_none("x86%");
	expect_none("-5%");
	expect_none("100%%");
	expect_none("%");
	expect_none("");
	expect_none("nothing to see");
}

Test(progress_line_read, reads_ffmpeg_once_the_duration_is_known)
{
	struct progress_lines lines = {0};
	struct measure measure;
	cr_assert_not(progress_line_read(&lines, "out_time_us=1000000", &measure));
	cr_assert_not(progress_line_read(&lines, "  Duration: 00:01:23.45, start: 0.000000, bitrate: 1205 kb/s", &measure));
	cr_assert_float_eq(lines.total_seconds, 83.45, 1e-9);
	cr_assert(progress_line_read(&lines, "out_time_us=1234567", &measure));
	cr_assert_float_eq(measure.done, 1.234567, 1e-9);
	cr_assert_float_eq(measure.total, 83.45, 1e-9);
	cr_assert(progress_line_read(&lines, "out_time_ms=2000000", &measure), "these are microseconds, too");
	cr_assert_float_eq(measure.done, 2, 1e-9);
	cr_assert(progress_line_read(&lines, "out_time=00:00:03.500000", &measure));
	cr_assert_float_eq(measure.done, 3.5, 1e-9);
	cr_assert(progress_line_read(&lines, "progress=end", &measure));
	cr_assert_float_eq(measure.done, 83.45, 1e-9);
}

Test(progress_line_read, reads_the_status_line_of_ffmpeg)
{
	struct progress_lines lines = {.total_seconds = 10, .total_is_given = true};
	struct measure measure;
	const char *line = "frame=  100 fps= 25 q=28.0 size=     256kB time=00:00:04.00 bitrate= 524.3kbits/s speed=1.2x";
	cr_assert(progress_line_read(&lines, line, &measure));
	cr_assert_float_eq(measure.done, 4, 1e-9);
}

Test(progress_line_read, keeps_the_total_that_was_given)
{
	struct progress_lines lines = {.total_seconds = 10, .total_is_given = true};
	struct measure measure;
	cr_assert_not(progress_line_read(&lines, "  Duration: 01:00:00.00, start: 0", &measure));
	cr_assert_float_eq(lines.total_seconds, 10, 0);
	cr_assert(progress_line_read(&lines, "out_time_us=11000000", &measure));
	cr_assert_float_eq(measure.done, 10, 0, "what is made beyond the total counts as the total");
}

Test(progress_line_read, takes_the_longest_of_several_inputs)
{
	struct progress_lines lines = {0};
	struct measure measure;
	progress_line_read(&lines, "  Duration: 00:00:20.00, start: 0", &measure);
	progress_line_read(&lines, "  Duration: 00:00:05.00, start: 0", &measure);
	progress_line_read(&lines, "  Duration: N/A, start: 0", &measure);
	cr_assert_float_eq(lines.total_seconds, 20, 0);
}

Test(progress_line_read, ignores_times_that_are_not_available)
{
	struct progress_lines lines = {.total_seconds = 10};
	struct measure measure;
	cr_assert_not(progress_line_read(&lines, "out_time_us=N/A", &measure));
	cr_assert_not(progress_line_read(&lines, "out_time_us=-9223372036854775808", &measure));
	cr_assert_not(progress_line_read(&lines, "out_time=N/A", &measure));
	cr_assert_not(progress_line_read(&lines, "out_time=-00:00:00.020000", &measure));
	cr_assert_not(progress_line_read(&lines, "progress=continue", &measure));
}

Test(progress_line_read, takes_no_statistics_of_ffmpeg_for_progress)
{
	struct progress_lines lines = {.total_seconds = 10};
	struct measure measure;
	cr_assert(progress_line_read(&lines, "out_time_us=1000000", &measure));
	cr_assert_not(progress_line_read(&lines, "[libx264 @ 0x55] ref B L1: 95.1%  4.9%", &measure));
	cr_assert_not(progress_line_read(&lines, "frame 3/4", &measure));
}
