/* Tags and lengths. */
#include "field.h"

enum { TAG_SHIFT = 3, LENGTH_DELIMITED = 2 };

unsigned field_number(const ProtobufCMessageDescriptor *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message, name);
	return field != NULL ? field->id : 0;
}

static size_t varint_bytes(size_t value)
{
	size_t bytes = 1;
	for (; value > 0x7f; value >>= 7)
		bytes++;
	return bytes;
}

static uint8_t *put_varint(uint8_t *place, size_t value)
{
	for (; value > 0x7f; value >>= 7)
		*place++ = (uint8_t)(value | 0x80);
	*place++ = (uint8_t)value;
	return place;
}

static size_t tag_of(unsigned number)
{
	return (size_t)number << TAG_SHIFT | LENGTH_DELIMITED;
}

size_t field_head_bytes(unsigned number, size_t length)
{
	return varint_bytes(tag_of(number)) + varint_bytes(length);
}

uint8_t *field_put_head(uint8_t *place, unsigned number, size_t length)
{
	return put_varint(put_varint(place, tag_of(number)), length);
}
