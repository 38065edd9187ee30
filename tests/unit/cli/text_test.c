/* Widths on a terminal, and text that cannot steer it. */
#include <criterion/criterion.h>

#include "cli/text.h"
#include "cli/times.h"

static void expect_cut(const char *string, int columns, const char *result, int used)
{
	struct text text = {0};
	cr_assert_eq(text_add_cut(&text, string, columns), used);
	cr_assert_str_eq(text_string(&text), result);
	text_finish(&text);
}

Test(text_columns, counts_wide_and_combining_characters)
{
	cr_assert_eq(text_columns("abc"), 3);
	cr_assert_eq(text_columns("Grüße"), 5);
	cr_assert_eq(text_columns("视频"), 4);
	cr_assert_eq(text_columns("e\xcc\x81"), 1);
	cr_assert_eq(text_columns("🎬"), 2);
	cr_assert_eq(text_columns("█▏"), 2);
}

Test(text_add_cut, leaves_text_that_fits_as_it_is)
{
	expect_cut("abc", 3, "abc", 3);
	expect_cut("视频", 4, "视频", 4);
	expect_cut("abc", -1, "abc", 3);
	expect_cut("", 0, "", 0);
}

Test(text_add_cut, ends_text_that_does_not_fit_by_an_ellipsis)
{
	expect_cut("abcdef", 4, "abc…", 4);
	expect_cut("视频", 3, "视…", 3);
	expect_cut("视频", 2, "…", 1);
	expect_cut("abc", 0, "", 0);
}

Test(text_add_cut, takes_the_power_from_control_characters)
{
	expect_cut("a\x1b[31mb\n\r\x7f", -1, "a?[31mb???", 10);
	expect_cut("\xc2\x9b"
	           "31m",
	           -1, "?31m", 4);
	expect_cut("\xff\xc3", -1, "??", 2);
	expect_cut("\xe2\x80\xae"
	           "abc",
	           -1, "?abc", 4);
}

Test(text_add_padded, fills_up_to_the_width)
{
	struct text text = {0};
	text_add_padded(&text, "视频", 6);
	text_add(&text, "|");
	text_add_padded(&text, "abcdef", 3);
	text_add(&text, "|");
	cr_assert_str_eq(text_string(&text), "视频  |ab…|");
	text_finish(&text);
}

static void expect_duration(double seconds, const char *written)
{
	struct text text = {0};
	times_add_duration(&text, seconds);
	cr_assert_str_eq(text_string(&text), written);
	cr_assert(text_columns(written) <= 6);
	text_finish(&text);
}

Test(times_add_duration, shows_the_two_units_that_matter)
{
	expect_duration(-1, "<1s");
	expect_duration(0.9, "<1s");
	expect_duration(45.9, "45s");
	expect_duration(130, "2m10s");
	expect_duration(3900, "1h05m");
	expect_duration(86399, "23h59m");
	expect_duration(3 * 86400 + 4 * 3600, "3d04h");
	expect_duration(200.0 * 86400, "200d");
}

Test(times_read_duration, reads_seconds_and_units)
{
	double seconds;
	cr_assert(times_read_duration("90", &seconds) && seconds == 90);
	cr_assert(times_read_duration("1.5s", &seconds) && seconds == 1.5);
	cr_assert(times_read_duration("15m", &seconds) && seconds == 900);
	cr_assert(times_read_duration("2h", &seconds) && seconds == 7200);
	cr_assert(times_read_duration("7d", &seconds) && seconds == 604800);
}

Test(times_read_duration, refuses_what_is_no_duration)
{
	static const char *const bad[] = {"", "x", "-1", "1x", "1mm", "nan", "inf", "1e999", " 1"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		double seconds;
		cr_assert_not(times_read_duration(bad[i], &seconds), "'%s' is taken", bad[i]);
	}
}
