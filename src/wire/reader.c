/* Decides what counts as well-formed wire format. */
#include "wire/reader.h"

#include <assert.h>

enum {
	VARINT_BYTES_MAX = 10,
	SHORT_VARINT_BYTES_MAX = 5, /* of tags and lengths */
	FIELD_NUMBER_MAX = (1 << 29) - 1,
};

enum reader_type reader_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return READER_BYTES;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return READER_FIXED32;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return READER_FIXED64;
	default:
		return READER_VARINT;
	}
}

static bool read_varint(struct reader *reader, size_t bytes_max, uint64_t *ret_value)
{
	size_t left = (size_t)(reader->end - reader->at);
	if (left > 0 && reader->at[0] < 0x80) { /* nearly all of them */
		*ret_value = *reader->at++;
		return true;
	}
	uint64_t value = 0;
	for (size_t i = 0; i < left && i < bytes_max; i++) {
		value |= (uint64_t)(reader->at[i] & 0x7f) << (7 * i);
		if ((reader->at[i] & 0x80) == 0) {
			reader->at += i + 1;
			*ret_value = value;
			return true;
		}
	}
	return false;
}

bool reader_varint(struct reader *reader, uint64_t *ret_value)
{
	return read_varint(reader, VARINT_BYTES_MAX, ret_value);
}

static const char *read_bytes(struct reader *reader, struct wire_bytes *ret_bytes)
{
	uint64_t length;
	if (!read_varint(reader, SHORT_VARINT_BYTES_MAX, &length))
		return "a length is cut off or too long";
	if (length > (uint64_t)(reader->end - reader->at))
		return "a length goes beyond the end";
	*ret_bytes = (struct wire_bytes){reader->at, (size_t)length};
	reader->at += length;
	return NULL;
}

static const char *skip(struct reader *reader, size_t bytes)
{
	if ((size_t)(reader->end - reader->at) < bytes)
		return "a number of fixed size is cut off";
	reader->at += bytes;
	return NULL;
}

static const char *read_value(struct reader *reader, struct reader_field *field)
{
	switch (field->type) {
	case READER_VARINT:
		return reader_varint(reader, &field->value) ? NULL : "a varint is cut off or too long";
	case READER_FIXED64:
		return skip(reader, 8);
	case READER_BYTES:
		return read_bytes(reader, &field->bytes);
	case READER_FIXED32:
		return skip(reader, 4);
	}
	return "a wire type is unknown or a group";
}

const char *reader_next(struct reader *reader, struct reader_field *ret_field)
{
	assert(reader->at < reader->end);
	uint64_t tag;
	if (!read_varint(reader, SHORT_VARINT_BYTES_MAX, &tag))
		return "a field's tag is cut off or too long";
	if (tag >> 3 < 1 || tag >> 3 > FIELD_NUMBER_MAX)
		return "a field's number is out of range";
	struct reader_field field = {.number = (uint32_t)(tag >> 3), .type = (enum reader_type)(tag & 7)};
	const char *trouble = read_value(reader, &field);
	if (trouble == NULL)
		*ret_field = field;
	return trouble;
}
