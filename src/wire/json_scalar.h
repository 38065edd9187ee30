/* Single values: JSON to the wire format, and back. */
#ifndef WIRE_JSON_SCALAR_H
#define WIRE_JSON_SCALAR_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "wire/json_reader.h"
#include "wire/open.h"

enum { JSON_REFUSAL_BYTES_MAX = 16384 };

/* Why a value is none of its field. */
struct json_refusal {
	const char *reason; /* of the fault */
	struct buffer text; /* what is wrong and what is allowed; the caller starts and finishes it */
};

/* Appends a value of the field's type, which is no message, as it follows its tag. False: it is none, `refusal` says
 * why, and part of it may have been appended. The key of a map is a string that may hold true, false or a number. */
bool json_open_scalar(struct buffer *out, const ProtobufCFieldDescriptor *field, const struct json_value *value,
                      bool is_key, struct json_refusal *refusal) MUST_USE;

/* A value as it lies in a message. */
struct json_packed {
	uint64_t number;         /* a varint, or the bits of a number of fixed size */
	struct wire_bytes bytes; /* of a string, bytes or a message; `at` is never NULL */
};

/* The default of every type. */
extern const struct json_packed json_packed_default;

/* Appends a value of the field's type, which is no message, as JSON. */
void json_seal_scalar(struct buffer *out, const ProtobufCFieldDescriptor *field, const struct json_packed *value);

/* Appends a varint. */
void json_put_varint(struct buffer *out, uint64_t value);

#endif
