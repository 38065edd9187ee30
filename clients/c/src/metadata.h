/* Metadata on its way into a request. */
#ifndef PRG_METADATA_H
#define PRG_METADATA_H

#include <prg/prg.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* The entries as messages of the request's own type of entry; keys and values are borrowed. */
struct metadata {
	size_t count;
	void *messages; /* array of pointers, in one block with what they point to; NULL when there are none */
};

/* Makes the entries ready for a request of that type. Fills the thread's error: PRG_INVALID_ARGUMENT: a key or a value
 * is NULL; PRG_RESOURCE_EXHAUSTED. */
enum prg_code metadata_lend(struct metadata *metadata, const ProtobufCMessageDescriptor *request_type,
                            const struct prg_entry *entries, size_t count);

void metadata_finish(struct metadata *metadata);

#endif
