/* Durations for people show the two units that matter. */
#include "times.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

int64_t times_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double times_steady_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void times_add_duration(struct text *text, double seconds)
{
	double capped = seconds < 1e11 ? seconds : 1e11;
	long long whole = (long long)capped;
	if (capped < 1)
		text_add(text, "<1s");
	else if (whole < 60)
		text_addf(text, "%llds", whole);
	else if (whole < 3600)
		text_addf(text, "%lldm%02llds", whole / 60, whole % 60);
	else if (whole < 86400)
		text_addf(text, "%lldh%02lldm", whole / 3600, whole / 60 % 60);
	else if (whole < 100 * 86400)
		text_addf(text, "%lldd%02lldh", whole / 86400, whole / 3600 % 24);
	else
		text_addf(text, "%lldd", whole / 86400);
}

void times_add_moment(struct text *text, int64_t wall_ms)
{
	int64_t milliseconds = wall_ms % 1000;
	time_t seconds = (time_t)(wall_ms / 1000);
	if (milliseconds < 0) {
		milliseconds += 1000;
		seconds--;
	}
	struct tm parts;
	if (gmtime_r(&seconds, &parts) == NULL)
		parts = (struct tm){.tm_year = 70, .tm_mday = 1};
	text_addf(text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
	          parts.tm_hour, parts.tm_min, parts.tm_sec, (int)milliseconds);
}

static double unit_seconds(const char *unit)
{
	if (unit[0] == '\0')
		return 1;
	if (unit[1] != '\0')
		return 0;
	switch (unit[0]) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

bool times_read_duration(const char *string, double *ret_seconds)
{
	if (!isdigit((unsigned char)string[0]) && string[0] != '.')
		return false;
	char *end;
	double number = strtod(string, &end);
	double unit = unit_seconds(end);
	if (end == string || unit == 0 || !isfinite(number * unit))
		return false;
	*ret_seconds = number * unit;
	return true;
}
