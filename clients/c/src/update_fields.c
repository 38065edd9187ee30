/* How the caller's struct prg_update becomes parts of a request. */
#include "update_fields.h"

#include "duration.h"

enum prg_code update_fields_init(struct update_fields *fields, const struct prg_update *update,
                                 const ProtobufCMessageDescriptor *request_type)
{
	*fields = (struct update_fields){.lease = GOOGLE__PROTOBUF__DURATION__INIT};
	if (update != NULL)
		fields->update = *update;
	enum prg_code code = duration_fill(&fields->lease, "lease_seconds", fields->update.lease_seconds);
	if (code != PRG_OK)
		return code;
	return metadata_lend(&fields->metadata, request_type, fields->update.metadata, fields->update.metadata_count);
}

void update_fields_finish(struct update_fields *fields)
{
	metadata_finish(&fields->metadata);
}
