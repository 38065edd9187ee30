/* How the program ends, and how it says why. Errors go to stderr, with --json as one JSON object a line. */
#ifndef CLI_FAIL_H
#define CLI_FAIL_H

#include <stdbool.h>

#include <prg/prg.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_ENDED_BADLY = 1, /* watch: a job failed or was cancelled */
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_REFUSED = 4,
	EXIT_UNREACHABLE = 5
};

/* Whether errors are written as JSON; false until set. Set before any thread is started. */
void fail_use_json(bool json);

/* The exit status for a code of the library. */
enum exit_status fail_status(enum prg_code code);

/* Writes the error of a call and returns its exit status. */
enum exit_status fail_with(enum prg_code code, const char *text);

/* The same with the text of the calling thread's last error. */
enum exit_status fail_call(enum prg_code code);

/* Writes what is wrong with the command line and where help is found; returns EXIT_USAGE. `command` may be NULL. */
enum exit_status fail_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a warning; the program goes on. */
void fail_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
