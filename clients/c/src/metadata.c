/* protobuf-c makes an own type of each map of each message, all alike: key and value. Here one shape stands for all. */
#include "metadata.h"

#include <prg/service.h>
#include <stdlib.h>

#include "error.h"
#include "text.h"

struct entry_message {
	ProtobufCMessage base;
	char *key;
	char *value;
};

#define SAME_SHAPE(type)                                                                                               \
	_Static_assert(sizeof(type) == sizeof(struct entry_message) &&                                                     \
	                   offsetof(type, key) == offsetof(struct entry_message, key) &&                                   \
	                   offsetof(type, value) == offsetof(struct entry_message, value),                                 \
	               "a map entry is a key and a value")

SAME_SHAPE(Progress__V1__UpdateProgressRequest__MetadataEntry);
SAME_SHAPE(Progress__V1__UpdateProgressByStatusRequest__MetadataEntry);
SAME_SHAPE(Progress__V1__UpdateProgressExplicitRequest__MetadataEntry);
SAME_SHAPE(Progress__V1__UpdateProgressIncrementalRequest__MetadataEntry);
SAME_SHAPE(Progress__V1__SimulateProgressRequest__MetadataEntry);
SAME_SHAPE(Progress__V1__CreateJobRequest__MetadataEntry);

static enum prg_code check_entries(const struct prg_entry *entries, size_t count)
{
	if (count > 0 && entries == NULL)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "metadata: is NULL, but its count is %zu", count);
	for (size_t i = 0; i < count; i++)
		if (entries[i].key == NULL || entries[i].value == NULL)
			return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "metadata[%zu].%s: is NULL", i,
			                 entries[i].key == NULL ? "key" : "value");
	return PRG_OK;
}

enum prg_code metadata_lend(struct metadata *metadata, const ProtobufCMessageDescriptor *request_type,
                            const struct prg_entry *entries, size_t count)
{
	*metadata = (struct metadata){0};
	enum prg_code code = check_entries(entries, count);
	if (code != PRG_OK || count == 0)
		return code;
	struct entry_message **pointers = calloc(count, sizeof *pointers + sizeof **pointers);
	if (pointers == NULL)
		return error_no_memory();
	struct entry_message *messages = (struct entry_message *)(pointers + count);
	const ProtobufCMessageDescriptor *type =
	    protobuf_c_message_descriptor_get_field_by_name(request_type, "metadata")->descriptor;
	for (size_t i = 0; i < count; i++) {
		protobuf_c_message_init(type, &messages[i]);
		messages[i].key = text_lend(entries[i].key);
		messages[i].value = text_lend(entries[i].value);
		pointers[i] = &messages[i];
	}
	metadata->count = count;
	metadata->messages = pointers;
	return PRG_OK;
}

void metadata_finish(struct metadata *metadata)
{
	free(metadata->messages);
}
