/* Blocks are drawn unless the environment asks for another character set: many containers set no locale at all, and
 * their terminals know UTF-8 nevertheless. */
#include "terminal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *environment(const char *name)
{
	const char *value = getenv(name);
	return value != NULL ? value : "";
}

static bool wants_blocks(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *locale = environment(names[i]);
		if (locale[0] != '\0')
			return strcasestr(locale, "utf-8") != NULL || strcasestr(locale, "utf8") != NULL;
	}
	return strcmp(environment("TERM"), "linux") != 0;
}

static enum terminal_paint choose_paint(const char *term)
{
	if (environment("NO_COLOR")[0] != '\0')
		return PAINT_NONE;
	bool many = strstr(term, "256color") != NULL || strstr(term, "direct") != NULL || strstr(term, "kitty") != NULL ||
	            environment("COLORTERM")[0] != '\0';
	return many ? PAINT_256 : PAINT_16;
}

void terminal_look(struct terminal *ret_terminal, int fd)
{
	const char *term = environment("TERM");
	struct terminal terminal = {.columns = -1, .rows = 24, .has_blocks = wants_blocks()};
	struct winsize size;
	if (isatty(fd)) {
		bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
		terminal.columns = known ? size.ws_col : 80;
		terminal.rows = known ? size.ws_row : 24;
		terminal.can_redraw = term[0] != '\0' && strcmp(term, "dumb") != 0;
		terminal.paint = terminal.can_redraw ? choose_paint(term) : PAINT_NONE;
	}
	*ret_terminal = terminal;
}
