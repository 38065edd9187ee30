/* Things to write down and read back. */
#ifndef UNIT_WIRE_SAMPLE_H
#define UNIT_WIRE_SAMPLE_H

#include "bytes.h"
#include "job/job.h"
#include "support/random.h"

/* A batch of `count` updates of all kinds with every field set. */
void sample_batch(struct bytes *bytes, size_t count);

/* A job with a random past: updates of several writers, some refused, new attempts, ends, the posting flow. The caller
 * destroys it. */
struct job *sample_job(struct random *random);

/* A job in which every field has a value of its own, made by hand. The caller destroys it. */
struct job *sample_full_job(void);

#endif
