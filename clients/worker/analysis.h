/* What the source looks and sounds like over time. Pure. */
#ifndef WORKER_ANALYSIS_H
#define WORKER_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

enum { ANALYSIS_LEVELS_PER_SECOND = 10, ANALYSIS_CUTS_MAX = 20000, ANALYSIS_LEVELS_MAX = 4000000 };

struct analysis {
	double *cuts; /* owned; seconds at which a new scene begins, rising */
	size_t cut_count, cut_capacity;
	float *levels; /* owned; momentary loudness (LUFS), ten for each second */
	size_t level_count, level_capacity;
};

/* Takes a line that ffmpeg's metadata filters print: a scene change or a loudness; others are left out. What is more
 * than the limits or the memory hold is left out, too: it only makes the choice of clips coarser. */
void analysis_take_line(struct analysis *analysis, const char *line);

/* Frees what was found; it is empty then. */
void analysis_clear(struct analysis *analysis);

#endif
