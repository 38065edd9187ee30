/* Decides what the error codes are called, what HTTP status they become and which of them are worth another try. */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct err_row {
	const char *text;
	int http_status;
	bool is_retryable;
};

static const struct err_row rows[] = {
#define ERR_ROW(NAME, number, text, http, retry) [number] = {text, http, retry},
    ERR_LIST(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row *row_of(enum err code)
{
	size_t number = (size_t)code;
	return number < sizeof rows / sizeof rows[0] ? &rows[number] : &rows[ERR_UNKNOWN];
}

enum err fault_set(struct fault *fault, enum err code, const char *reason, const char *format, ...)
{
	assert(fault != NULL && code != ERR_OK);
	assert(strlen(reason) < sizeof fault->reason);

	/* Longer than the field by a character, so that a cut can be seen, and apart from it, so that the old text may be
	 * an argument of the new one. */
	char text[sizeof fault->text + 4];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);

	size_t length = text_whole_characters(text, sizeof fault->text - 1);
	memcpy(fault->text, text, length);
	fault->text[length] = '\0';
	memmove(fault->reason, reason, strlen(reason) + 1);
	fault->code = code;
	return code;
}

const char *err_text(enum err code)
{
	return row_of(code)->text;
}

int err_http_status(enum err code)
{
	return row_of(code)->http_status;
}

bool err_is_retryable(enum err code)
{
	return row_of(code)->is_retryable;
}
