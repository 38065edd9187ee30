/* Looks at the source by ffprobe. */
#ifndef WORKER_PROBE_H
#define WORKER_PROBE_H

#include "folder.h"
#include "job.h"
#include "media.h"

/* Looks at the file `source` in the folder. STEP_FAILED: no video in it, or ffprobe cannot read it. */
enum step probe_file(struct job *job, const struct folder *folder, const char *source, struct media *ret_media);

#endif
