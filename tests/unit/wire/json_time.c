/* Times at their edges, and every day of the calendar. */
#include "wire/json_time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(bool (*put)(struct buffer *, struct json_time), struct json_time time)
{
	static char text[64];
	struct buffer out;
	buffer_init(&out, sizeof text - 1);
	bool is_put = put(&out, time);
	memcpy(text, is_put ? out.at : "", is_put ? out.length : 0);
	text[is_put ? out.length : 0] = '\0';
	buffer_finish(&out);
	return text;
}

struct reading {
	const char *text;
	int64_t seconds;
	int32_t nanos;
	const char *same;
};

static void expect_readings(const struct reading *readings, size_t count,
                            bool (*read)(const char *, size_t, struct json_time *),
                            bool (*put)(struct buffer *, struct json_time))
{
	for (size_t i = 0; i < count; i++) {
		struct json_time time;
		cr_assert(read(readings[i].text, strlen(readings[i].text), &time), "%s", readings[i].text);
		cr_assert_eq(time.seconds, readings[i].seconds, "%s", readings[i].text);
		cr_assert_eq(time.nanos, readings[i].nanos, "%s", readings[i].text);
		cr_assert_str_eq(text_of(put, time), readings[i].same);
	}
}

Test(json_read_timestamp, reads_any_offset_and_up_to_nine_decimals)
{
	static const struct reading readings[] = {
	    {"1970-01-01T00:00:00Z", 0, 0, "\"1970-01-01T00:00:00Z\""},
	    {"0001-01-01T00:00:00Z", -62135596800, 0, "\"0001-01-01T00:00:00Z\""},
	    {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999, "\"9999-12-31T23:59:59.999999999Z\""},
	    {"2024-02-29T12:00:00.5Z", 1709208000, 500000000, "\"2024-02-29T12:00:00.500Z\""},
	    {"2024-02-29T14:00:00.000001+02:00", 1709208000, 1000, "\"2024-02-29T12:00:00.000001Z\""},
	    {"2024-02-28T23:30:00-12:30", 1709208000, 0, "\"2024-02-29T12:00:00Z\""},
	    {"1969-12-31T23:59:59.000000001Z", -1, 1, "\"1969-12-31T23:59:59.000000001Z\""},
	};
	expect_readings(readings, sizeof readings / sizeof *readings, json_read_timestamp, json_put_timestamp);
}

static void expect_refused(const char *const *texts, size_t count,
                           bool (*read)(const char *, size_t, struct json_time *))
{
	for (size_t i = 0; i < count; i++) {
		struct json_time time;
		cr_assert(!read(texts[i], strlen(texts[i]), &time), "%s", texts[i]);
	}
}

Test(json_read_timestamp, refuses_what_is_no_time)
{
	static const char *const texts[] = {
	    "",
	    "2024-01-01",
	    "2024-01-01T00:00:00",
	    "2024-01-01 00:00:00Z",
	    "2024-01-01t00:00:00z",
	    "2024-1-01T00:00:00Z",
	    "2023-02-29T00:00:00Z",
	    "1900-02-29T00:00:00Z",
	    "2024-13-01T00:00:00Z",
	    "2024-00-01T00:00:00Z",
	    "2024-04-31T00:00:00Z",
	    "2024-01-00T00:00:00Z",
	    "2024-01-01T24:00:00Z",
	    "2024-01-01T00:60:00Z",
	    "2024-01-01T00:00:60Z",
	    "2024-01-01T00:00:00.Z",
	    "2024-01-01T00:00:00.0000000001Z",
	    "2024-01-01T00:00:00+0200",
	    "2024-01-01T00:00:00+24:00",
	    "2024-01-01T00:00:00Zx",
	    "0000-12-31T23:59:59Z",
	    "0001-01-01T00:00:00+00:01",
	    "9999-12-31T23:59:59-00:01",
	    "+024-01-01T00:00:00Z",
	};
	expect_refused(texts, sizeof texts / sizeof *texts, json_read_timestamp);
}

Test(json_read_duration, reads_seconds_of_both_signs)
{
	static const struct reading readings[] = {
	    {"0s", 0, 0, "\"0s\""},
	    {"1.5s", 1, 500000000, "\"1.500s\""},
	    {"-0.5s", 0, -500000000, "\"-0.500s\""},
	    {"-1.000001s", -1, -1000, "\"-1.000001s\""},
	    {"007s", 7, 0, "\"7s\""},
	    {"315576000000s", 315576000000, 0, "\"315576000000s\""},
	    {"-315576000000s", -315576000000, 0, "\"-315576000000s\""},
	    {"3.000000001s", 3, 1, "\"3.000000001s\""},
	};
	expect_readings(readings, sizeof readings / sizeof *readings, json_read_duration, json_put_duration);
}

Test(json_read_duration, refuses_what_is_no_duration)
{
	static const char *const texts[] = {"",
	                                    "s",
	                                    "1",
	                                    "1.s",
	                                    ".5s",
	                                    "+1s",
	                                    "1 s",
	                                    "1ms",
	                                    "1.0000000001s",
	                                    "315576000001s",
	                                    "315576000000.1s",
	                                    "99999999999999999999999s",
	                                    "--1s",
	                                    "1s "};
	expect_refused(texts, sizeof texts / sizeof *texts, json_read_duration);
}

Test(json_put_timestamp, agrees_with_the_c_library_on_every_day)
{
	for (int64_t day = -719162; day <= 2932896; day++) {
		struct tm date;
		char expected[30], text[64];
		time_t seconds = day * 86400 + (day & 0xffff);
		gmtime_r(&seconds, &date);
		strftime(expected, sizeof expected, "-%m-%dT%H:%M:%SZ", &date);
		snprintf(text, sizeof text, "\"%04d%s\"", date.tm_year + 1900, expected);
		cr_assert_str_eq(text_of(json_put_timestamp, (struct json_time){seconds, 0}), text);
		struct json_time again;
		cr_assert(json_read_timestamp(text + 1, strlen(text) - 2, &again), "%s", text);
		cr_assert_eq(again.seconds, seconds, "%s", text);
	}
}

Test(json_put_timestamp, refuses_what_is_out_of_range)
{
	static const struct json_time times[] = {{-62135596801, 0}, {253402300800, 0}, {0, -1},
	                                         {0, 1000000000},   {INT64_MIN, 0},    {INT64_MAX, 0}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		cr_assert_str_empty(text_of(json_put_timestamp, times[i]));
}

Test(json_put_duration, refuses_what_is_out_of_range_or_of_two_signs)
{
	static const struct json_time times[] = {{315576000001, 0}, {INT64_MIN, 0},  {1, -1},
	                                         {-1, 1},           {0, 1000000000}, {0, INT32_MIN}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		cr_assert_str_empty(text_of(json_put_duration, times[i]));
}
