/* Which heads are well formed: every way in which two readers could disagree is refused with its reason. */
#include "http/head.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"

static enum refusal check(const char *text)
{
	struct head head;
	return head_check(text, strlen(text), &head);
}

#define GOOD "GET / HTTP/1.1\r\nHost: a\r\n"

Test(head_check, takes_what_clients_send)
{
	cr_assert_eq(check(GOOD "\r\n"), REFUSAL_NONE);
	cr_assert_eq(check("HEAD /a%20b?c=d&e HTTP/1.0\r\nhOsT:a:80\r\n\r\n"), REFUSAL_NONE);
	cr_assert_eq(check(GOOD "Accept: */*\r\nX-Empty:\r\nX-Tab:\ta\tb\r\nX-Latin: \xe9\r\n\r\n"), REFUSAL_NONE);
	cr_assert_eq(check(GOOD "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n"), REFUSAL_NONE);
}

Test(head_check, says_what_follows)
{
	struct head head;
	const char *text = GOOD "Content-Length: 0123 \r\n\r\n";
	cr_assert_eq(head_check(text, strlen(text), &head), REFUSAL_NONE);
	cr_assert(head.body == HEAD_BODY_LENGTH && head.body_bytes == 123);
	text = GOOD "Content-Length: 0\r\n\r\n";
	cr_assert_eq(head_check(text, strlen(text), &head), REFUSAL_NONE);
	cr_assert_eq(head.body, HEAD_BODY_NONE);
	text = GOOD "Transfer-Encoding: Chunked\r\n\r\n";
	cr_assert_eq(head_check(text, strlen(text), &head), REFUSAL_NONE);
	cr_assert_eq(head.body, HEAD_BODY_CHUNKED);
}

