/*
 * Are the fields of a request what they may be? Each check returns false after it has filled the call's fault with the
 * field's name, what was wrong and what is allowed.
 */
#ifndef SERVICE_CHECK_H
#define SERVICE_CHECK_H

#include <progress/v1/progress_service.pb-c.h>
#include <stdbool.h>

#include "job/job.h"
#include "service/call.h"

/* The name of a job; must be given. */
bool check_job_id(struct call *call, const char *job_id);

/* The name of a pipeline or parent; may be empty. */
bool check_name(struct call *call, const char *field, const char *name);

/* At most JOB_MESSAGE_BYTES_MAX bytes; may be empty. */
bool check_text(struct call *call, const char *field, const char *text);

/* A stage of the table. */
bool check_stage(struct call *call, int number, const struct stage **ret_stage);

/* The name of a stage in any case. */
bool check_status(struct call *call, const char *status, const struct stage **ret_stage);

/* A stage in which work goes on, for reports of a place inside it. */
bool check_is_no_end(struct call *call, const struct stage *stage);

/* Map entries (messages of two strings) as job entries in the call's arena. */
bool check_metadata(struct call *call, ProtobufCMessage *const *entries, size_t count,
                    const struct job_entry **ret_entries);

/* Who makes an update. */
bool check_origin(struct call *call, const struct job_origin *origin);

/* A duration in ms from 0 (unset: `unset_ms`) to max_ms. */
bool check_duration(struct call *call, const char *field, const Google__Protobuf__Duration *duration, int64_t unset_ms,
                    int64_t max_ms, int64_t *ret_ms);

/* How often a worker promises a sign of life, up to a day; unset: 0. */
bool check_lease(struct call *call, const Google__Protobuf__Duration *lease, int64_t *ret_ms);

/* Sets the fault INVALID_ARGUMENT and returns false. */
bool check_refuse(struct call *call, const char *reason, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
