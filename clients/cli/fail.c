/* One line for each error, written by one call, so that lines of several threads do not mix. */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

static bool use_json;

void fail_use_json(bool json)
{
	use_json = json;
}

enum exit_status fail_status(enum prg_code code)
{
	switch (code) {
	case PRG_OK:
		return EXIT_DONE;
	case PRG_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case PRG_UNAVAILABLE:
	case PRG_DEADLINE_EXCEEDED:
		return EXIT_UNREACHABLE;
	default:
		return EXIT_REFUSED;
	}
}

static void print(const char *code_name, const char *message)
{
	struct text line = {0};
	if (use_json) {
		struct json json = {0};
		json_begin(&json, NULL);
		json_string(&json, "code", code_name);
		json_string(&json, "message", message);
		json_end(&json);
		line = json.text;
	} else {
		text_add(&line, "prg: ");
		text_add_cut(&line, message, -1);
	}
	text_add(&line, "\n");
	fputs(text_string(&line), stderr);
	text_finish(&line);
}

enum exit_status fail_with(enum prg_code code, const char *text)
{
	print(prg_code_name(code), text[0] != '\0' ? text : prg_code_name(code));
	return fail_status(code);
}

enum exit_status fail_call(enum prg_code code)
{
	return fail_with(code, prg_error());
}

enum exit_status fail_usage(const char *command, const char *format, ...)
{
	char message[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	print("invalid_argument", message);
	if (!use_json)
		fprintf(stderr, "Try 'prg %s%s--help'.\n", command != NULL ? command : "", command != NULL ? " " : "");
	return EXIT_USAGE;
}

void fail_warn(const char *format, ...)
{
	char message[1024];
	size_t used = (size_t)snprintf(message, sizeof(message), "warning: ");
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message + used, sizeof(message) - used, format, arguments);
	va_end(arguments);
	print("warning", message);
}
