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
	})

/* Checks the shared fields and adds them to `update`. False: the call's fault says what is wrong. */
bool update_check(struct call *call, const struct update_fields *fields, struct job_update *update);

/* Sends the update on its way, or, when a check has failed, answers the call with its fault. */
void update_submit(Progress__V1__ProgressTrackerService_Service *methods, struct call *call, bool is_checked,
                   const char *job_id, const struct job_update *update, ProtobufCClosure closure,
                   ProtobufCMessage *(*answer)(const struct subject *subject, struct arena *arena));

/* Defines the answer of an update, a response of the given type with the job and the outcome. */
#define UPDATE_ANSWER(Name, prefix)                                                                                    \
	static ProtobufCMessage *answer(const struct subject *subject, struct arena *arena)                                \
	{                                                                                                                  \
		Progress__V1__##Name *response = arena_take(arena, sizeof *response);                                          \
		if (response == NULL)                                                                                          \
			return NULL;                                                                                               \
		progress__v1__##prefix##__init(response);                                                                      \
		response->progress_info = answer_info(subject, arena);                                                         \
		response->outcome = (Progress__V1__UpdateOutcome)subject->outcome;                                             \
		return response->progress_info != NULL ? &response->base : NULL;                                               \
	}

#endif
