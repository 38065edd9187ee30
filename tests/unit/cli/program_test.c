/* The program as a whole where no service is needed: its help, its exit statuses, and `prg run` without a service. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/text.h"

/* Runs `prg ARGUMENTS` in a shell with a server that is not there. Returns the exit status, fills the output. */
static int run(const char *arguments, struct text *output)
{
	struct text line = {0};
	text_addf(&line, "PRG_SERVER=ipc:///nonexistent/prg.sock '%s' %s", PRG_PROGRAM, arguments);
	FILE *pipe = popen(text_string(&line), "r");
	text_finish(&line);
	cr_assert_not_null(pipe);
	char bytes[4096];
	for (size_t count; (count = fread(bytes, 1, sizeof(bytes), pipe)) > 0;)
		text_add_bytes(output, bytes, count);
	int status = pclose(pipe);
	cr_assert(WIFEXITED(status), "%s", arguments);
	return WEXITSTATUS(status);
}

static void expect(const char *arguments, int status, const char *output)
{
	struct text seen = {0};
	int seen_status = run(arguments, &seen);
	cr_assert_eq(seen_status, status, "prg %s ended with %d", arguments, seen_status);
	cr_assert_str_eq(text_string(&seen), output);
	text_finish(&seen);
}

static void expect_status(const char *arguments, int status)
{
	struct text line = {0}, seen = {0};
	text_addf(&line, "%s 2>&1", arguments);
	int seen_status = run(text_string(&line), &seen);
	cr_assert_eq(seen_status, status, "prg %s ended with %d: %s", arguments, seen_status, text_string(&seen));
	text_finish(&line);
	text_finish(&seen);
}

Test(prg, has_help_for_each_command)
{
	static const char *const commands[] = {"stages",   "get",    "update", "set",     "advance",
	                                       "simulate", "watch",  "list",   "history", "cancel",
	                                       "create",   "delete", "run",    "bench",   "ping"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct text arguments = {0}, output = {0};
		text_addf(&arguments, "%s --help", commands[i]);
		cr_assert_eq(run(text_string(&arguments), &output), 0);
		static const char *const parts[] = {"Usage: prg ", "Options:", "Example:", "Exit status:", "--json"};
		for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
			cr_assert_not_null(strstr(text_string(&output), parts[part]), "%s: %s", commands[i], parts[part]);
		text_finish(&arguments);
		text_finish(&output);
	}
}

Test(prg, shows_its_version)
{
	expect("--version", 0, "prg 0.1.0\n");
}

Test(prg, ends_with_2_when_the_command_line_is_wrong)
{
	expect_status("", 2);
	expect_status("nonsense", 2);
	expect_status("get", 2);
	expect_status("get a b", 2);
	expect_status("get a --total 5", 2);
	expect_status("set a analyzing many", 2);
	expect_status("get a --server nonsense", 2);
}

Test(prg, ends_with_5_when_the_service_cannot_be_reached)
{
	expect_status("get job-1", 5);
	expect_status("watch job-1", 5);
	expect_status("watch", 5);
	expect_status("list", 5);
	expect_status("ping", 5);
}

Test(prg, writes_errors_as_json_when_asked)
{
	struct text output = {0};
	cr_assert_eq(run("get job-1 --json 2>&1", &output), 5);
	cr_assert(strncmp(text_string(&output), "{\"code\":\"unavailable\",\"message\":\"", 33) == 0, "%s",
	          text_string(&output));
	text_finish(&output);
}

Test(prg_run, passes_output_and_exit_status_on_without_a_service)
{
	expect("run job-1 processing -- printf 'a\\rb\\001c' 2>/dev/null", 0, "a\rb\001c");
	expect("run job-1 processing -- sh -c 'echo out; exit 7' 2>/dev/null", 7, "out\n");
	expect("run job-1 processing -- sh -c 'echo err >&2; exit 0' 2>&1 >/dev/null | grep -c '^err$'", 0, "1\n");
}

Test(prg_run, warns_once_that_the_service_cannot_be_reached)
{
	expect("run job-1 processing -- sh -c 'echo 10%; echo 20%' 2>&1 >/dev/null | grep -c '^prg: warning: '", 0, "1\n");
}

Test(prg_run, ends_with_128_and_the_signal_that_ended_the_command)
{
	expect("run job-1 processing -- sh -c 'kill -9 $$' 2>/dev/null", 137, "");
}

Test(prg_run, sends_signals_on_to_the_command)
{
	expect("run job-1 processing -- sh -c 'trap \"echo caught; exit 3\" TERM; kill $PPID; while :; do :; done' "
	       "2>/dev/null",
	       3, "caught\n");
}

Test(prg_run, tells_a_missing_command_from_one_that_cannot_be_run)
{
	expect_status("run job-1 processing -- /nonexistent/command", 127);
	expect_status("run job-1 processing -- /dev/null", 126);
}

Test(prg_run, passes_much_output_on_unchanged)
{
	expect("run job-1 processing -- sh -c 'seq 1 200000; seq 1 200000 >&2' 2>/dev/null | cksum", 0,
	       "3581800518 1288895\n");
}
