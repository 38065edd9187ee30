/*
 * Reads JSON text (RFC 8259) value by value, without keeping any: depth and number of values are bounded, and nothing
 * but strings with escapes takes memory. The reader of an object goes like this:
 *
 *     json_read_value(&reader, &value) → JSON_OBJECT
 *     while (json_read_member(&reader, &key, &is_over) && !is_over)
 *             json_read_value(&reader, &value) …
 *
 * Each function returns false when the text is wrong or a limit is reached; then `trouble` says what it is.
 */
#ifndef WIRE_JSON_READER_H
#define WIRE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	const char
	    *text; /* of a number: as written; of a string: decoded, in the JSON text or the arena, no NUL at its end */
	size_t length;
};

struct json_reader {
	const char *start;
	const char *at;
	const char *end;
	struct arena *arena;
	size_t values_left;
	int depth_left;
	bool is_fresh; /* an array or object was just opened: no comma comes before what is next */
	struct {
		enum err code;
		const char *reason;
		const char *text;
	} trouble;
};

/* Starts at the text, which stays the caller's. */
void json_reader_init(struct json_reader *reader, const char *text, size_t length, struct arena *arena);

/* Reads a scalar, or the bracket that opens an array or an object. Strings are not checked for UTF-8. */
bool json_read_value(struct json_reader *reader, struct json_value *ret_value) MUST_USE;

/* Steps to the next element of the array, or over its end. */
bool json_read_element(struct json_reader *reader, bool *ret_is_over) MUST_USE;

/* Reads the name of the object's next member, or steps over its end. */
bool json_read_member(struct json_reader *reader, struct json_value *ret_name, bool *ret_is_over) MUST_USE;

/* Skips what is left of a value that json_read_value gave. */
bool json_skip(struct json_reader *reader, const struct json_value *value) MUST_USE;

/* Whether only white space is left. */
bool json_read_end(struct json_reader *reader) MUST_USE;

/* The length of the number in JSON's grammar that the text begins with; 0: with none. */
size_t json_number_length(const char *text, size_t length);

#endif
