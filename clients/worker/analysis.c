/* Which of ffmpeg's words are scene changes and loudness, and how they are kept. */
#include "analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more; `*ret_items` stays as it is when there is none. */
static bool grow(void **ret_items, size_t count, size_t *capacity, size_t size, size_t count_max)
{
	if (count < *capacity)
		return count < count_max;
	size_t wanted = *capacity ? *capacity * 2 : 256;
	void *items = realloc(*ret_items, wanted * size);
	if (!items)
		return false;
	*ret_items = items;
	*capacity = wanted;
	return true;
}

static void take_cut(struct analysis *analysis, double seconds)
{
	void *cuts = analysis->cuts;
	if (!isfinite(seconds) || seconds <= 0 ||
	    (analysis->cut_count > 0 && seconds <= analysis->cuts[analysis->cut_count - 1]))
		return;
	if (!grow(&cuts, analysis->cut_count, &analysis->cut_capacity, sizeof *analysis->cuts, ANALYSIS_CUTS_MAX))
		return;
	analysis->cuts = cuts;
	analysis->cuts[analysis->cut_count++] = seconds;
}

static void take_level(struct analysis *analysis, double level)
{
	void *levels = analysis->levels;
	if (!grow(&levels, analysis->level_count, &analysis->level_capacity, sizeof *analysis->levels, ANALYSIS_LEVELS_MAX))
		return;
	analysis->levels = levels;
	analysis->levels[analysis->level_count++] = isfinite(level) ? (float)level : -120.0f;
}

void analysis_take_line(struct analysis *analysis, const char *line)
{
	static const char cut[] = "lavfi.scd.time=", level[] = "lavfi.r128.M=";
	if (strncmp(line, cut, sizeof cut - 1) == 0)
		take_cut(analysis, atof(line + sizeof cut - 1));
	else if (strncmp(line, level, sizeof level - 1) == 0)
		take_level(analysis, atof(line + sizeof level - 1));
}

void analysis_clear(struct analysis *analysis)
{
	free(analysis->cuts);
	free(analysis->levels);
	*analysis = (struct analysis){0};
}
