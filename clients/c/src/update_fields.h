/* What all updates have in common on their way into a request. */
#ifndef PRG_UPDATE_FIELDS_H
#define PRG_UPDATE_FIELDS_H

#include <prg/service.h>

#include "metadata.h"
#include "text.h"

struct update_fields {
	struct prg_update update; /* all zero when the caller gave none; strings are borrowed */
	struct metadata metadata;
	Google__Protobuf__Duration lease;
};

/* Makes the fields ready for a request of that type; `update` may be NULL. Fills the thread's error:
 * PRG_INVALID_ARGUMENT, PRG_RESOURCE_EXHAUSTED; then there is nothing to finish. */
enum prg_code update_fields_init(struct update_fields *fields, const struct prg_update *update,
                                 const ProtobufCMessageDescriptor *request_type);

void update_fields_finish(struct update_fields *fields);

/* Fills in a request; a macro because the types of the requests differ. */
#define UPDATE_FIELDS_FILL(request, fields, job, writer_name)                                                          \
	do {                                                                                                               \
		(request)->job_id = text_lend(job);                                                                            \
		(request)->message = text_lend((fields)->update.message);                                                      \
		(request)->n_metadata = (fields)->metadata.count;                                                              \
		(request)->metadata = (fields)->metadata.messages;                                                             \
		(request)->attempt = (fields)->update.attempt;                                                                 \
		(request)->lease = (fields)->update.lease_seconds > 0 ? &(fields)->lease : NULL;                               \
		(request)->writer = text_lend(writer_name);                                                                    \
	} while (0)

#endif
