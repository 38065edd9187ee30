/* Decides what a traceparent looks like. */
#include "base/trace.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_hex(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") >= length;
}

bool trace_read(const char *traceparent, char ret_trace_id[TRACE_ID_BYTES])
{
	/* 00-<32 digits>-<16 digits>-<2 digits>; later versions may go on behind it */
	const char *text = traceparent;
	bool is_one = strlen(text) >= 55 && strlen(text) <= TRACEPARENT_BYTES_MAX && is_hex(text, 2) && text[2] == '-' &&
	              is_hex(text + 3, 32) && text[35] == '-' && is_hex(text + 36, 16) && text[52] == '-' &&
	              is_hex(text + 53, 2) && strncmp(text, "ff", 2) != 0;
	if (!is_one || strspn(text + 3, "0") >= 32)
		return false;
	snprintf(ret_trace_id, TRACE_ID_BYTES, "%.32s", text + 3);
	return true;
}
