/* JSON as RFC 8259 wants it. */
#include <criterion/criterion.h>
#include <math.h>

#include "cli/json.h"

static void expect_quoted(const char *string, const char *quoted)
{
	struct text text = {0};
	json_add_quoted(&text, string);
	cr_assert_str_eq(text_string(&text), quoted);
	text_finish(&text);
}

Test(json_add_quoted, escapes_what_must_be)
{
	expect_quoted("", "\"\"");
	expect_quoted("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	expect_quoted("\n\t\r\x01\x1f\x7f", "\"\\n\\t\\u000d\\u0001\\u001f\\u007f\"");
}

Test(json_add_quoted, leaves_good_text_as_it_is)
{
	expect_quoted("Grüße 视频 🎬", "\"Grüße 视频 🎬\"");
}

Test(json_add_quoted, replaces_bytes_that_are_no_utf_8)
{
	expect_quoted("a\xff", "\"a\xef\xbf\xbd\"");
	expect_quoted("\xc3", "\"\xef\xbf\xbd\"");
	expect_quoted("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_quoted("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

Test(json_begin, separates_members_by_commas_and_nests)
{
	struct json json = {0};
	json_begin(&json, NULL);
	json_string(&json, "a", "x");
	json_begin(&json, "b");
	json_integer(&json, "c", -1);
	json_unsigned(&json, "d", UINT64_MAX);
	json_end(&json);
	json_begin(&json, "e");
	json_end(&json);
	json_bool(&json, "f", true);
	json_null(&json, "g");
	json_string_or_null(&json, "h", "");
	json_end(&json);
	cr_assert_str_eq(text_string(&json.text), "{\"a\":\"x\",\"b\":{\"c\":-1,\"d\":18446744073709551615},\"e\":{},"
	                                          "\"f\":true,\"g\":null,\"h\":null}");
	text_finish(&json.text);
}

static void expect_number(double number, const char *written)
{
	struct json json = {0};
	json_number(&json, NULL, number);
	cr_assert_str_eq(text_string(&json.text), written);
	text_finish(&json.text);
}

Test(json_number, writes_the_shortest_text_that_reads_back_the_same)
{
	expect_number(0, "0");
	expect_number(0.1, "0.1");
	expect_number(0.375, "0.375");
	expect_number(1.0 / 3, "0.3333333333333333");
}

Test(json_number, writes_null_for_what_is_no_number)
{
	expect_number((double)NAN, "null");
	expect_number((double)INFINITY, "null");
}

Test(json_time, writes_rfc_3339_and_null_for_never)
{
	struct json json = {0};
	json_begin(&json, NULL);
	json_time(&json, "a", 1714564800123);
	json_time(&json, "b", 0);
	json_end(&json);
	cr_assert_str_eq(text_string(&json.text), "{\"a\":\"2024-05-01T12:00:00.123Z\",\"b\":null}");
	text_finish(&json.text);
}
