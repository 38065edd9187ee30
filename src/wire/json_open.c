/*
 * Decides what JSON text means as a message: one walk over the text, guided by the descriptors, that writes the wire
 * format as it goes. The text's own depth limit bounds the recursion.
 */
#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "wire/guard.h"
#include "wire/json.h"
#include "wire/json_name.h"
#include "wire/json_scalar.h"
#include "wire/json_time.h"
#include "wire/json_walk.h"

/* The fields of one message, by their places in its type. */
struct field_set {
	uint64_t bits[JSON_FIELDS_MAX / 64];
};

static bool contains(const struct field_set *set, size_t place)
{
	return (set->bits[place / 64] >> place % 64 & 1) != 0;
}

static void include(struct field_set *set, size_t place)
{
	set->bits[place / 64] |= UINT64_C(1) << place % 64;
}

static enum err open_message(struct json_walk *walk, const struct json_path *path,
                             const ProtobufCMessageDescriptor *type, const struct json_value *value);

static enum err open_scalar(struct json_walk *walk, const struct json_path *path, const ProtobufCFieldDescriptor *field,
                            const struct json_value *value, bool is_key)
{
	struct json_refusal refusal;
	enum err err = ERR_OK;
	buffer_init(&refusal.text, JSON_REFUSAL_BYTES_MAX);
	if (!json_open_scalar(&walk->out, field, value, is_key, &refusal))
		err = json_refuse(walk, path, ERR_INVALID_ARGUMENT, refusal.reason, "%.*s", (int)refusal.text.length,
		                  refusal.text.at);
	buffer_finish(&refusal.text);
	return err;
}

/* Whether the field with its present value, which begins at `start`, can be left out: it is the default and nothing
 * asks whether it is there. */
static bool is_left_out(const struct buffer *out, const ProtobufCFieldDescriptor *field, size_t start)
{
	if (field->label != PROTOBUF_C_LABEL_NONE || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		return false;
	for (size_t i = start; i < out->length; i++)
		if (out->at[i] != 0)
			return false;
	return true;
}

/* One value with its tag. */
static enum err open_value(struct json_walk *walk, const struct json_path *path, const ProtobufCFieldDescriptor *field,
                           const struct json_value *value)
{
	size_t start = walk->out.length;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		size_t part = json_begin_part(&walk->out, field->id);
		enum err err = open_message(walk, path, field->descriptor, value);
		if (err == ERR_OK)
			json_end_part(&walk->out, part);
		return err;
	}
	json_put_tag(&walk->out, field->id, reader_type_of(field->type));
	size_t after_tag = walk->out.length;
	enum err err = open_scalar(walk, path, field, value, false);
	if (err == ERR_OK && is_left_out(&walk->out, field, after_tag))
		walk->out.length = start;
	return err;
}

static enum err open_element(struct json_walk *walk, const struct json_path *path,
                             const ProtobufCFieldDescriptor *field, bool is_packed)
{
	struct json_value value;
	if (!json_read_value(&walk->reader, &value))
		return json_refuse_text(walk, path);
	if (value.kind == JSON_NULL)
		return json_refuse_value(walk, path, "null is not allowed in a list");
	return is_packed ? open_scalar(walk, path, field, &value, false) : open_value(walk, path, field, &value);
}

static enum err open_list(struct json_walk *walk, const struct json_path *path, const ProtobufCFieldDescriptor *field,
                          const struct json_value *value)
{
	if (value->kind != JSON_ARRAY)
		return json_refuse_value(walk, path, "must be an array");
	bool is_packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0, is_over = false;
	size_t before = walk->out.length;
	size_t part = is_packed ? json_begin_part(&walk->out, field->id) : 0;
	struct json_path element = {.outer = path};
	enum err err = ERR_OK;
	for (; err == ERR_OK; element.index++) {
		if (!json_read_element(&walk->reader, &is_over))
			return json_refuse_text(walk, path);
		if (is_over)
			break;
		err = open_element(walk, &element, field, is_packed);
	}
	if (err == ERR_OK && is_packed && walk->out.length > part)
		json_end_part(&walk->out, part);
	else if (is_packed)
		walk->out.length = before;
	return err;
}

