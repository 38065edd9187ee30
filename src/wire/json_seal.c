/*
 * Decides how a message looks in JSON: the fields in the order of their numbers, each once, whatever order the bytes
 * have. One pass notes where each field stands, a second one writes; nothing is unpacked and nothing allocated but the
 * text.
 */
#include <assert.h>

#include "wire/guard.h"
#include "wire/json.h"
#include "wire/json_name.h"
#include "wire/json_scalar.h"
#include "wire/json_time.h"
#include "wire/reader.h"

const struct json_options json_options_default = {.shows_defaults = false};

struct walk {
	const struct json_options *options;
	struct buffer *out;
	const ProtobufCMessageDescriptor *outermost;
	struct fault *fault;
};

/* Where a field stands in the bytes of its message. */
struct slot {
	struct reader from; /* at its first occurrence; `at` is NULL: there is none */
	struct json_packed last;
};

static enum err refuse(const struct walk *walk, const char *field, const char *what)
{
	return fault_set(walk->fault, ERR_INTERNAL, "UNSOUND_MESSAGE", "%s: %s: %s", walk->outermost->name, field, what);
}

static uint64_t read_fixed(const uint8_t *at, size_t bytes)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < bytes; i++)
		bits |= (uint64_t)at[i] << 8 * i;
	return bits;
}

/* Reads the next field and its value. NULL: ret_field and ret_value are set; otherwise what is wrong. */
static const char *next_value(struct reader *reader, struct reader_field *ret_field, struct json_packed *ret_value)
{
	const char *trouble = reader_next(reader, ret_field);
	if (trouble != NULL)
		return trouble;
	if (ret_field->type == READER_FIXED64)
		ret_value->number = read_fixed(reader->at - 8, 8);
	else if (ret_field->type == READER_FIXED32)
		ret_value->number = read_fixed(reader->at - 4, 4);
	else if (ret_field->type == READER_VARINT)
		ret_value->number = ret_field->value;
	else
		ret_value->bytes = ret_field->bytes;
	return NULL;
}

static bool is_packed(const ProtobufCFieldDescriptor *field, enum reader_type type)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED && type == READER_BYTES &&
	       reader_type_of(field->type) != READER_BYTES;
}

/* Notes where the fields of a message stand. `slots` has one for each field of the type, all zero. */
static enum err note_fields(const struct walk *walk, const ProtobufCMessageDescriptor *type, struct wire_bytes bytes,
                            struct slot *slots)
{
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	while (reader.at < reader.end) {
		struct reader from = reader;
		struct reader_field part;
		struct json_packed value = json_packed_default;
		const char *trouble = next_value(&reader, &part, &value);
		if (trouble != NULL)
			return refuse(walk, type->name, trouble);
		const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, part.number);
		if (field == NULL)
			continue;
		if (part.type != reader_type_of(field->type) && !is_packed(field, part.type))
			return refuse(walk, field->name, "the value has another wire type than the field");
		struct slot *slot = &slots[field - type->fields];
		bool is_single = field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
		if (slot->from.at == NULL)
			slot->from = from;
		else if (is_single)
			return refuse(walk, field->name, "the message occurs twice");
		slot->last = value;
	}
	return ERR_OK;
}

static enum err put_message(const struct walk *walk, const ProtobufCMessageDescriptor *type, struct wire_bytes bytes,
                            int depth);

static enum err put_value(const struct walk *walk, const ProtobufCFieldDescriptor *field,
                          const struct json_packed *value, int depth)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return put_message(walk, field->descriptor, value->bytes, depth + 1);
	json_seal_scalar(walk->out, field, value);
	return ERR_OK;
}

/* The elements of a packed part, the first of all if is_first. */
static enum err put_packed(const struct walk *walk, const ProtobufCFieldDescriptor *field, struct wire_bytes bytes,
                           bool is_first)
{
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	enum reader_type type = reader_type_of(field->type);
	size_t size = type == READER_FIXED64 ? 8 : 4;
	for (; reader.at < reader.end; is_first = false) {
		struct json_packed value = json_packed_default;
		bool is_whole =
		    type == READER_VARINT ? reader_varint(&reader, &value.number) : (size_t)(reader.end - reader.at) >= size;
		if (!is_whole)
			return refuse(walk, field->name, "a packed element is cut off or too long");
		if (type != READER_VARINT) {
			value.number = read_fixed(reader.at, size);
			reader.at += size;
		}
		if (!is_first)
			buffer_put_char(walk->out, ',');
		json_seal_scalar(walk->out, field, &value);
	}
	return ERR_OK;
}

static enum err put_entry(const struct walk *walk, const ProtobufCFieldDescriptor *field, struct wire_bytes bytes,
                          int depth)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	const ProtobufCFieldDescriptor *key = &entry->fields[0];
	struct slot slots[2] = {0};
	enum err err = note_fields(walk, entry, bytes, slots);
	if (err != ERR_OK)
		return err;
	bool is_quoted = key->type == PROTOBUF_C_TYPE_STRING || reader_type_of(key->type) == READER_FIXED64 ||
	                 key->type == PROTOBUF_C_TYPE_INT64 || key->type == PROTOBUF_C_TYPE_UINT64 ||
	                 key->type == PROTOBUF_C_TYPE_SINT64;
	if (!is_quoted)
		buffer_put_char(walk->out, '"');
	json_seal_scalar(walk->out, key, slots[0].from.at != NULL ? &slots[0].last : &json_packed_default);
	buffer_put_string(walk->out, is_quoted ? ":" : "\":");
	return put_value(walk, &entry->fields[1], slots[1].from.at != NULL ? &slots[1].last : &json_packed_default,
	                 depth + 1);
}

