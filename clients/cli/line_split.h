/*
 * Cuts a stream of bytes into lines: at \n, \r, \b and at escape sequences that move the cursor. Colours and other
 * escape sequences are left out. Of a line that is too long only its beginning is kept.
 */
#ifndef CLI_LINE_SPLIT_H
#define CLI_LINE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_SPLIT_BYTES = 2048 };

enum line_split_state { SPLIT_TEXT, SPLIT_ESCAPE, SPLIT_SEQUENCE, SPLIT_TITLE };

/* All zero: nothing seen yet. */
struct line_split {
	char line[LINE_SPLIT_BYTES];
	size_t length;
	enum line_split_state state;
	bool is_told; /* the unfinished line was told already and has not grown since */
};

typedef void line_split_fn(const char *line, void *context);

/* Takes bytes and tells of each line that they end; empty lines are not told. */
void line_split_take(struct line_split *split, const char *bytes, size_t length, line_split_fn *tell, void *context);

/* Tells of the unfinished line as it is, once. */
void line_split_tell_rest(struct line_split *split, line_split_fn *tell, void *context);

/* Whether there is an unfinished line that was not told. */
bool line_split_has_rest(const struct line_split *split);

#endif
