/* What learning and predicting share. */
#ifndef JOB_LEARNED_PARTS_H
#define JOB_LEARNED_PARTS_H

#include "job/learned.h"

bool learned_fits(const struct learned *learned, const struct plan *plan);

/* The size of a job: the log of its hint against the usual one; 0 if it says none. */
double learned_size(const struct learned *learned, const struct learned_origin *origin);

#endif
