/* The strings are escaped as little as RFC 8259 allows: quote, backslash and control characters. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "times.h"

void json_add_quoted(struct text *text, const char *string)
{
	text_add(text, "\"");
	long code;
	for (size_t length; (length = text_next_character(string, &code)) > 0; string += length) {
		if (code < 0)
			text_add(text, "\xef\xbf\xbd");
		else if (code == '"' || code == '\\')
			text_addf(text, "\\%c", (int)code);
		else if (code == '\n')
			text_add(text, "\\n");
		else if (code == '\t')
			text_add(text, "\\t");
		else if (code < 0x20 || code == 0x7f)
			text_addf(text, "\\u%04lx", (unsigned long)code);
		else
			text_add_bytes(text, string, length);
	}
	text_add(text, "\"");
}

static void add_key(struct json *json, const char *key)
{
	if (json->has_member)
		text_add(&json->text, ",");
	json->has_member = true;
	if (key != NULL) {
		json_add_quoted(&json->text, key);
		text_add(&json->text, ":");
	}
}

void json_begin(struct json *json, const char *key)
{
	add_key(json, key);
	text_add(&json->text, "{");
	json->has_member = false;
}

void json_end(struct json *json)
{
	text_add(&json->text, "}");
	json->has_member = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
	add_key(json, key);
	json_add_quoted(&json->text, value);
}

void json_string_or_null(struct json *json, const char *key, const char *value)
{
	if (value[0] != '\0')
		json_string(json, key, value);
	else
		json_null(json, key);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
	add_key(json, key);
	text_addf(&json->text, "%" PRId64, value);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	add_key(json, key);
	text_addf(&json->text, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	add_key(json, key);
	text_add(&json->text, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	add_key(json, key);
	text_add(&json->text, "null");
}

void json_number(struct json *json, const char *key, double value)
{
	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	char number[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(number, sizeof(number), "%.*g", digits, value);
		if (strtod(number, NULL) == value)
			break;
	}
	add_key(json, key);
	text_add(&json->text, number);
}

void json_time(struct json *json, const char *key, int64_t wall_ms)
{
	if (wall_ms == 0) {
		json_null(json, key);
		return;
	}
	add_key(json, key);
	text_add(&json->text, "\"");
	times_add_moment(&json->text, wall_ms);
	text_add(&json->text, "\"");
}
