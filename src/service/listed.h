/* Records of the store where many are shown. One that is no job is left out, so that it harms only its own job. */
#ifndef SERVICE_LISTED_H
#define SERVICE_LISTED_H

#include "job/job.h"
#include "store/store.h"

/* Gets the name and what is wrong; any thread. */
typedef void listed_report(const char *job_id, const struct fault *fault);

/* Opens the record. *ret_job is the caller's to destroy; NULL: it is no job, and the report, unless NULL, was told.
 * RESOURCE_EXHAUSTED: no memory. */
enum err listed_open(const struct store_record *record, listed_report *report, struct job **ret_job,
                     struct fault *fault) MUST_USE;

#endif
