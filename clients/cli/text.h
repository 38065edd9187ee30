/*
 * Text that grows, and how wide text is on a terminal. Every terminal width counts columns: wide characters take two,
 * combining ones none.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>

/* All zero is an empty text. `bytes` is always closed by NUL once something was added. When memory ends the program
 * says so and exits with EXIT_REFUSED. */
struct text {
	char *bytes;
	size_t length;
	size_t capacity;
};

/* Frees the bytes; the text is empty afterwards. */
void text_finish(struct text *text);

/* Empties the text but keeps its memory. */
void text_clear(struct text *text);

/* The text as a string, never NULL. Valid until the text changes. */
const char *text_string(const struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds `string` `times` times. */
void text_add_repeated(struct text *text, const char *string, int times);

/* Adds a string for people: control characters and broken UTF-8 become '?', so that nothing in it steers the terminal.
 * A string of more than `columns` columns is cut and closed by '…'; columns < 0: no limit. Returns the columns used. */
int text_add_cut(struct text *text, const char *string, int columns);

/* The same, filled up with spaces to exactly `columns`. */
void text_add_padded(struct text *text, const char *string, int columns);

/* Columns that the string takes when it is added as above. */
int text_columns(const char *string);

/* A copy of the string, to be freed by the caller. */
char *text_copy(const char *string);

/* Steps over one character: sets *ret_code to the code point, or to -1 for a byte that is no UTF-8, and returns the
 * bytes it took, 0 at the end of the string. */
size_t text_next_character(const char *string, long *ret_code);

/* Returns `memory`, or ends the program when it is NULL. */
void *text_must_have(void *memory);

#endif
