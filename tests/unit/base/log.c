/* The lines of the log as they come out of stderr, which each test replaces with a pipe. */
#include "base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char seen[16384];

static int read_end;

static void start_capture(void)
{
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[1], STDERR_FILENO), 0);
	close(ends[1]);
	read_end = ends[0];
}

/* What was written since; "" if nothing was. Closes stderr. */
static const char *captured(void)
{
	close(STDERR_FILENO);
	size_t length = 0;
	for (ssize_t got; (got = read(read_end, seen + length, sizeof seen - 1 - length)) > 0;)
		length += (size_t)got;
	seen[length] = '\0';
	close(read_end);
	return seen;
}

/* The line without its time. */
static const char *captured_after_time(void)
{
	const char *line = captured();
	cr_assert_eq(strncmp(line, "ts=", 3), 0);
	return strchr(line, ' ') + 1;
}

Test(log_line, writes_the_time_in_utc_with_milliseconds)
{
	start_capture();
	log_line(LOG_INFO, "ready", NULL);
	int year, month, day, hour, minute, second, ms, end = 0;
	sscanf(captured(), "ts=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ level=info event=ready\n%n", &year, &month, &day, &hour,
	       &minute, &second, &ms, &end);
	cr_assert_gt(end, 0);
	cr_assert_eq((size_t)end, strlen(seen));
}

Test(log_line, leaves_plain_values_as_they_are)
{
	start_capture();
	log_line(LOG_ERROR, "ready", "rpc", "tcp://127.0.0.1:7070", "name", "caf\xc3\xa9", NULL);
	cr_assert_str_eq(captured_after_time(), "level=error event=ready rpc=tcp://127.0.0.1:7070 name=caf\xc3\xa9\n");
}

Test(log_line, quotes_and_escapes_what_could_be_misread)
{
	start_capture();
	log_line(LOG_WARNING, "x", "a", "two words", "b", "", "c", "k=v", "d", "say \"no\" \\", "e", "1\n2\r3\t4\x01",
	         NULL);
	cr_assert_str_eq(captured_after_time(), "level=warning event=x a=\"two words\" b=\"\" c=\"k=v\" "
	                                        "d=\"say \\\"no\\\" \\\\\" e=\"1\\n2\\r3\\t4\\x01\"\n");
}

Test(log_line, escapes_bytes_that_are_no_utf8)
{
	start_capture();
	log_line(LOG_INFO, "x", "a", "\xff\xc3", "b", "caf\xc3\xa9 au lait", NULL);
	cr_assert_str_eq(captured_after_time(), "level=info event=x a=\"\\xff\\xc3\" b=\"caf\xc3\xa9 au lait\"\n");
}

Test(log_line, drops_lines_below_the_level)
{
	start_capture();
	log_line(LOG_DEBUG, "no", NULL);
	log_set_level(LOG_WARNING);
	log_line(LOG_INFO, "no", NULL);
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "yes", NULL);
	cr_assert_str_eq(captured_after_time(), "level=debug event=yes\n");
}

Test(log_line, cuts_an_overlong_line_but_always_ends_it)
{
	static char plain[9000], quoted[9000];
	memset(plain, 'x', sizeof plain - 1);
	memset(quoted, ' ', sizeof quoted - 1);
	start_capture();
	log_line(LOG_INFO, "x", "a", plain, "b", "more", NULL);
	log_line(LOG_INFO, "x", "a", quoted, "b", "more", NULL);
	captured();
	char *first_end = strchr(seen, '\n');
	cr_assert_leq(first_end - seen, 4095);
	cr_assert_eq(first_end[-1], 'x');
	char *second_end = strchr(first_end + 1, '\n');
	cr_assert_leq(second_end - first_end, 4096);
	cr_assert_eq(second_end[-1], '"');
	cr_assert_eq(second_end[1], '\0');
}
