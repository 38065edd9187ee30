/* Decides what random messages are like: small, and rich in values at the edges. */
#include "conformance/random_message.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/json_name.h"
#include "wire/json_time.h"
#include "wire/reader.h"

static void put_varint(struct buffer *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buffer_put_char(out, (char)(unsigned char)(value | 0x80));
	buffer_put_char(out, (char)value);
}

static void put_fixed(struct buffer *out, uint64_t bits, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buffer_put_char(out, (char)(unsigned char)(bits >> 8 * i));
}

/* Not zero; small, at an edge, or anything. */
static int64_t choose_number(struct random *random)
{
	static const int64_t edges[] = {1,         -1,        INT32_MIN, INT32_MAX,       UINT32_MAX,
	                                INT64_MIN, INT64_MAX, 1LL << 53, -(1LL << 53) - 1};
	switch (random_below(random, 3)) {
	case 0:
		return (int64_t)random_below(random, 1000) + 1;
	case 1:
		return edges[random_below(random, sizeof edges / sizeof *edges)];
	default:
		return (int64_t)(random_below(random, UINT64_MAX) | 1);
	}
}

static int64_t in_32_bits(int64_t number)
{
	return (int32_t)number == 0 ? 7 : (int32_t)number;
}

static uint64_t zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static double choose_real(struct random *random)
{
	static const double edges[] = {
	    0.1, -1, 1e-300, 1e300, 5e-324, 0.30000000000000004, 123456789012345680.0, 1.0 / 0.0, -1.0 / 0.0, 1e15, 1e-7};
	switch (random_below(random, 3)) {
	case 0:
		return ((double)random_below(random, 100000) + 1) / 1000;
	case 1:
		return edges[random_below(random, sizeof edges / sizeof *edges)];
	default:
		return random_unit(random) + 1e-12;
	}
}

static void put_real(struct random *random, ProtobufCType type, struct buffer *out)
{
	double real = choose_real(random);
	float narrow = (float)real;
	uint64_t bits;
	uint32_t narrow_bits;
	memcpy(&bits, &real, sizeof bits);
	memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
	if (type == PROTOBUF_C_TYPE_DOUBLE)
		put_fixed(out, bits, 8);
	else
		put_fixed(out, narrow_bits == 0 ? 1 : narrow_bits, 4);
}

static void put_text(struct random *random, struct buffer *out)
{
	static const char *const pieces[] = {
	    "a", "Z", "0", " ", "\"", "\\", "/", "<b>", "&", "é", "€", "\xe2\x80\xa8", "\xe2\x80\xa9", "😀", "_", "job"};
	struct buffer text;
	buffer_init(&text, 1000);
	for (size_t left = random_below(random, 12) + 1; left > 0; left--)
		buffer_put_string(&text, pieces[random_below(random, sizeof pieces / sizeof *pieces)]);
	put_varint(out, text.length);
	buffer_put(out, text.at, text.length);
	buffer_finish(&text);
}

static void put_some_bytes(struct random *random, struct buffer *out)
{
	size_t length = random_below(random, 300) + 1;
	put_varint(out, length);
	for (; length > 0; length--)
		buffer_put_char(out, (char)(unsigned char)random_below(random, 256));
}

static void put_enum(struct random *random, const ProtobufCEnumDescriptor *type, struct buffer *out)
{
	int64_t number = type->values[random_below(random, type->n_values)].value;
	if (number == 0 || random_below(random, 8) == 0)
		number = in_32_bits(choose_number(random));
	put_varint(out, (uint64_t)number);
}

/* A value as it follows its tag; of scalars never the default. */
static void put_value(struct random *random, const ProtobufCFieldDescriptor *field, int depth, struct buffer *out);

static void put_whole(struct random *random, ProtobufCType type, struct buffer *out)
{
	int64_t wide = choose_number(random), number = in_32_bits(wide);
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
		put_varint(out, (uint64_t)number);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		put_varint(out, (uint32_t)number);
		break;
	case PROTOBUF_C_TYPE_SINT32:
		put_varint(out, zigzag(number));
		break;
	case PROTOBUF_C_TYPE_SINT64:
		put_varint(out, zigzag(wide));
		break;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		put_fixed(out, (uint64_t)number, 4);
		break;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		put_fixed(out, (uint64_t)wide, 8);
		break;
	default:
		put_varint(out, (uint64_t)wide);
	}
}

