/* A change of a job as bytes for those who watch (progress.v1.ProgressEvent). */
#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include <progress/v1/job.pb-c.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/open.h"

/* Packs the event into the arena. `info` is the state after the change, or the last one of a job that is gone; it is
 * borrowed for the call. `previous_revision` is 0 for a new job. RESOURCE_EXHAUSTED: the arena is full. */
enum err event_seal(Progress__V1__ProgressInfo *info, uint64_t previous_revision, Progress__V1__EventKind kind,
                    struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

#endif
