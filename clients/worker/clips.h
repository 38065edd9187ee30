/* Which parts of the source become clips. Pure. */
#ifndef WORKER_CLIPS_H
#define WORKER_CLIPS_H

#include <stddef.h>

#include "analysis.h"
#include "words.h"

enum { CLIPS_MAX = 3, CLIP_NAME_BYTES = 64 };
#define CLIP_SECONDS_MIN 8.0
#define CLIP_SECONDS_MAX 15.0

struct clip {
	double start, end; /* seconds in the source */
	double score;      /* the higher the better; about 0 to 1 */
};

/* Chooses the best parts of a source of so many seconds, by what is said, how loud it is and where scenes change: at
 * most CLIPS_MAX, in order of time, not overlapping, each CLIP_SECONDS_MIN to CLIP_SECONDS_MAX long and within the
 * source. A source shorter than CLIP_SECONDS_MIN becomes one clip. Returns how many there are: 1 at least, or 0 when
 * there is no memory. */
size_t clips_choose(double seconds, const struct words *words, const struct analysis *analysis,
                    struct clip ret_clips[CLIPS_MAX]);

/* The name of the file of clip number `index`, counted from 0, with that ending ("mp4"): clip-1.mp4. Returns
 * ret_name. */
const char *clip_name(size_t index, const char *ending, char ret_name[CLIP_NAME_BYTES]);

/* How good the part from start to end is. */
double clips_score(const struct words *words, const struct analysis *analysis, double start, double end);

#endif
