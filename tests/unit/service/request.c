/* How words become fields, by the descriptors. */
#include "request.h"

#include <criterion/criterion.h>
#include <google/protobuf/duration.pb-c.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATED_MAX = 128 };

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	ProtobufCMessage *message = arena_take_zeroed(arena, type->sizeof_message);
	cr_assert_not_null(message);
	type->message_init(message);
	return message;
}

static char *make_string(const char *value, struct arena *arena)
{
	if (*value != '@')
		return arena_copy_string(arena, value);
	size_t length = strtoul(value + 1, NULL, 10);
	char *string = arena_take_zeroed(arena, length + 1);
	cr_assert_not_null(string);
	memset(string, 'x', length);
	return string;
}

static ProtobufCMessage *make_duration(const char *value, struct arena *arena)
{
	Google__Protobuf__Duration *duration =
	    (Google__Protobuf__Duration *)make(&google__protobuf__duration__descriptor, arena);
	double whole, rest = modf(strtod(value, NULL), &whole);
	duration->seconds = (int64_t)whole;
	duration->nanos = (int32_t)(rest * 1e9);
	return &duration->base;
}

static void set(ProtobufCMessage *message, const char *name, const char *value, struct arena *arena);

/* "KEY:VALUE" as a map's entry; other messages from their own words are not needed. */
static ProtobufCMessage *make_entry(const ProtobufCMessageDescriptor *type, const char *value, struct arena *arena)
{
	ProtobufCMessage *entry = make(type, arena);
	char *key = arena_copy_string(arena, value), *colon = strchr(key, ':');
	cr_assert_not_null(colon);
	*colon = '\0';
	set(entry, "key", key, arena);
	set(entry, "value", colon + 1, arena);
	return entry;
}

static void set_value(const ProtobufCFieldDescriptor *field, void *at, const char *value, struct arena *arena)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = make_string(value, arena);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = strtod(value, NULL);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = strtol(value, NULL, 10) != 0;
		break;
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_INT32:
		*(int32_t *)at = (int32_t)strtol(value, NULL, 10);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		*(uint32_t *)at = (uint32_t)strtoul(value, NULL, 10);
		break;
	case PROTOBUF_C_TYPE_UINT64:
		*(uint64_t *)at = strtoull(value, NULL, 10);
		break;
	default:
		cr_assert_fail("no words for the type of %s", field->name);
	}
}

static void add_value(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *value,
                      struct arena *arena)
{
	size_t *count = (size_t *)(void *)((char *)message + field->quantifier_offset);
	void **array = (void **)(void *)((char *)message + field->offset);
	if (*count == 0)
		*array = arena_take_zeroed(arena, REPEATED_MAX * sizeof(void *));
	cr_assert_lt(*count, REPEATED_MAX);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		((ProtobufCMessage **)*array)[(*count)++] = make_entry(field->descriptor, value, arena);
	else
		set_value(field, &((int32_t *)*array)[(*count)++], value, arena);
}

static void set_message(const ProtobufCFieldDescriptor *field, ProtobufCMessage **at, const char *path,
                        const char *value, struct arena *arena)
{
	if (field->descriptor == &google__protobuf__duration__descriptor) {
		*at = make_duration(value, arena);
		return;
	}
	if (*at == NULL)
		*at = make(field->descriptor, arena);
	set(*at, path, value, arena);
}

static void set(ProtobufCMessage *message, const char *name, const char *value, struct arena *arena)
{
	char first[64] = {0};
	size_t length = strcspn(name, ".");
	cr_assert_lt(length, sizeof first);
	memcpy(first, name, length);
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, first);
	cr_assert_not_null(field, "%s has no field %s", message->descriptor->name, first);
	void *at = (char *)message + field->offset;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		add_value(message, field, value, arena);
	else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		set_message(field, at, name[length] == '.' ? name + length + 1 : "", value, arena);
	else
		set_value(field, at, value, arena);
}

ProtobufCMessage *request_make(const ProtobufCMessageDescriptor *type, const char *words, struct arena *arena)
{
	ProtobufCMessage *message = make(type, arena);
	char *rest = arena_copy_string(arena, words), *word;
	while ((word = strtok_r(rest, " ", &rest)) != NULL) {
		char *equals = strchr(word, '=');
		cr_assert_not_null(equals, "%s says nothing", word);
		*equals = '\0';
		set(message, word, equals + 1, arena);
	}
	return message;
}
