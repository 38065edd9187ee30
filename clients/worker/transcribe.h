/* Turns the speech of the source into words. */
#ifndef WORKER_TRANSCRIBE_H
#define WORKER_TRANSCRIBE_H

#include "folder.h"
#include "job.h"
#include "media.h"
#include "words.h"

/* Listens to the sound of the file `source` in the folder; appends what it understood to `words`. Ticks the job in
 * milliseconds of sound. STEP_FAILED: no speech model in the folder `model`, or the sound cannot be read. */
enum step transcribe_file(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                          const char *model, struct words *words);

#endif
