/* What the outside is shown of a job: ProgressInfo, StageSpan, StageInfo from the structs of the job room. */
#ifndef WIRE_INFO_H
#define WIRE_INFO_H

#include <progress/v1/progress_service.pb-c.h>
#include <stdint.h>

#include "base/arena.h"
#include "job/job.h"
#include "wire/open.h"

/* The moment at which a job is shown. */
struct info_moment {
	int64_t wall_ms;
	double pace_s;          /* as of job/pace.h */
	int64_t default_ttl_ms; /* as job_expires_ms */
};

/* The job as `view` shows it (its own view, or that of a remembered answer), as a serialized ProgressInfo in the arena.
 * RESOURCE_EXHAUSTED: the arena is full. */
enum err info_seal(const struct job *job, const struct job_view *view, const struct info_moment *moment,
                   struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

/* All stays in stages; the present one is last, with its duration up to now_ms, or, when the job has ended, the stage
 * that ended it, with a duration of zero. Count in ret_count. Borrows nothing but the stage table. NULL: the arena is
 * full. */
Progress__V1__StageSpan **info_build_spans(const struct job *job, int64_t now_ms, struct arena *arena,
                                           size_t *ret_count);

/* The whole table in order; stages_count() rows. NULL: the arena is full. */
Progress__V1__StageInfo **info_build_stages(struct arena *arena);

/* Milliseconds since the epoch as a Timestamp; milliseconds as a Duration. NULL: the arena is full. */
Google__Protobuf__Timestamp *info_build_timestamp(int64_t ms, struct arena *arena);
Google__Protobuf__Duration *info_build_duration(int64_t ms, struct arena *arena);

#endif
