/*
 * Finds out from a line that a command prints how far it is:
 *     "[ 45%]", "45.2 %"      the first percentage from 0 to 100
 *     "12/80", "[12 / 80]"    done of total in whole numbers; not dates, paths, versions, or more than the total
 *     "out_time_us=1234567"   ffmpeg -progress, and "time=00:00:01.23" of its status line, once the total is known:
 * given, or seen in a line with "Duration: 00:01:23.45" When a line has both a percentage and a pair, the percentage
 * counts. Lines hold no escape sequences.
 */
#ifndef CLI_PROGRESS_LINE_H
#define CLI_PROGRESS_LINE_H

#include <stdbool.h>

struct measure {
	double done; /* 0 to total */
	double total;
};

/* What earlier lines have told. */
struct progress_lines {
	double total_seconds; /* of what ffmpeg makes; 0: not known */
	bool total_is_given;  /* by the user: lines do not change it */
	bool is_ffmpeg;       /* a time made was seen: percentages and pairs are its statistics, not progress */
};

/* Reads a line; true: it says how far the command is. */
bool progress_line_read(struct progress_lines *lines, const char *line, struct measure *ret_measure);

#endif
