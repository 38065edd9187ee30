/* A buffer that messages are written into field by field. */
#include "bytes.h"

#include <criterion/criterion.h>
#include <string.h>

void bytes_add(struct bytes *bytes, const void *more, size_t length)
{
	cr_assert_leq(length, BYTES_MAX - bytes->length);
	memcpy(bytes->at + bytes->length, more, length);
	bytes->length += length;
}

void bytes_add_varint(struct bytes *bytes, uint64_t value)
{
	uint8_t packed[10];
	size_t length = 0;
	for (; value >= 0x80; value >>= 7)
		packed[length++] = (uint8_t)(value | 0x80);
	packed[length++] = (uint8_t)value;
	bytes_add(bytes, packed, length);
}

void bytes_add_tag(struct bytes *bytes, uint64_t field, int wire_type)
{
	bytes_add_varint(bytes, field << 3 | (uint64_t)wire_type);
}

void bytes_add_field(struct bytes *bytes, uint64_t field, const void *payload, size_t length)
{
	bytes_add_tag(bytes, field, 2);
	bytes_add_varint(bytes, length);
	bytes_add(bytes, payload, length);
}

void bytes_add_text(struct bytes *bytes, uint64_t field, const char *text)
{
	bytes_add_field(bytes, field, text, strlen(text));
}

void bytes_pack(struct bytes *bytes, const ProtobufCMessage *message)
{
	cr_assert(protobuf_c_message_check(message));
	cr_assert_leq(protobuf_c_message_get_packed_size(message), BYTES_MAX);
	bytes->length = protobuf_c_message_pack(message, bytes->at);
}