Test(head_check, wants_crlf_at_the_end_of_each_line)
{
	cr_assert_eq(check("GET / HTTP/1.1\nHost: a\r\n\r\n"), REFUSAL_BARE_LF);
	cr_assert_eq(check("GET / HTTP/1.1\r\nHost: a\n\r\n"), REFUSAL_BARE_LF);
	cr_assert_eq(check(GOOD "\n"), REFUSAL_BARE_LF);
	cr_assert_eq(check(GOOD "A: b\rC: d\r\n\r\n"), REFUSAL_BARE_LF);
	cr_assert_eq(check("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), REFUSAL_BARE_LF);
}

Test(head_check, wants_method_path_and_version_with_one_space_between)
{
	const char *const lines[] = {"",
	                             "GET",
	                             "GET /",
	                             "GET  / HTTP/1.1",
	                             "GET / HTTP/1.1 ",
	                             "get / HTTP/1.1",
	                             " GET / HTTP/1.1",
	                             "GET /a b HTTP/1.1",
	                             "GET a HTTP/1.1",
	                             "GET * HTTP/1.1",
	                             "GET http://a/ HTTP/1.1",
	                             "G\tT / HTTP/1.1",
	                             "/ HTTP/1.1",
	                             "GET\t/ HTTP/1.1",
	                             "GET / HTTX/1.1",
	                             "ABCDEFGHIJKLMNOPQ / HTTP/1.1"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char text[200];
		snprintf(text, sizeof text, "%s\r\nHost: a\r\n\r\n", lines[i]);
		enum refusal refusal = check(text);
		cr_assert(refusal == REFUSAL_BAD_REQUEST_LINE || refusal == REFUSAL_BAD_CHARACTER ||
		              refusal == REFUSAL_BAD_VERSION,
		          "%s", lines[i]);
	}
	cr_assert_eq(check("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), REFUSAL_BAD_VERSION);
	cr_assert_eq(check("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), REFUSAL_BAD_VERSION);
	cr_assert_eq(check("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSAL_BAD_CHARACTER);
	cr_assert_eq(check("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSAL_BAD_CHARACTER);
}

Test(head_check, wants_each_field_on_one_line_with_a_name)
{
	cr_assert_eq(check(GOOD "A : b\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD "A: b\r\n c\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD "\tA: b\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD ": b\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD "no colon\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD "A(b): c\r\n\r\n"), REFUSAL_BAD_FIELD);
	cr_assert_eq(check(GOOD "A: b\x01\r\n\r\n"), REFUSAL_BAD_CHARACTER);
	cr_assert_eq(check(GOOD "A: b\x7f\r\n\r\n"), REFUSAL_BAD_CHARACTER);
	struct head head;
	cr_assert_eq(head_check(GOOD "A: b\0c\r\n\r\n", sizeof GOOD - 1 + 10, &head), REFUSAL_BAD_CHARACTER);
}

Test(head_check, wants_one_length)
{
	cr_assert_eq(check(GOOD "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), REFUSAL_TWO_LENGTHS);
	cr_assert_eq(check(GOOD "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"), REFUSAL_TWO_LENGTHS);
	cr_assert_eq(check(GOOD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), REFUSAL_TWO_LENGTHS);
	cr_assert_eq(check(GOOD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), REFUSAL_TWO_LENGTHS);
	const char *const values[] = {"", "+5", "-5", "5,5", "0x5", "5 5", "5;", "1234567890123456789"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char text[200];
		snprintf(text, sizeof text, GOOD "Content-Length: %s\r\n\r\n", values[i]);
		cr_assert_eq(check(text), REFUSAL_BAD_LENGTH, "%s", values[i]);
	}
}

Test(head_check, knows_one_coding)
{
	cr_assert_eq(check(GOOD "Transfer-Encoding: gzip\r\n\r\n"), REFUSAL_BAD_CODING);
	cr_assert_eq(check(GOOD "Transfer-Encoding: gzip, chunked\r\n\r\n"), REFUSAL_BAD_CODING);
	cr_assert_eq(check(GOOD "Transfer-Encoding: xchunked\r\n\r\n"), REFUSAL_BAD_CODING);
	cr_assert_eq(check(GOOD "Transfer-Encoding:\r\n\r\n"), REFUSAL_BAD_CODING);
	cr_assert_eq(check("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), REFUSAL_BAD_CODING);
	cr_assert_eq(check(GOOD "Expect: something\r\n\r\n"), REFUSAL_BAD_EXPECTATION);
}

Test(head_check, wants_one_host)
{
	cr_assert_eq(check("GET / HTTP/1.1\r\n\r\n"), REFUSAL_NO_HOST);
	cr_assert_eq(check("GET / HTTP/1.1\r\nA: b\r\n\r\n"), REFUSAL_NO_HOST);
	cr_assert_eq(check(GOOD "Host: b\r\n\r\n"), REFUSAL_NO_HOST);
}

Test(head_check, bounds_the_fields_and_the_path)
{
	static char text[HEAD_BYTES_MAX];
	size_t length = (size_t)snprintf(text, sizeof text, GOOD);
	for (int i = 1; i < HEAD_FIELDS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "A%d: b\r\n", i);
	snprintf(text + length, sizeof text - length, "\r\n");
	cr_assert_eq(check(text), REFUSAL_NONE);
	snprintf(text + length, sizeof text - length, "Z: b\r\n\r\n");
	cr_assert_eq(check(text), REFUSAL_TOO_MANY_FIELDS);
	length = (size_t)snprintf(text, sizeof text, "GET /");
	memset(text + length, 'a', HEAD_TARGET_BYTES_MAX);
	snprintf(text + length + HEAD_TARGET_BYTES_MAX, sizeof text - length - HEAD_TARGET_BYTES_MAX,
	         " HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert_eq(check(text), REFUSAL_TARGET_TOO_LONG);
}

Test(head_length, finds_the_end_wherever_the_bytes_are_cut)
{
	const char *text = GOOD "A: b\r\n\r\nGET /next";
	size_t whole = strlen(GOOD "A: b\r\n\r\n");
	for (size_t seen = 0; seen < whole; seen++) {
		cr_assert_eq(head_length(text, seen, 0), 0);
		cr_assert_eq(head_length(text, strlen(text), seen), whole, "%zu", seen);
	}
	cr_assert_eq(head_length("GET / HTTP/1.1\nHost: a\n\nrest", 28, 0), 24, "so that the bare LF is refused at once");
	cr_assert_eq(head_length("GET / HTTP/1.1\r\nHost: a\r\n\nrest", 30, 0), 26);
}

/* What nobody could read in two ways: no line end but CRLF, no NUL. */
static bool is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_end = text[i] == '\n' && i > 0 && text[i - 1] == '\r';
		bool is_return = text[i] == '\r' && i + 1 < length && text[i + 1] == '\n';
		if (text[i] == '\0' || (text[i] == '\n' && !is_end) || (text[i] == '\r' && !is_return))
			return false;
	}
	return true;
}

Test(head_check, lets_nothing_pass_that_is_not_plain)
{
	struct random random;
	int passed = 0;
	random_start(&random, "head_check");
	for (int round = 0; round < 50000; round++) {
		char text[] = GOOD "Content-Length: 12\r\nA: b\r\n\r\n";
		struct head head;
		for (uint64_t changes = 1 + random_below(&random, 3); changes > 0; changes--)
			text[random_below(&random, sizeof text - 1)] = "\r\n\0 :aA\t1"[random_below(&random, 9)];
		/* A change may end the head early; what follows is the body's. */
		size_t length = head_length(text, sizeof text - 1, 0);
		if (length == 0 || head_check(text, length, &head) != REFUSAL_NONE)
			continue;
		passed++;
		cr_assert(is_plain(text, length), "%s", text);
	}
	cr_assert_gt(passed, 0);
}
