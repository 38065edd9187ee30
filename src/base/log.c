/* Decides how a line of the log looks: which values are quoted, how they are escaped, and where a long line is cut. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { LINE_BYTES_MAX = 4096 }; /* not above PIPE_BUF: longer lines of two threads could mix in a pipe */

struct line {
	size_t length;
	char text[LINE_BYTES_MAX];
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static atomic_int level_min = LOG_INFO;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&level_min, (int)level, memory_order_relaxed);
}

/* How much still fits. Two bytes are kept back, for a closing quote and the line's end. */
static size_t room(const struct line *line)
{
	size_t most = sizeof line->text - 2;
	return line->length < most ? most - line->length : 0;
}

static bool add(struct line *line, const char *text, size_t length)
{
	if (length > room(line))
		return false;
	memcpy(line->text + line->length, text, length);
	line->length += length;
	return true;
}

static bool add_string(struct line *line, const char *string)
{
	return add(line, string, strlen(string));
}

static bool needs_quotes(const char *value)
{
	return value[0] == '\0' || value[strcspn(value, " \"=\\")] != '\0' || !text_is_clean(value, strlen(value));
}

static bool add_escaped(struct line *line, char c, bool is_clean)
{
	char escaped[5];
	unsigned char byte = (unsigned char)c;
	if (c == '"' || c == '\\')
		snprintf(escaped, sizeof escaped, "\\%c", c);
	else if (c == '\n' || c == '\r' || c == '\t')
		snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (!is_clean && (byte < 0x20 || byte >= 0x7f))
		snprintf(escaped, sizeof escaped, "\\x%02x", byte);
	else
		snprintf(escaped, sizeof escaped, "%c", c);
	return add_string(line, escaped);
}

static void add_quoted(struct line *line, const char *value)
{
	bool is_clean = text_is_clean(value, strlen(value));
	add(line, "\"", 1);
	const char *c = value;
	while (*c != '\0' && add_escaped(line, *c, is_clean))
		c++;
	line->text[line->length++] = '"';
}

static void add_pair(struct line *line, const char *key, const char *value)
{
	if (strlen(key) + 4 > room(line))
		return;
	add(line, " ", 1);
	add_string(line, key);
	add(line, "=", 1);
	if (needs_quotes(value))
		add_quoted(line, value);
	else
		add(line, value, text_whole_characters(value, room(line)));
}

static void add_time(struct line *line)
{
	int64_t now_ms = clock_wall_ms();
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm parts;
	gmtime_r(&seconds, &parts);
	char text[64];
	size_t length = strftime(text, sizeof text, "ts=%Y-%m-%dT%H:%M:%S", &parts);
	length += (size_t)snprintf(text + length, sizeof text - length, ".%03dZ", (int)(now_ms % 1000));
	add(line, text, length);
}

static void write_out(struct line *line)
{
	line->text[line->length++] = '\n';
	ssize_t written;
	do
		written = write(STDERR_FILENO, line->text, line->length);
	while (written < 0 && errno == EINTR);
}

void log_line(enum log_level level, const char *event, ...)
{
	if ((int)level < atomic_load_explicit(&level_min, memory_order_relaxed))
		return;
	struct line line;
	line.length = 0;
	add_time(&line);
	add_pair(&line, "level", level_names[level]);
	add_pair(&line, "event", event);
	va_list pairs;
	va_start(pairs, event);
	for (const char *key = va_arg(pairs, const char *); key != NULL; key = va_arg(pairs, const char *))
		add_pair(&line, key, va_arg(pairs, const char *));
	va_end(pairs);
	write_out(&line);
}
