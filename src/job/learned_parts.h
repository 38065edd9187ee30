/* What learning and predicting share. */
#ifndef JOB_LEARNED_PARTS_H
#define JOB_LEARNED_PARTS_H

#include "job/learned.h"

bool learned_fits(const struct learned *learned, const struct plan *plan);

/* The size of a job: the log of its hint against the usual one; 0 if it says none. */
double learned_size(const struct learned *learned, const struct learned_origin *origin);

/* NULL if nothing was learned of the label. */
const struct learned_worker *learned_find_worker(const struct learned *learned, uint64_t key);
const struct learned_class *learned_find_class(const struct learned *learned, uint64_t key);

#endif
