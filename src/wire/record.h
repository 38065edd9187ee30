/* A job as bytes for a store, and back (progress.store.v1.JobRecord). */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "job/job.h"
#include "wire/open.h"

/* The whole job, marks and spans included, packed into the arena. RESOURCE_EXHAUSTED: the arena is full. */
enum err record_seal(const struct job *job, struct arena *arena, struct wire_bytes *ret_bytes,
                     struct fault *fault) MUST_USE;

/* A new job from the bytes; the caller destroys it. It passes job_is_sound. DATA_LOSS: the bytes are no sound job (a
 * stage that the schema no longer knows is one reason, and the text says so). RESOURCE_EXHAUSTED: no memory. */
enum err record_open(const uint8_t *bytes, size_t length, struct job **ret_job, struct fault *fault) MUST_USE;

#endif
