/* What the outside is shown of a job: ProgressInfo, StageSpan, StageInfo from the structs of the job room. */
#ifndef WIRE_INFO_H
#define WIRE_INFO_H

#include <progress/v1/progress_service.pb-c.h>
#include <stdint.h>

#include "base/arena.h"
#include "job/job.h"

/* The job as `view` shows it (its own view, or that of a remembered answer). The message lives in the arena but borrows
 * the strings of the job: pack it before the job changes. NULL: the arena is full. default_ttl_ms as job_expires_ms. */
Progress__V1__ProgressInfo *info_build(const struct job *job, const struct job_view *view, int64_t default_ttl_ms,
                                       struct arena *arena);

/* All stays in stages, the present one last: without an end and with its duration up to now_ms while the job is under
 * way; of a job that has ended it is the stage that ended it, over at once. Count in ret_count. Borrows nothing but the
 * stage table. NULL: the arena is full. */
Progress__V1__StageSpan **info_build_spans(const struct job *job, int64_t now_ms, struct arena *arena,
                                           size_t *ret_count);

/* The whole table in order; stages_count() rows. NULL: the arena is full. */
Progress__V1__StageInfo **info_build_stages(struct arena *arena);

/* Milliseconds since the epoch as a Timestamp; milliseconds as a Duration. NULL: the arena is full. */
Google__Protobuf__Timestamp *info_build_timestamp(int64_t ms, struct arena *arena);
Google__Protobuf__Duration *info_build_duration(int64_t ms, struct arena *arena);

#endif
