/* The names of fields in JSON, and which fields are maps: what protobuf-c's descriptors do not say, by protobuf's own
 * rules. script/generate refuses a schema that breaks them. */
#ifndef WIRE_JSON_NAME_H
#define WIRE_JSON_NAME_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* A type has at most so many fields. */
enum { JSON_FIELDS_MAX = 128 };

/* Appends the field's name in lowerCamelCase: "job_id" becomes "jobId". */
void json_put_name(struct buffer *out, const char *name);

/* The field that is so called in JSON, in lowerCamelCase or as in the schema, or NULL. */
const ProtobufCFieldDescriptor *json_find_field(const ProtobufCMessageDescriptor *type, const char *name,
                                                size_t length);

/* Whether the field of the type is a map: its messages are entries, key and value. */
bool json_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

#endif
