/* Watches and hears the source by ffmpeg. */
#ifndef WORKER_ANALYZE_H
#define WORKER_ANALYZE_H

#include "analysis.h"
#include "folder.h"
#include "job.h"
#include "media.h"

/* Looks for scene changes and measures the loudness of the whole file `source` in the folder. Ticks the job in
 * milliseconds. *ret_seconds is how long it really is: less than the media says when its end is missing. STEP_FAILED:
 * nothing of it can be decoded. */
enum step analyze_file(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                       struct analysis *analysis, double *ret_seconds);

#endif
