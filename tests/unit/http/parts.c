/* The small pure parts: decoding, names of files, envelopes, time-outs, traces. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/connect.h"
#include "http/connect_stream.h"
#include "http/files.h"
#include "http/pages.h"
#include "http/query.h"

static struct fault fault;

static struct arena arena;

static void start(void)
{
	arena_init(&arena, 1 << 20);
}

static void stop(void)
{
	arena_finish(&arena);
}

TestSuite(query_decode, .init = start, .fini = stop);

static const char *decode(const char *text)
{
	const char *decoded;
	fault = (struct fault){0};
	if (query_decode(text, strlen(text), "job", &arena, &decoded, &fault) != ERR_OK)
		return NULL;
	return decoded;
}

Test(query_decode, undoes_percent_signs)
{
	cr_assert_str_eq(decode("a%2Fb%c3%bc+c"), "a/bü+c");
	cr_assert_str_eq(decode(""), "");
	cr_assert_str_eq(decode("%25"), "%");
}

Test(query_decode, refuses_what_is_no_clean_text)
{
	const char *const bad[] = {"%", "%2", "%zz", "a%", "%00", "%0a", "%ff", "%c3", "%7f"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_assert_null(decode(bad[i]), "%s", bad[i]);
		cr_assert_eq(fault.code, ERR_INVALID_ARGUMENT);
		cr_assert_eq(strncmp(fault.text, "job:", 4), 0);
	}
}

Test(files_name, knows_files_below_the_folder)
{
	cr_assert_str_eq(files_name("/"), "index.html");
	cr_assert_str_eq(files_name("/assets/a-B_1.js"), "assets/a-B_1.js");
}

Test(files_name, leads_nowhere_else)
{
	const char *const bad[] = {"/..",   "/../a", "/a/../b",  "/.git", "/a/.b", "//a",    "/a//b", "/a/", "/a%2e%2e",
	                           "/a\\b", "/a b",  "/%2e%2e/", "/./a",  "/a/..", "/a\x80", "/~a",   "/a:b"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_null(files_name(bad[i]), "%s", bad[i]);
}

Test(pages_has, knows_the_pages)
{
	const char *const pages[] = {"/", "/history", "/overview", "/jobs/clip-1", "/jobs/a.b:c", "/jobs/a%3Ab"};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		cr_assert(pages_has(pages[i]), "%s", pages[i]);
}

Test(pages_has, knows_nothing_else)
{
	const char *const others[] = {"/jobs",     "/jobs/",   "/jobs/a/b",  "/history/", "/api/jobs",   "/api/",   "/x",
	                              "/jobs/../", "/jobs/..", "/jobs/a\\b", "//",        "/index.html", "/History"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert_not(pages_has(others[i]), "%s", others[i]);
}

Test(files_type, goes_by_the_ending)
{
	cr_assert_str_eq(files_type("a.b.JS"), "text/javascript; charset=utf-8");
	cr_assert_str_eq(files_type("a"), "application/octet-stream");
	cr_assert_str_eq(files_type("a.exe"), "application/octet-stream");
}

Test(connect_stream_open, takes_one_message_in_its_envelope)
{
	struct wire_bytes message;
	cr_assert_eq(connect_stream_open("\0\0\0\0\3abc", 8, &message, &fault), ERR_OK);
	cr_assert_eq(message.length, 3);
	cr_assert_arr_eq(message.at, "abc", 3);
	cr_assert_eq(connect_stream_open("\0\0\0\0\0", 5, &message, &fault), ERR_OK);
	cr_assert_eq(message.length, 0);
}

Test(connect_stream_open, refuses_other_bodies)
{
	struct wire_bytes message;
	cr_assert_eq(connect_stream_open(NULL, 0, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\0\0\0\0", 4, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\0\0\0\0\3ab", 7, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\0\0\0\0\1ab", 7, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\2\0\0\0\2{}", 7, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\0\xff\xff\xff\xff", 5, &message, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_stream_open("\1\0\0\0\0", 5, &message, &fault), ERR_INTERNAL);
}

Test(connect_read_timeout, takes_up_to_ten_digits)
{
	uint32_t ms = 7;
	cr_assert_eq(connect_read_timeout(NULL, &ms, &fault), ERR_OK);
	cr_assert_eq(ms, 0);
	cr_assert_eq(connect_read_timeout("1500", &ms, &fault), ERR_OK);
	cr_assert_eq(ms, 1500);
	cr_assert_eq(connect_read_timeout("9999999999", &ms, &fault), ERR_OK);
	cr_assert_eq(ms, UINT32_MAX);
	cr_assert_eq(connect_read_timeout("0", &ms, &fault), ERR_DEADLINE_EXCEEDED);
	cr_assert_eq(connect_read_timeout("12345678901", &ms, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_read_timeout("-1", &ms, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_eq(connect_read_timeout("1s", &ms, &fault), ERR_INVALID_ARGUMENT);
}
