/* What makes a good clip. It may begin and end where nobody speaks or where the scene changes; of all such parts of
 * the right length the best ones win. Much speech counts most, then loudness, then clean ends; a word that is cut
 * through costs more than a clean end brings. */
#include "clips.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double speech_weight = 0.6;
static const double loudness_weight = 0.2;
static const double length_weight = 0.1;
static const double scene_bonus = 0.05;      /* for each end at a scene change */
static const double broken_word_cost = 0.25; /* for each end inside a word */
static const double pause_seconds_min = 0.2;
static const double scene_near_seconds = 0.75;
static const double quiet_lufs = -50, loud_lufs = -10;

enum { POINTS_MAX = 40000, CANDIDATES_MAX = 400000 };

/* Places where a clip may begin or end. */
struct points {
	double *items;
	size_t count;
};

/* ---- how good a part is ---------------------------------------------------------------------------------------------
 */

static double speech_share(const struct words *words, double start, double end)
{
	size_t count;
	size_t first = words_between(words, start, end, &count);
	double spoken = 0;
	for (size_t i = first; i < first + count; i++)
		spoken += fmin(words->items[i].end, end) - fmax(words->items[i].start, start);
	return fmin(spoken / (end - start), 1);
}

static double loudness_share(const struct analysis *analysis, double start, double end)
{
	size_t first = (size_t)(start * ANALYSIS_LEVELS_PER_SECOND);
	size_t after = (size_t)(end * ANALYSIS_LEVELS_PER_SECOND);
	after = after < analysis->level_count ? after : analysis->level_count;
	if (first >= after)
		return 0;
	double sum = 0;
	for (size_t i = first; i < after; i++)
		sum += fmin(fmax((analysis->levels[i] - quiet_lufs) / (loud_lufs - quiet_lufs), 0), 1);
	return sum / (double)(after - first);
}

/* Index of the first cut not before t. */
static size_t first_cut_from(const struct analysis *analysis, double t)
{
	size_t low = 0, high = analysis->cut_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (analysis->cuts[middle] < t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double end_score(const struct words *words, const struct analysis *analysis, double t)
{
	size_t cut = first_cut_from(analysis, t - scene_near_seconds);
	double score = cut < analysis->cut_count && analysis->cuts[cut] <= t + scene_near_seconds ? scene_bonus : 0;
	size_t count;
	size_t first = words_between(words, t - 2, t + 2, &count);
	for (size_t i = first; i < first + count; i++)
		if (words->items[i].start < t && t < words->items[i].end)
			return score - broken_word_cost;
	return score;
}

double clips_score(const struct words *words, const struct analysis *analysis, double start, double end)
{
	return speech_weight * speech_share(words, start, end) + loudness_weight * loudness_share(analysis, start, end) +
	       length_weight * fmin((end - start) / CLIP_SECONDS_MAX, 1) + end_score(words, analysis, start) +
	       end_score(words, analysis, end);
}

/* ---- where it may begin and end -------------------------------------------------------------------------------------
 */

static void add_point(struct points *points, double t, double seconds)
{
	if (points->count < POINTS_MAX && t >= 0 && t <= seconds)
		points->items[points->count++] = t;
}

static int compare_points(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static void collect_points(struct points *points, double seconds, const struct words *words,
                           const struct analysis *analysis)
{
	add_point(points, 0, seconds);
	add_point(points, seconds, seconds);
	for (size_t i = 0; i < analysis->cut_count; i++)
		add_point(points, analysis->cuts[i], seconds);
	for (size_t i = 0; i + 1 < words->count; i++)
		if (words->items[i + 1].start - words->items[i].end >= pause_seconds_min)
			add_point(points, (words->items[i].end + words->items[i + 1].start) / 2, seconds);
	qsort(points->items, points->count, sizeof *points->items, compare_points);
}

/* Where nothing else helps, a clip may begin anywhere. */
static void collect_grid(struct points *points, double seconds)
{
	points->count = 0;
	for (int i = 0; i * CLIP_SECONDS_MIN <= seconds && points->count < POINTS_MAX; i++)
		add_point(points, i * CLIP_SECONDS_MIN, seconds);
	add_point(points, seconds, seconds);
}

/* ---- choosing -------------------------------------------------------------------------------------------------------
 */

static size_t collect_candidates(const struct points *points, const struct words *words,
                                 const struct analysis *analysis, struct clip *candidates)
{
	size_t count = 0;
	for (size_t i = 0; i < points->count; i++) {
		double start = points->items[i];
		for (size_t j = i + 1; j < points->count && points->items[j] - start <= CLIP_SECONDS_MAX; j++) {
			double end = points->items[j];
			if (end - start < CLIP_SECONDS_MIN)
				continue;
			if (count == CANDIDATES_MAX)
				return count;
			candidates[count++] =
			    (struct clip){.start = start, .end = end, .score = clips_score(words, analysis, start, end)};
		}
	}
	return count;
}

static int compare_scores(const void *left, const void *right)
{
	const struct clip *a = left, *b = right;
	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return compare_points(&a->start, &b->start);
}

static int compare_starts(const void *left, const void *right)
{
	return compare_points(&((const struct clip *)left)->start, &((const struct clip *)right)->start);
}

/* Takes the best, then the best that does not overlap, and so on. */
static size_t take_best(struct clip *candidates, size_t candidate_count, struct clip ret_clips[CLIPS_MAX])
{
	size_t count = 0;
	qsort(candidates, candidate_count, sizeof *candidates, compare_scores);
	for (size_t i = 0; i < candidate_count && count < CLIPS_MAX; i++) {
		size_t free_of = 0;
		while (free_of < count &&
		       (candidates[i].end <= ret_clips[free_of].start || candidates[i].start >= ret_clips[free_of].end))
			free_of++;
		if (free_of == count)
			ret_clips[count++] = candidates[i];
	}
	qsort(ret_clips, count, sizeof *ret_clips, compare_starts);
	return count;
}

size_t clips_choose(double seconds, const struct words *words, const struct analysis *analysis,
                    struct clip ret_clips[CLIPS_MAX])
{
	if (seconds <= CLIP_SECONDS_MIN) {
		ret_clips[0] = (struct clip){.end = seconds, .score = clips_score(words, analysis, 0, seconds)};
		return 1;
	}
	struct points points = {.items = malloc(POINTS_MAX * sizeof *points.items)};
	struct clip *candidates = malloc(CANDIDATES_MAX * sizeof *candidates);
	size_t count = 0;
	if (points.items && candidates) {
		collect_points(&points, seconds, words, analysis);
		count = collect_candidates(&points, words, analysis, candidates);
		if (count == 0) {
			collect_grid(&points, seconds);
			count = collect_candidates(&points, words, analysis, candidates);
		}
		count = take_best(candidates, count, ret_clips);
	}
	free(candidates);
	free(points.items);
	return count;
}

const char *clip_name(size_t index, const char *ending, char ret_name[CLIP_NAME_BYTES])
{
	snprintf(ret_name, CLIP_NAME_BYTES, "clip-%zu.%s", index + 1, ending);
	return ret_name;
}