static void put_time(struct random *random, bool is_duration, struct buffer *out)
{
	static const int32_t steps[] = {0, 500000000, 1000000, 1000, 1};
	int64_t seconds = is_duration ? (int64_t)random_below(random, 315576000000) - 157788000000
	                              : (int64_t)random_below(random, 315537897600) - 62135596800;
	int32_t nanos = steps[random_below(random, sizeof steps / sizeof *steps)];
	nanos = is_duration && seconds < 0 ? -nanos : nanos;
	if (seconds != 0) {
		put_varint(out, 1 << 3);
		put_varint(out, (uint64_t)seconds);
	}
	if (nanos != 0) {
		put_varint(out, 2 << 3);
		put_varint(out, (uint64_t)(int64_t)nanos);
	}
}

static void put_tag(const ProtobufCFieldDescriptor *field, struct buffer *out)
{
	put_varint(out, (uint64_t)field->id << 3 | (uint64_t)reader_type_of(field->type));
}

static void put_part(struct buffer *out, struct buffer *part)
{
	put_varint(out, part->length);
	buffer_put(out, part->at, part->length);
	buffer_finish(part);
}

static void put_value(struct random *random, const ProtobufCFieldDescriptor *field, int depth, struct buffer *out)
{
	struct buffer part;
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		put_varint(out, 1);
		break;
	case PROTOBUF_C_TYPE_STRING:
		put_text(random, out);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		put_some_bytes(random, out);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_enum(random, field->descriptor, out);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_FLOAT:
		put_real(random, field->type, out);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		buffer_init(&part, out->bytes_max);
		random_message_put(random, field->descriptor, depth, &part);
		put_part(out, &part);
		break;
	default:
		put_whole(random, field->type, out);
	}
}

static void put_packed(struct random *random, const ProtobufCFieldDescriptor *field, struct buffer *out)
{
	struct buffer part;
	buffer_init(&part, out->bytes_max);
	for (size_t left = random_below(random, 60) + 1; left > 0; left--)
		put_value(random, field, 0, &part);
	put_varint(out, (uint64_t)field->id << 3 | READER_BYTES);
	put_part(out, &part);
}

/* One entry, so that no key can occur twice. */
static void put_entry(struct random *random, const ProtobufCFieldDescriptor *field, int depth, struct buffer *out)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	struct buffer part;
	buffer_init(&part, out->bytes_max);
	for (unsigned i = 0; i < entry->n_fields; i++) {
		put_tag(&entry->fields[i], &part);
		put_value(random, &entry->fields[i], depth, &part);
	}
	put_tag(field, out);
	put_part(out, &part);
}

static void put_field(struct random *random, const ProtobufCMessageDescriptor *type,
                      const ProtobufCFieldDescriptor *field, int depth, struct buffer *out)
{
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
		put_packed(random, field, out);
		return;
	}
	if (json_is_map(type, field)) {
		put_entry(random, field, depth, out);
		return;
	}
	size_t left = field->label == PROTOBUF_C_LABEL_REPEATED ? random_below(random, 4) + 1 : 1;
	for (; left > 0; left--) {
		put_tag(field, out);
		put_value(random, field, depth, out);
	}
}

void random_message_put(struct random *random, const ProtobufCMessageDescriptor *type, int depth, struct buffer *out)
{
	if (json_is_timestamp(type) || json_is_duration(type)) {
		put_time(random, json_is_duration(type), out);
		return;
	}
	uint64_t oneofs_set = 0; /* by the place of their case in the struct, which is below 64 words */
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		uint64_t oneof =
		    (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? UINT64_C(1) << field->quantifier_offset / 4 % 64 : 0;
		bool is_too_deep = field->type == PROTOBUF_C_TYPE_MESSAGE && depth <= 1;
		if (is_too_deep || (oneofs_set & oneof) != 0 || random_below(random, 3) == 0)
			continue;
		oneofs_set |= oneof;
		put_field(random, type, field, depth - 1, out);
	}
}
