/* Opens and seals messages: bytes from outside become structs in an arena, structs become bytes. */
#ifndef WIRE_OPEN_H
#define WIRE_OPEN_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What opening one message may take of its arena at the very most; a full batch needs about half of it. */
enum { WIRE_OPEN_BYTES_MAX = 8 * 1024 * 1024 };

/* The reason of the fault when an arena is full. */
#define WIRE_ARENA_FULL "ARENA_FULL"

struct wire_bytes {
	const uint8_t *at;
	size_t length;
};

/* Guards (guard_limits_default) and unpacks. The message lives in the arena and is never freed by itself.
 * INVALID_ARGUMENT, RESOURCE_EXHAUSTED as guard_check; RESOURCE_EXHAUSTED, too, when the arena is full
 * or the message would take more than WIRE_OPEN_BYTES_MAX of it. */
enum err wire_open(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length, struct arena *arena,
                   ProtobufCMessage **ret_message, struct fault *fault) MUST_USE;

/* Packs the message into the arena. RESOURCE_EXHAUSTED: the arena is full. */
enum err wire_seal(const ProtobufCMessage *message, struct arena *arena, struct wire_bytes *ret_bytes,
                   struct fault *fault) MUST_USE;

#endif
