/* What can be drawn on the output: its size, colours and characters. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

enum terminal_paint { PAINT_NONE, PAINT_16, PAINT_256 };

struct terminal {
	bool can_redraw; /* a terminal that moves its cursor; otherwise lines are only added */
	int columns;     /* -1: not a terminal, no limit */
	int rows;
	enum terminal_paint paint;
	bool has_blocks; /* false: ASCII only */
};

/* Finds out about a file descriptor from the system and the environment (TERM, COLORTERM, NO_COLOR, LC_ALL, LC_CTYPE,
 * LANG). */
void terminal_look(struct terminal *ret_terminal, int fd);

#endif
