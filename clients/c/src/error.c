/* The last error of each thread, kept in memory of the thread itself so that keeping it cannot fail. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local struct {
	enum prg_code code;
	char reason[64];
	char text[768];
} last;

void error_clear(void)
{
	last.code = PRG_OK;
	last.reason[0] = '\0';
	last.text[0] = '\0';
}

enum prg_code error_set(enum prg_code code, const char *reason, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(last.text, sizeof last.text, format, arguments);
	va_end(arguments);
	snprintf(last.reason, sizeof last.reason, "%s", reason != NULL ? reason : "");
	last.code = code;
	return code;
}

enum prg_code error_code(void)
{
	return last.code;
}

enum prg_code error_no_memory(void)
{
	return error_set(PRG_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory");
}

const char *prg_error(void)
{
	return last.text;
}

const char *prg_error_reason(void)
{
	return last.reason;
}
