/* Decides which JSON values are values of which type. */
#include "wire/json_scalar.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wire/json_base64.h"
#include "wire/json_number.h"
#include "wire/json_path.h"

void json_put_varint(struct buffer *out, uint64_t value)
{
	char bytes[10];
	size_t length = 0;
	for (; value >= 0x80; value >>= 7)
		bytes[length++] = (char)(unsigned char)(value | 0x80);
	bytes[length++] = (char)value;
	buffer_put(out, bytes, length);
}

static void put_fixed(struct buffer *out, uint64_t value, size_t bytes)
{
	char little_endian[8];
	for (size_t i = 0; i < bytes; i++)
		little_endian[i] = (char)(unsigned char)(value >> 8 * i);
	buffer_put(out, little_endian, bytes);
}

static bool refuse(struct json_refusal *refusal, const struct json_value *value, const char *rule)
{
	static const char *const shown[] = {
	    [JSON_NULL] = "null",      [JSON_FALSE] = "false",      [JSON_TRUE] = "true",
	    [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};
	refusal->reason = "INVALID_FIELD";
	if (value->kind == JSON_STRING || value->kind == JSON_NUMBER)
		json_put_quoted(&refusal->text, value->text, value->length);
	else
		buffer_put_string(&refusal->text, shown[value->kind]);
	buffer_put_string(&refusal->text, " is not allowed; ");
	buffer_put_string(&refusal->text, rule);
	return false;
}

/* Whether it is a number, or a string that holds one and nothing else. */
static bool is_number(const struct json_value *value)
{
	return value->kind == JSON_NUMBER || (value->kind == JSON_STRING && value->length > 0 &&
	                                      json_number_length(value->text, value->length) == value->length);
}

struct range {
	int64_t min;
	uint64_t max;
};

static struct range range_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return (struct range){0, UINT32_MAX};
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return (struct range){0, UINT64_MAX};
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return (struct range){INT64_MIN, INT64_MAX};
	default:
		return (struct range){INT32_MIN, INT32_MAX};
	}
}

/* The whole number as 64 bits, negative ones in two's complement. */
static bool read_whole(const struct json_value *value, struct range range, uint64_t *ret_bits)
{
	struct json_integer integer;
	if (!is_number(value) || !json_read_integer(value->text, value->length, &integer))
		return false;
	uint64_t magnitude_max = integer.is_negative ? -(uint64_t)range.min : range.max;
	if (integer.magnitude > magnitude_max)
		return false;
	*ret_bits = integer.is_negative ? -integer.magnitude : integer.magnitude;
	return true;
}

static void put_whole(struct buffer *out, ProtobufCType type, uint64_t bits)
{
	uint64_t sign = bits >> 63 == 0 ? 0 : UINT64_MAX;
	switch (type) {
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		json_put_varint(out, bits << 1 ^ sign);
		break;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		put_fixed(out, bits, 4);
		break;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		put_fixed(out, bits, 8);
		break;
	default:
		json_put_varint(out, bits);
	}
}

static bool open_whole(struct buffer *out, ProtobufCType type, const struct json_value *value,
                       struct json_refusal *refusal)
{
	struct range range = range_of(type);
	uint64_t bits;
	if (!read_whole(value, range, &bits)) {
		char rule[100];
		snprintf(rule, sizeof rule, "must be a whole number from %lld to %llu", (long long)range.min,
		         (unsigned long long)range.max);
		return refuse(refusal, value, rule);
	}
	put_whole(out, type, bits);
	return true;
}

