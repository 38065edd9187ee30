/* Each form has a finder. What stands around a number decides whether it is one: digits within names, paths, dates and
 * versions are none. */
#include "progress_line.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_word(char character)
{
	return isalnum((unsigned char)character) || character == '_';
}

/* Whether a number may begin at `start`: not within a word, a path, a decimal, a date or a time. */
static bool may_begin(const char *line, const char *start)
{
	if (start == line)
		return true;
	char before = start[-1];
	if (is_word(before) || strchr("./\\+-~%@$", before) != NULL)
		return false;
	bool joins = before == ':' || before == ',';
	return !joins || start - 1 == line || !is_digit(start[-2]);
}

/* Whether a pair of numbers may end before `end`; a point or colon may follow if nothing is attached to it. */
static bool may_end(const char *end)
{
	if (*end == '\0')
		return true;
	if (is_word(*end) || strchr("/\\+-%", *end) != NULL)
		return false;
	return strchr(".,:", *end) == NULL || !is_word(end[1]);
}

static const char *skip_digits(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

static const char *skip_space(const char *at)
{
	return *at == ' ' ? at + 1 : at;
}

static bool find_percent(const char *line, struct measure *ret_measure)
{
	for (const char *at = line; *at != '\0'; at++) {
		if (!is_digit(*at) || !may_begin(line, at))
			continue;
		const char *end = skip_digits(at);
		if (*end == '.' && is_digit(end[1]))
			end = skip_digits(end + 1);
		const char *sign = skip_space(end);
		if (*sign == '%' && !is_word(sign[1]) && sign[1] != '%') {
			double percent = strtod(at, NULL);
			if (percent <= 100) {
				*ret_measure = (struct measure){percent, 100};
				return true;
			}
		}
		at = end - 1;
	}
	return false;
}

static bool find_pair(const char *line, struct measure *ret_measure)
{
	for (const char *at = line; *at != '\0'; at++) {
		if (!is_digit(*at) || !may_begin(line, at))
			continue;
		const char *slash = skip_space(skip_digits(at));
		const char *second = skip_space(slash + (*slash == '/'));
		const char *end = skip_digits(second);
		if (*slash == '/' && end > second && may_end(end)) {
			struct measure measure = {strtod(at, NULL), strtod(second, NULL)};
			if (measure.total > 0 && measure.done <= measure.total) {
				*ret_measure = measure;
				return true;
			}
		}
		at = skip_digits(at) - 1;
	}
	return false;
}

/* Reads HH:MM:SS with an optional fraction. */
static bool read_clock(const char *text, double *ret_seconds)
{
	const char *minutes = skip_digits(text);
	if (minutes == text || minutes[0] != ':' || !is_digit(minutes[1]) || !is_digit(minutes[2]) || minutes[3] != ':' ||
	    !is_digit(minutes[4]))
		return false;
	*ret_seconds = strtod(text, NULL) * 3600 + strtod(minutes + 1, NULL) * 60 + strtod(minutes + 4, NULL);
	return true;
}

/* The longest of several inputs counts. */
static void learn_duration(struct progress_lines *lines, const char *line)
{
	const char *found = strstr(line, "Duration: ");
	double seconds;
	if (found == NULL || lines->total_is_given || !read_clock(found + strlen("Duration: "), &seconds))
		return;
	if (seconds > lines->total_seconds)
		lines->total_seconds = seconds;
}

static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);
	return strncmp(line, key, length) == 0 ? line + length : NULL;
}

/* How many seconds ffmpeg has made. */
static bool find_made(const struct progress_lines *lines, const char *line, double *ret_seconds)
{
	const char *microseconds = value_of(line, "out_time_us=");
	if (microseconds == NULL)
		microseconds = value_of(line, "out_time_ms="); /* these are microseconds, too */
	if (microseconds != NULL && is_digit(*microseconds)) {
		*ret_seconds = strtod(microseconds, NULL) / 1e6;
		return true;
	}
	const char *clock = value_of(line, "out_time=");
	const char *status = strstr(line, " time=");
	if (clock == NULL && status != NULL)
		clock = status + strlen(" time=");
	if (clock != NULL)
		return read_clock(clock, ret_seconds);
	*ret_seconds = lines->total_seconds;
	return strcmp(line, "progress=end") == 0;
}

bool progress_line_read(struct progress_lines *lines, const char *line, struct measure *ret_measure)
{
	learn_duration(lines, line);
	double seconds;
	if (lines->total_seconds > 0 && find_made(lines, line, &seconds)) {
		double made = seconds < lines->total_seconds ? seconds : lines->total_seconds;
		*ret_measure = (struct measure){made, lines->total_seconds};
		lines->is_ffmpeg = true;
		return true;
	}
	return !lines->is_ffmpeg && (find_percent(line, ret_measure) || find_pair(line, ret_measure));
}
