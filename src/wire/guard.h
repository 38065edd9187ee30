/*
 * Looks over a serialized message before it is opened, without taking memory: depth, number of parts, strings. What
 * passes can be opened by protobuf-c in bounded memory and without a surprise inside.
 */
#ifndef WIRE_GUARD_H
#define WIRE_GUARD_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct guard_limits {
	size_t bytes_max; /* of the whole message */
	int depth_max;    /* of messages in messages; the outermost is 1 */
	size_t parts_max; /* fields in all messages together; each packed element of a repeated field counts as one */
};

/* For what comes from outside: 1 MiB, depth 8, and as many parts as a batch of 10,000 full updates has. */
extern const struct guard_limits guard_limits_default;

/* INVALID_ARGUMENT: not a message of that type (truncated, a length beyond the end, a wrong wire type for a known
 * field, a group, a string that is not clean UTF-8 (text_is_clean) — the text names the field by its path,
 * "metadata.value"). RESOURCE_EXHAUSTED: over a limit. Unknown fields are skipped but must be well formed. */
enum err guard_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length,
                     const struct guard_limits *limits, struct fault *fault) MUST_USE;

#endif