/* Notes the key; INVALID_ARGUMENT if the map has it already. */
static enum err note_key(struct json_walk *walk, const struct json_path *path, const struct json_value *key,
                         struct map *keys)
{
	static char present;
	char *copy = arena_take(walk->reader.arena, key->length + 1);
	if (copy != NULL) {
		memcpy(copy, key->text, key->length);
		copy[key->length] = '\0';
		if (map_find(keys, copy) != NULL)
			return json_refuse_value(walk, path, "the key occurs twice");
	}
	if (copy == NULL || !map_put(keys, copy, &present))
		return json_refuse(walk, path, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "the keys take too much memory");
	return ERR_OK;
}

static enum err open_entry(struct json_walk *walk, const struct json_path *path, const ProtobufCFieldDescriptor *field,
                           const struct json_value *key, struct map *keys)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	struct json_value value;
	size_t part = json_begin_part(&walk->out, field->id);
	json_put_tag(&walk->out, entry->fields[0].id, reader_type_of(entry->fields[0].type));
	enum err err = open_scalar(walk, path, &entry->fields[0], key, true);
	if (err == ERR_OK)
		err = note_key(walk, path, key, keys);
	if (err != ERR_OK)
		return err;
	if (!json_read_value(&walk->reader, &value))
		return json_refuse_text(walk, path);
	if (value.kind == JSON_NULL)
		return json_refuse_value(walk, path, "null is not allowed in a map");
	err = open_value(walk, path, &entry->fields[1], &value);
	if (err == ERR_OK)
		json_end_part(&walk->out, part);
	return err;
}

static enum err open_map(struct json_walk *walk, const struct json_path *path, const ProtobufCFieldDescriptor *field,
                         const struct json_value *value)
{
	if (value->kind != JSON_OBJECT)
		return json_refuse_value(walk, path, "must be an object");
	struct map keys;
	enum err err = ERR_OK;
	map_init(&keys);
	while (err == ERR_OK) {
		struct json_value key;
		bool is_over;
		if (!json_read_member(&walk->reader, &key, &is_over)) {
			err = json_refuse_text(walk, path);
			break;
		}
		if (is_over)
			break;
		struct json_path entry = {.outer = path, .key = key.text, .key_bytes = key.length};
		err = open_entry(walk, &entry, field, &key, &keys);
	}
	map_finish(&keys);
	return err;
}

