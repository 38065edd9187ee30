/* Decides how single values look in JSON. */
#include <string.h>

#include "wire/json.h"
#include "wire/json_base64.h"
#include "wire/json_number.h"
#include "wire/json_scalar.h"

static const uint8_t nothing[1];

const struct json_packed json_packed_default = {0, {nothing, 0}};

static void put_enum(struct buffer *out, const ProtobufCEnumDescriptor *type, int32_t number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
	if (value == NULL) {
		json_put_signed(out, number);
		return;
	}
	buffer_put_char(out, '"');
	buffer_put_string(out, value->name);
	buffer_put_char(out, '"');
}

static int64_t from_zigzag(uint64_t bits)
{
	return (int64_t)(bits >> 1 ^ -(bits & 1));
}

static void put_real(struct buffer *out, ProtobufCType type, uint64_t bits)
{
	double real;
	float narrow;
	uint32_t low = (uint32_t)bits;
	if (type == PROTOBUF_C_TYPE_DOUBLE) {
		memcpy(&real, &bits, sizeof real);
		json_put_double(out, real);
	} else {
		memcpy(&narrow, &low, sizeof narrow);
		json_put_float(out, narrow);
	}
}

/* 64 bits are a string, because a number in JavaScript has only 53. */
static void put_wide(struct buffer *out, ProtobufCType type, uint64_t bits)
{
	buffer_put_char(out, '"');
	if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64)
		json_put_unsigned(out, bits);
	else
		json_put_signed(out, type == PROTOBUF_C_TYPE_SINT64 ? from_zigzag(bits) : (int64_t)bits);
	buffer_put_char(out, '"');
}

static void put_bytes(struct buffer *out, struct wire_bytes bytes)
{
	buffer_put_char(out, '"');
	json_put_base64(out, bytes.at, bytes.length);
	buffer_put_char(out, '"');
}

void json_seal_scalar(struct buffer *out, const ProtobufCFieldDescriptor *field, const struct json_packed *value)
{
	uint64_t bits = value->number;
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		buffer_put_string(out, bits != 0 ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_STRING:
		json_put_string(out, (const char *)value->bytes.at, value->bytes.length);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		put_bytes(out, value->bytes);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_enum(out, field->descriptor, (int32_t)bits);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_FLOAT:
		put_real(out, field->type, bits);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		json_put_unsigned(out, (uint32_t)bits);
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		json_put_signed(out, (int32_t)bits);
		break;
	case PROTOBUF_C_TYPE_SINT32:
		json_put_signed(out, (int32_t)from_zigzag((uint32_t)bits));
		break;
	default:
		put_wide(out, field->type, bits);
	}
}
