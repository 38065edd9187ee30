/*
 * Decides which messages are opened at all. The walk follows the descriptors, one stack frame for each level, at most
 * depth_max of them.
 *
 * Why parts are counted: protobuf-c takes memory for each part, not for each byte. An empty sub-message of two bytes
 * costs about 120 bytes (its struct, its place in the array, the notes taken while scanning), so that 1 MiB of them
 * would become 60 MB, and larger structs more. With 200,000 parts it is 25 MB at the very most, and wire_open lets it
 * take no more than WIRE_OPEN_BYTES_MAX, 8 MiB, of that. A full batch of 10,000 updates with eight fields, a metadata
 * entry or a lease each has about 130,000 parts and takes about 4 MB.
 */
#include "wire/guard.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wire/reader.h"

const struct guard_limits guard_limits_default = {
    .bytes_max = 1 << 20,
    .depth_max = 8,
    .parts_max = 200000,
};

struct walk {
	const struct guard_limits *limits;
	size_t parts;
	struct fault *fault;
};

/* One message on the way from the outermost to the one that is looked at. */
struct level {
	const struct level *outer; /* NULL: outermost */
	const ProtobufCMessageDescriptor *type;
	const ProtobufCFieldDescriptor *field; /* the field of `type` that is looked at; NULL: none known */
	int depth;
};

static void append(char *text, size_t text_bytes, const char *more)
{
	size_t length = strlen(text);
	snprintf(text + length, text_bytes - length, "%s%s", length > 0 ? "." : "", more);
}

static void append_path(char *path, size_t path_bytes, const struct level *level)
{
	if (level->outer != NULL)
		append_path(path, path_bytes, level->outer);
	if (level->field != NULL)
		append(path, path_bytes, level->field->name);
}

/* Fills the fault with "metadata.value: what is wrong", or the type's name where no field is to blame. */
static enum err refuse(const struct walk *walk, const struct level *level, enum err code, const char *reason,
                       const char *what)
{
	char path[200] = "";
	append_path(path, sizeof path, level);
	return fault_set(walk->fault, code, reason, "%s: %s", path[0] != '\0' ? path : level->type->name, what);
}

static enum err refuse_bytes(const struct walk *walk, const struct level *level, const char *what)
{
	return refuse(walk, level, ERR_INVALID_ARGUMENT, "MALFORMED_MESSAGE", what);
}

static enum err count_parts(struct walk *walk, const struct level *level, size_t count)
{
	if (count > walk->limits->parts_max - walk->parts) {
		char what[80];
		snprintf(what, sizeof what, "too many fields, at most %zu are allowed in a message", walk->limits->parts_max);
		return refuse(walk, level, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_PARTS", what);
	}
	walk->parts += count;
	return ERR_OK;
}

/* Counts the elements of a packed field; false if they are not whole. */
static bool count_packed(ProtobufCType type, struct wire_bytes bytes, size_t *ret_count)
{
	enum reader_type wire = reader_type_of(type);
	size_t count = 0;
	if (wire != READER_VARINT) {
		size_t size = wire == READER_FIXED64 ? 8 : 4;
		*ret_count = bytes.length / size;
		return bytes.length % size == 0;
	}
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	for (uint64_t value; reader.at < reader.end; count++) {
		const uint8_t *start = reader.at;
		if (!reader_varint(&reader, &value))
			return false;
		/* protobuf-c takes each byte for a boolean of its own. */
		if (type == PROTOBUF_C_TYPE_BOOL && (value > 1 || reader.at - start != 1))
			return false;
	}
	*ret_count = count;
	return true;
}

static enum err check_packed(struct walk *walk, const struct level *level, struct wire_bytes bytes)
{
	size_t count;
	if (!count_packed(level->field->type, bytes, &count))
		return refuse_bytes(walk, level, "a packed element is cut off or too long");
	return count_parts(walk, level, count);
}

static enum err check_message(struct walk *walk, struct level *level, struct wire_bytes bytes);

static enum err check_sub_message(struct walk *walk, const struct level *level, struct wire_bytes bytes)
{
	struct level inner = {.outer = level, .type = level->field->descriptor, .depth = level->depth + 1};
	if (inner.depth > walk->limits->depth_max) {
		char what[80];
		snprintf(what, sizeof what, "messages are nested too deep, at most %d levels are allowed",
		         walk->limits->depth_max);
		return refuse(walk, level, ERR_RESOURCE_EXHAUSTED, "TOO_DEEP", what);
	}
	return check_message(walk, &inner, bytes);
}

/* A field that the type knows. */
static enum err check_known(struct walk *walk, const struct level *level, const struct reader_field *part)
{
	const ProtobufCFieldDescriptor *field = level->field;
	enum reader_type expected = reader_type_of(field->type);
	bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	if (is_repeated && expected != READER_BYTES && part->type == READER_BYTES)
		return check_packed(walk, level, part->bytes);
	if (part->type != expected)
		return refuse_bytes(walk, level, "the value has another wire type than the field");
	if (field->type == PROTOBUF_C_TYPE_STRING && !text_is_clean(part->bytes.at, part->bytes.length))
		return refuse(walk, level, ERR_INVALID_ARGUMENT, "INVALID_TEXT",
		              "must be well-formed UTF-8 without control characters");
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_sub_message(walk, level, part->bytes);
	return ERR_OK;
}

static enum err check_message(struct walk *walk, struct level *level, struct wire_bytes bytes)
{
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	enum err err = ERR_OK;
	while (err == ERR_OK && reader.at < reader.end) {
		struct reader_field part;
		level->field = NULL;
		const char *trouble = reader_next(&reader, &part);
		if (trouble != NULL)
			return refuse_bytes(walk, level, trouble);
		level->field = protobuf_c_message_descriptor_get_field(level->type, part.number);
		err = count_parts(walk, level, 1);
		if (err == ERR_OK && level->field != NULL)
			err = check_known(walk, level, &part);
	}
	return err;
}

enum err guard_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length,
                     const struct guard_limits *limits, struct fault *fault)
{
	assert(limits->depth_max >= 1 && (bytes != NULL || length == 0));
	if (length > limits->bytes_max)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE",
		                 "%s: the message has %zu bytes, at most %zu are allowed", type->name, length,
		                 limits->bytes_max);
	struct walk walk = {.limits = limits, .fault = fault};
	struct level outermost = {.type = type, .depth = 1};
	return length == 0 ? ERR_OK : check_message(&walk, &outermost, (struct wire_bytes){bytes, length});
}
