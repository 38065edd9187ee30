/* Makes the files of the clips. */
#ifndef WORKER_ENCODE_H
#define WORKER_ENCODE_H

#include "clips.h"
#include "folder.h"
#include "job.h"
#include "media.h"
#include "words.h"

/* Cuts and encodes the clips out of the file `source` in the folder into clip-1.mp4, clip-2.mp4, … there: 540x960 with
 * the whole picture before a blurred one that fills the frame, and subtitles. Ticks the job in milliseconds of all
 * clips together. */
enum step encode_clips(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                       const struct words *words, const struct clip *clips, size_t count);

#endif
