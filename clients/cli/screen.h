/*
 * A part of the terminal that is drawn anew in place: the lines of the last frame are overwritten by those of the next.
 * Lines that stay can be added above. The cursor is hidden meanwhile.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stddef.h>

#include "text.h"

struct screen {
	int fd;
	int *line_columns; /* widths of the lines of the last frame */
	size_t line_count;
};

/* Hides the cursor. */
void screen_open(struct screen *screen, int fd);

/* Shows the cursor again; the last frame stays and is no longer overwritten. */
void screen_close(struct screen *screen);

/* Draws `frame`, lines that each end with a newline, in place of the last frame, and above it `lasting`, lines that
 * stay for ever. Neither has a line wider than `columns`, the present width of the terminal. */
void screen_draw(struct screen *screen, const char *lasting, const char *frame, int columns);

/* How many lines the string has. */
size_t screen_count_lines(const char *string);

#endif