static bool is_text(const struct json_value *value, const char *text)
{
	return value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

static bool read_real(const struct json_value *value, double *ret_real)
{
	if (is_number(value))
		return json_read_double(value->text, value->length, ret_real);
	bool is_special = value->kind == JSON_STRING &&
	                  (is_text(value, "NaN") || is_text(value, "Infinity") || is_text(value, "-Infinity"));
	if (is_special)
		*ret_real = *value->text == 'N' ? (double)NAN : *value->text == '-' ? -(double)INFINITY : (double)INFINITY;
	return is_special;
}

static bool open_double(struct buffer *out, const struct json_value *value, struct json_refusal *refusal)
{
	double real;
	uint64_t bits;
	if (!read_real(value, &real))
		return refuse(refusal, value, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	memcpy(&bits, &real, sizeof bits);
	put_fixed(out, bits, sizeof bits);
	return true;
}

static bool open_float(struct buffer *out, const struct json_value *value, struct json_refusal *refusal)
{
	double real;
	uint32_t bits;
	if (!read_real(value, &real) || (isfinite(real) && fabs(real) > (double)FLT_MAX))
		return refuse(refusal, value, "must be a number that fits in 32 bits, \"NaN\", \"Infinity\" or \"-Infinity\"");
	float narrow = (float)real;
	memcpy(&bits, &narrow, sizeof bits);
	put_fixed(out, bits, sizeof bits);
	return true;
}

static bool open_bool(struct buffer *out, const struct json_value *value, bool is_key, struct json_refusal *refusal)
{
	bool is_true = value->kind == JSON_TRUE || (is_key && is_text(value, "true"));
	if (!is_true && value->kind != JSON_FALSE && !(is_key && is_text(value, "false")))
		return refuse(refusal, value, "must be true or false");
	buffer_put_char(out, is_true ? 1 : 0);
	return true;
}

static bool open_string(struct buffer *out, const struct json_value *value, struct json_refusal *refusal)
{
	if (value->kind != JSON_STRING)
		return refuse(refusal, value, "must be a string");
	if (!text_is_clean(value->text, value->length)) {
		refusal->reason = "INVALID_TEXT";
		buffer_put_string(&refusal->text, "must be well-formed UTF-8 without control characters");
		return false;
	}
	json_put_varint(out, value->length);
	buffer_put(out, value->text, value->length);
	return true;
}

static bool open_bytes(struct buffer *out, const struct json_value *value, struct json_refusal *refusal)
{
	static const char rule[] = "must be a string in base64";
	struct buffer decoded;
	if (value->kind != JSON_STRING)
		return refuse(refusal, value, rule);
	buffer_init(&decoded, value->length);
	bool is_base64 = json_read_base64(&decoded, value->text, value->length);
	json_put_varint(out, decoded.length);
	buffer_put(out, decoded.at, decoded.length);
	out->is_full = out->is_full || decoded.is_full;
	buffer_finish(&decoded);
	return is_base64 || refuse(refusal, value, rule);
}

static void put_value_names(struct buffer *out, const ProtobufCEnumDescriptor *type)
{
	buffer_put_string(out, "must be a number or one of");
	for (unsigned i = 0; i < type->n_values; i++) {
		buffer_put_string(out, i == 0 ? " " : ", ");
		buffer_put_string(out, type->values[i].name);
	}
}

static bool refuse_enum(struct json_refusal *refusal, const struct json_value *value,
                        const ProtobufCEnumDescriptor *type)
{
	refuse(refusal, value, "");
	put_value_names(&refusal->text, type);
	return false;
}

static bool open_enum(struct buffer *out, const ProtobufCEnumDescriptor *type, const struct json_value *value,
                      struct json_refusal *refusal)
{
	uint64_t bits = 0;
	if (value->kind == JSON_NUMBER) {
		if (!read_whole(value, range_of(PROTOBUF_C_TYPE_INT32), &bits))
			return refuse_enum(refusal, value, type);
	} else {
		unsigned i = 0;
		while (i < type->n_value_names && !is_text(value, type->values_by_name[i].name))
			i++;
		if (value->kind != JSON_STRING || i == type->n_value_names)
			return refuse_enum(refusal, value, type);
		bits = (uint64_t)(int64_t)type->values[type->values_by_name[i].index].value;
	}
	json_put_varint(out, bits);
	return true;
}

bool json_open_scalar(struct buffer *out, const ProtobufCFieldDescriptor *field, const struct json_value *value,
                      bool is_key, struct json_refusal *refusal)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return open_bool(out, value, is_key, refusal);
	case PROTOBUF_C_TYPE_STRING:
		return open_string(out, value, refusal);
	case PROTOBUF_C_TYPE_BYTES:
		return open_bytes(out, value, refusal);
	case PROTOBUF_C_TYPE_ENUM:
		return open_enum(out, field->descriptor, value, refusal);
	case PROTOBUF_C_TYPE_DOUBLE:
		return open_double(out, value, refusal);
	case PROTOBUF_C_TYPE_FLOAT:
		return open_float(out, value, refusal);
	default:
		assert(field->type != PROTOBUF_C_TYPE_MESSAGE);
		return open_whole(out, field->type, value, refusal);
	}
}
