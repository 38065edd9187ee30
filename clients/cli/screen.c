/* A terminal that became narrower has broken the old lines into several: the way back up is counted in its present
 * width. A frame is one write, so that it is never seen half drawn. */
#include "screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
}

void screen_open(struct screen *screen, int fd)
{
	*screen = (struct screen){.fd = fd};
	write_all(fd, "\x1b[?25l", 6);
}

void screen_close(struct screen *screen)
{
	write_all(screen->fd, "\x1b[?25h", 6);
	free(screen->line_columns);
	*screen = (struct screen){.fd = screen->fd};
}

size_t screen_count_lines(const char *string)
{
	size_t count = 0;
	for (; *string != '\0'; string++)
		count += *string == '\n';
	return count;
}

/* Columns of a line up to its newline; escape sequences take none. */
static int visible_columns(const char *line)
{
	struct text visible = {0};
	while (*line != '\0' && *line != '\n') {
		if (*line == '\x1b') {
			line += strcspn(line, "mKhlJ\n");
			line += *line != '\0' && *line != '\n';
		} else {
			text_add_bytes(&visible, line++, 1);
		}
	}
	int columns = text_columns(text_string(&visible));
	text_finish(&visible);
	return columns;
}

static void remember(struct screen *screen, const char *frame)
{
	screen->line_count = screen_count_lines(frame);
	size_t bytes = (screen->line_count + 1) * sizeof(screen->line_columns[0]);
	screen->line_columns = text_must_have(realloc(screen->line_columns, bytes));
	for (size_t i = 0; i < screen->line_count; i++) {
		screen->line_columns[i] = visible_columns(frame);
		frame = strchr(frame, '\n') + 1;
	}
}

static int rows_up(const struct screen *screen, int columns)
{
	int rows = 0;
	for (size_t i = 0; i < screen->line_count; i++) {
		int broken = (screen->line_columns[i] + columns - 1) / columns;
		rows += broken > 1 ? broken : 1;
	}
	return rows;
}

static void add_lines(struct text *output, const char *lines)
{
	for (const char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
		text_add_bytes(output, lines, (size_t)(end - lines));
		text_add(output, "\x1b[K\r\n");
	}
}

void screen_draw(struct screen *screen, const char *lasting, const char *frame, int columns)
{
	struct text output = {0};
	text_add(&output, "\x1b[?2026h\r"); /* terminals that can, show the result only when it is complete */
	int up = rows_up(screen, columns > 0 ? columns : 1);
	if (up > 0)
		text_addf(&output, "\x1b[%dA", up);
	add_lines(&output, lasting);
	add_lines(&output, frame);
	text_add(&output, "\x1b[J\x1b[?2026l");
	write_all(screen->fd, output.bytes, output.length);
	text_finish(&output);
	remember(screen, frame);
}
