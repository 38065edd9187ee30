/* The way of a video through all stages. */
#ifndef WORKER_PIPELINE_H
#define WORKER_PIPELINE_H

#include "options.h"

/* Works on one video from the queue to the end and reports it. Returns the exit status of the program. */
int pipeline_run(const struct options *options);

#endif