/* Another field of the same oneof that is set, or NULL. */
static const ProtobufCFieldDescriptor *find_rival(const ProtobufCMessageDescriptor *type,
                                                  const ProtobufCFieldDescriptor *field, const struct field_set *set)
{
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
		return NULL;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (contains(set, i) && (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
		    type->fields[i].quantifier_offset == field->quantifier_offset)
			return &type->fields[i];
	return NULL;
}

static enum err open_field(struct json_walk *walk, const struct json_path *path, const ProtobufCMessageDescriptor *type,
                           const ProtobufCFieldDescriptor *field, const struct json_value *value)
{
	if (json_is_map(type, field))
		return open_map(walk, path, field, value);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return open_list(walk, path, field, value);
	return open_value(walk, path, field, value);
}

/* What of a message was seen already. */
struct seen {
	struct field_set named;
	struct field_set set; /* those that were not null */
};

static enum err open_known(struct json_walk *walk, const struct json_path *path, const ProtobufCMessageDescriptor *type,
                           const ProtobufCFieldDescriptor *field, struct seen *seen)
{
	size_t place = (size_t)(field - type->fields);
	struct json_path inner = {.outer = path, .field = field->name};
	struct json_value value;
	if (contains(&seen->named, place))
		return json_refuse_value(walk, &inner, "the field occurs twice");
	include(&seen->named, place);
	if (!json_read_value(&walk->reader, &value))
		return json_refuse_text(walk, &inner);
	if (value.kind == JSON_NULL)
		return ERR_OK;
	if (find_rival(type, field, &seen->set) != NULL)
		return json_refuse_value(walk, &inner, "another field of the same oneof is set; only one of them is allowed");
	include(&seen->set, place);
	return open_field(walk, &inner, type, field, &value);
}

static enum err refuse_name(const struct json_walk *walk, const struct json_path *path,
                            const ProtobufCMessageDescriptor *type, const struct json_value *name)
{
	struct buffer quoted;
	buffer_init(&quoted, JSON_REFUSAL_BYTES_MAX);
	json_put_quoted(&quoted, name->text, name->length);
	enum err err = json_refuse(walk, path, ERR_INVALID_ARGUMENT, "UNKNOWN_FIELD", "%.*s is no field of %s",
	                           (int)quoted.length, quoted.at, type->name);
	buffer_finish(&quoted);
	return err;
}

static enum err open_unknown(struct json_walk *walk, const struct json_path *path,
                             const ProtobufCMessageDescriptor *type, const struct json_value *name)
{
	struct json_value value;
	if (!walk->ignores_unknown)
		return refuse_name(walk, path, type, name);
	if (!json_read_value(&walk->reader, &value) || !json_skip(&walk->reader, &value))
		return json_refuse_text(walk, path);
	return ERR_OK;
}

static enum err open_members(struct json_walk *walk, const struct json_path *path,
                             const ProtobufCMessageDescriptor *type)
{
	struct seen seen = {0};
	enum err err = ERR_OK;
	assert(type->n_fields <= JSON_FIELDS_MAX);
	while (err == ERR_OK) {
		struct json_value name;
		bool is_over;
		if (!json_read_member(&walk->reader, &name, &is_over))
			return json_refuse_text(walk, path);
		if (is_over)
			break;
		const ProtobufCFieldDescriptor *field = json_find_field(type, name.text, name.length);
		err = field != NULL ? open_known(walk, path, type, field, &seen) : open_unknown(walk, path, type, &name);
	}
	return err;
}

/* Timestamp and Duration have the same two fields. */
static enum err open_time(struct json_walk *walk, const struct json_path *path, const struct json_value *value,
                          bool (*read)(const char *, size_t, struct json_time *), const char *rule)
{
	struct json_time time;
	if (value->kind != JSON_STRING || !read(value->text, value->length, &time))
		return json_refuse_value(walk, path, rule);
	if (time.seconds != 0) {
		json_put_tag(&walk->out, 1, READER_VARINT);
		json_put_varint(&walk->out, (uint64_t)time.seconds);
	}
	if (time.nanos != 0) {
		json_put_tag(&walk->out, 2, READER_VARINT);
		json_put_varint(&walk->out, (uint64_t)(int64_t)time.nanos);
	}
	return ERR_OK;
}

/* The fields of a message, without a tag or a length before them. */
static enum err open_message(struct json_walk *walk, const struct json_path *path,
                             const ProtobufCMessageDescriptor *type, const struct json_value *value)
{
	if (json_is_timestamp(type))
		return open_time(walk, path, value, json_read_timestamp, JSON_TIMESTAMP_RULE);
	if (json_is_duration(type))
		return open_time(walk, path, value, json_read_duration, JSON_DURATION_RULE);
	if (value->kind != JSON_OBJECT)
		return json_refuse_value(walk, path, "must be an object");
	return open_members(walk, path, type);
}

static enum err open_text(struct json_walk *walk, const ProtobufCMessageDescriptor *type)
{
	struct json_value value;
	if (!json_read_value(&walk->reader, &value))
		return json_refuse_text(walk, NULL);
	enum err err = open_message(walk, NULL, type, &value);
	if (err == ERR_OK && !json_read_end(&walk->reader))
		err = json_refuse_text(walk, NULL);
	return err;
}

static enum err keep(const struct json_walk *walk, struct arena *arena, struct wire_bytes *ret_packed)
{
	if (walk->out.is_full)
		return json_refuse(walk, NULL, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE",
		                   "the message is too large, at most %zu bytes are allowed", walk->out.bytes_max);
	uint8_t *packed = arena_take(arena, walk->out.length);
	if (packed == NULL)
		return json_refuse(walk, NULL, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL,
		                   "opening the message takes too much memory");
	if (walk->out.length > 0)
		memcpy(packed, walk->out.at, walk->out.length);
	*ret_packed = (struct wire_bytes){packed, walk->out.length};
	return ERR_OK;
}

enum err json_open(const ProtobufCMessageDescriptor *type, const char *text, size_t bytes, bool ignores_unknown,
                   struct arena *arena, struct wire_bytes *ret_packed, struct fault *fault)
{
	if (bytes > guard_limits_default.bytes_max)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE",
		                 "request: the text has %zu bytes, at most %zu are allowed", bytes,
		                 guard_limits_default.bytes_max);
	struct json_walk walk = {.ignores_unknown = ignores_unknown, .fault = fault};
	json_reader_init(&walk.reader, text, bytes, arena);
	buffer_init(&walk.out, guard_limits_default.bytes_max);
	enum err err = open_text(&walk, type);
	if (err == ERR_OK)
		err = keep(&walk, arena, ret_packed);
	buffer_finish(&walk.out);
	return err;
}
