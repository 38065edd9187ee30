/*
 * Writes JSON, one object after the other. Keys and order are the caller's; commas and escaping are done here. Strings
 * that are no UTF-8 have the broken bytes replaced by U+FFFD, so that the result is always valid.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* All zero is an empty one. */
struct json {
	struct text text;
	bool has_member; /* the innermost object has one: the next needs a comma */
};

/* Begins an object; `key` is NULL for the outermost one. */
void json_begin(struct json *json, const char *key);
void json_end(struct json *json);

void json_string(struct json *json, const char *key, const char *value);
void json_integer(struct json *json, const char *key, int64_t value);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* The shortest text that reads back as the same number; null when it is not finite. */
void json_number(struct json *json, const char *key, double value);

/* A moment as RFC 3339, null for 0. */
void json_time(struct json *json, const char *key, int64_t wall_ms);

/* A string, null when it is empty. */
void json_string_or_null(struct json *json, const char *key, const char *value);

/* Adds the string with its quotes, escaped. */
void json_add_quoted(struct text *text, const char *string);

#endif
