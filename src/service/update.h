/* What all updates have in common: the fields that every request of an update carries, and their way to the corridor.
 */
#ifndef SERVICE_UPDATE_H
#define SERVICE_UPDATE_H

#include <progress/v1/progress_service.pb-c.h>

#include "service/instance.h"

/* The shared fields of a request. Borrowed. */
struct update_fields {
	const char *job_id;
	const char *message;
	ProtobufCMessage *const *metadata;
	size_t metadata_count;
	uint32_t attempt;
	struct job_origin origin;
	const Google__Protobuf__Duration *lease;
};

/* The shared fields of any update's request. */
#define UPDATE_FIELDS(request)                                                                                         \
	((struct update_fields){                                                                                           \
	    .job_id = (request)->job_id,                                                                                   \
	    .message = (request)->message,                                                                                 \
	    .metadata = (ProtobufCMessage *const *)(request)->metadata,                                                    \
	    .metadata_count = (request)->n_metadata,                                                                       \
	    .attempt = (request)->attempt,                                                                                 \
	    .origin = {(request)->writer, (request)->sequence, (request)->request_id},                                     \
	    .lease = (request)->lease,                                                                                     \
	})

/* Checks the shared fields and adds them to `update`. False: the call's fault says what is wrong. */
bool update_check(struct call *call, const struct update_fields *fields, struct job_update *update);

/* Checks a whole request and makes an update of it; each in the file of its method. False as above. */
bool update_read_stage(struct call *call, const Progress__V1__UpdateProgressRequest *request,
                       struct job_update *ret_update);
bool update_read_status(struct call *call, const Progress__V1__UpdateProgressByStatusRequest *request,
                        struct job_update *ret_update);
bool update_read_explicit(struct call *call, const Progress__V1__UpdateProgressExplicitRequest *request,
                          struct job_update *ret_update);
bool update_read_incremental(struct call *call, const Progress__V1__UpdateProgressIncrementalRequest *request,
                             struct job_update *ret_update);
bool update_read_simulation(struct call *call, const Progress__V1__SimulateProgressRequest *request,
                            struct job_update *ret_update);

/* Sends the update on its way, or, when a check has failed, answers the call with its fault. */
void update_submit(Progress__V1__ProgressTrackerService_Service *methods, struct call *call, bool is_checked,
                   const char *job_id, const struct job_update *update);

#endif