/* All occurrences of a repeated field, from its first one on; of a map, if is_map. */
static enum err put_occurrences(const struct walk *walk, const ProtobufCFieldDescriptor *field, struct reader from,
                                bool is_map, int depth)
{
	size_t start = walk->out->length;
	enum err err = ERR_OK;
	while (err == ERR_OK && from.at < from.end) {
		struct reader_field part;
		struct json_packed value = json_packed_default;
		const char *trouble = next_value(&from, &part, &value);
		assert(trouble == NULL); /* note_fields has been here */
		if (part.number != field->id)
			continue;
		bool is_first = walk->out->length == start;
		if (is_packed(field, part.type)) {
			err = put_packed(walk, field, value.bytes, is_first);
			continue;
		}
		if (!is_first)
			buffer_put_char(walk->out, ',');
		err = is_map ? put_entry(walk, field, value.bytes, depth) : put_value(walk, field, &value, depth);
	}
	return err;
}

/* Whether a field has no other way to be unset than to have its default. */
static bool is_plain(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_NONE && field->type != PROTOBUF_C_TYPE_MESSAGE &&
	       (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
}

static bool is_shown(const struct walk *walk, const ProtobufCFieldDescriptor *field, const struct slot *slot)
{
	bool is_set = slot->from.at != NULL;
	if (is_plain(field))
		return walk->options->shows_defaults || (is_set && (slot->last.number != 0 || slot->last.bytes.length > 0));
	return is_set || (walk->options->shows_defaults && field->label == PROTOBUF_C_LABEL_REPEATED);
}

static enum err put_field(const struct walk *walk, const ProtobufCMessageDescriptor *type,
                          const ProtobufCFieldDescriptor *field, const struct slot *slot, int depth)
{
	bool is_set = slot->from.at != NULL;
	buffer_put_char(walk->out, '"');
	json_put_name(walk->out, field->name);
	buffer_put(walk->out, "\":", 2);
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return put_value(walk, field, is_set ? &slot->last : &json_packed_default, depth);
	bool is_map = json_is_map(type, field);
	buffer_put_char(walk->out, is_map ? '{' : '[');
	enum err err = is_set ? put_occurrences(walk, field, slot->from, is_map, depth) : ERR_OK;
	buffer_put_char(walk->out, is_map ? '}' : ']');
	return err;
}

static enum err put_fields(const struct walk *walk, const ProtobufCMessageDescriptor *type, const struct slot *slots,
                           int depth)
{
	bool is_first = true;
	enum err err = ERR_OK;
	buffer_put_char(walk->out, '{');
	for (unsigned i = 0; err == ERR_OK && i < type->n_fields; i++) {
		if (!is_shown(walk, &type->fields[i], &slots[i]))
			continue;
		if (!is_first)
			buffer_put_char(walk->out, ',');
		is_first = false;
		err = put_field(walk, type, &type->fields[i], &slots[i], depth);
	}
	buffer_put_char(walk->out, '}');
	return err;
}

/* Timestamp and Duration have the same two fields. */
static enum err put_time(const struct walk *walk, const ProtobufCMessageDescriptor *type, struct wire_bytes bytes)
{
	struct slot slots[2] = {0};
	enum err err = note_fields(walk, type, bytes, slots);
	if (err != ERR_OK)
		return err;
	struct json_time time = {(int64_t)slots[0].last.number, (int32_t)slots[1].last.number};
	bool is_put = json_is_timestamp(type) ? json_put_timestamp(walk->out, time) : json_put_duration(walk->out, time);
	return is_put ? ERR_OK : refuse(walk, type->name, "the time is out of range");
}

static enum err put_message(const struct walk *walk, const ProtobufCMessageDescriptor *type, struct wire_bytes bytes,
                            int depth)
{
	if (json_is_timestamp(type) || json_is_duration(type))
		return put_time(walk, type, bytes);
	if (depth > guard_limits_default.depth_max)
		return refuse(walk, type->name, "messages are nested too deep");
	struct slot slots[JSON_FIELDS_MAX] = {0};
	assert(type->n_fields <= JSON_FIELDS_MAX);
	enum err err = note_fields(walk, type, bytes, slots);
	return err == ERR_OK ? put_fields(walk, type, slots, depth) : err;
}

enum err json_seal(const ProtobufCMessageDescriptor *type, const uint8_t *packed, size_t bytes,
                   const struct json_options *options, struct buffer *out, struct fault *fault)
{
	struct walk walk = {options, out, type, fault};
	struct wire_bytes all = bytes > 0 ? (struct wire_bytes){packed, bytes} : json_packed_default.bytes;
	size_t before = out->length;
	enum err err = put_message(&walk, type, all, 1);
	if (err == ERR_OK && out->is_full)
		err = fault_set(fault, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE",
		                "%s: the message takes more than %zu bytes as JSON", type->name, out->bytes_max - before);
	if (err != ERR_OK)
		out->length = before;
	return err;
}
