/* Serialized messages written by hand, well formed or not. */
#ifndef UNIT_WIRE_BYTES_H
#define UNIT_WIRE_BYTES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_MAX = 2 << 20 };

struct bytes {
	size_t length;
	uint8_t at[BYTES_MAX];
};

/* Each appends to what is there. */
void bytes_add(struct bytes *bytes, const void *more, size_t length);
void bytes_add_varint(struct bytes *bytes, uint64_t value);
void bytes_add_tag(struct bytes *bytes, uint64_t field, int wire_type);
void bytes_add_field(struct bytes *bytes, uint64_t field, const void *payload, size_t length);
void bytes_add_text(struct bytes *bytes, uint64_t field, const char *text);

/* Replaces what is there by the packed message. */
void bytes_pack(struct bytes *bytes, const ProtobufCMessage *message);

#endif
