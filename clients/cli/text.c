/* Growth doubles the memory. Widths come from a short table of the ranges that matter, not from the C library, whose
 * answer depends on a locale that is often not set. */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

void *text_must_have(void *memory)
{
	if (memory == NULL) {
		fputs("prg: no memory left\n", stderr);
		exit(EXIT_REFUSED);
	}
	return memory;
}

static void grow(struct text *text, size_t more)
{
	size_t needed = text->length + more + 1;
	if (needed <= text->capacity)
		return;
	size_t capacity = text->capacity < 64 ? 64 : text->capacity;
	while (capacity < needed)
		capacity *= 2;
	text->bytes = text_must_have(realloc(text->bytes, capacity));
	text->capacity = capacity;
}

void text_finish(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

void text_clear(struct text *text)
{
	text->length = 0;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

const char *text_string(const struct text *text)
{
	return text->bytes != NULL ? text->bytes : "";
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	grow(text, length);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length > 0) {
		grow(text, (size_t)length);
		vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

void text_add_repeated(struct text *text, const char *string, int times)
{
	for (int i = 0; i < times; i++)
		text_add(text, string);
}

char *text_copy(const char *string)
{
	return text_must_have(strdup(string));
}

size_t text_next_character(const char *string, long *ret_code)
{
	const unsigned char *bytes = (const unsigned char *)string;
	if (bytes[0] == '\0')
		return 0;
	static const long smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc0 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	long code = length == 1 ? bytes[0] : bytes[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) {
			length = 0;
			break;
		}
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (length == 0 || bytes[0] >= 0xf8 || code < smallest[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff)) {
		*ret_code = -1;
		return 1;
	}
	*ret_code = code;
	return length;
}

struct range {
	long first;
	long last;
};

static bool contains(const struct range *ranges, size_t count, long code)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

static int code_columns(long code)
{
	static const struct range none[] = {
	    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},   {0x200b, 0x200f},
	    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
	};
	static const struct range two[] = {
	    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2e80, 0x303e},
	    {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
	    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
	    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
	};
	if (code < 0x300)
		return 1;
	if (contains(none, sizeof(none) / sizeof(none[0]), code))
		return 0;
	return contains(two, sizeof(two) / sizeof(two[0]), code) ? 2 : 1;
}

/* Characters that steer a terminal: C0, DEL, C1, and those that turn the direction of writing. */
static bool is_harmful(long code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

int text_columns(const char *string)
{
	int columns = 0;
	long code;
	for (size_t length; (length = text_next_character(string, &code)) > 0; string += length)
		columns += is_harmful(code) ? 1 : code_columns(code);
	return columns;
}

int text_add_cut(struct text *text, const char *string, int columns)
{
	bool whole = columns < 0 || text_columns(string) <= columns;
	int room = columns - 1; /* beside the ellipsis */
	int used = 0;
	long code;
	for (size_t length; (length = text_next_character(string, &code)) > 0; string += length) {
		int wide = is_harmful(code) ? 1 : code_columns(code);
		if (!whole && used + wide > room)
			break;
		if (is_harmful(code))
			text_add(text, "?");
		else
			text_add_bytes(text, string, length);
		used += wide;
	}
	if (!whole && columns > 0) {
		text_add(text, "…");
		used++;
	}
	return used;
}

void text_add_padded(struct text *text, const char *string, int columns)
{
	int used = text_add_cut(text, string, columns);
	text_add_repeated(text, " ", columns - used);
}
