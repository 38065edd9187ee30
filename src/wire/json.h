/*
 * The JSON mapping of Protocol Buffers, driven by the descriptors: a new message needs no code here. JSON text becomes
 * a serialized message and back, without the message in between:
 *
 *     const struct method *method = method_find("/progress.v1.ProgressTrackerService/GetProgress");
 *     json_open(method->input, body, body_bytes, true, arena, &call->request, &fault);
 *     … service_call …
 *     json_seal(method->output, call->response.at, call->response.length, &json_options_default, &text, &fault);
 *
 * All functions are safe for use by many threads at once, each with its own arena and buffer.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "wire/open.h"

/* How deep arrays and objects may lie in each other in JSON text that is read. */
enum { JSON_DEPTH_MAX = 32 };

/*
 * Turns JSON text, one value, into a serialized message of the type in the arena. Names are taken in lowerCamelCase
 * and as the schema has them; numbers may be strings; enum values are names or numbers; null is the default. The limits
 * are those of guard_limits_default, for the text and for the message; strings must be clean (text_is_clean). Members
 * that the type does not know are refused, or, with ignores_unknown, skipped; names of enum values that it does not
 * know are always refused. What comes out still has to pass guard_check, which knows how deep messages may lie.
 *
 * INVALID_ARGUMENT: the text is no JSON (reason MALFORMED_JSON, with the byte where it is wrong), or does not fit the
 * type (INVALID_FIELD, UNKNOWN_FIELD, INVALID_TEXT): the fault's text begins with the path of the field in JSON,
 * "updates[3].updateProgress.stage", or with "request" for the whole, and says what was wrong and what is allowed.
 *
 * RESOURCE_EXHAUSTED: over a limit, or the arena is full.
 */
enum err json_open(const ProtobufCMessageDescriptor *type, const char *text, size_t bytes, bool ignores_unknown,
                   struct arena *arena, struct wire_bytes *ret_packed, struct fault *fault) MUST_USE;

struct json_options {
	bool shows_defaults; /* fields with their default value, empty lists and maps too; messages not set stay out */
};

/* Leaves default values out. */
extern const struct json_options json_options_default;

/*
 * Appends the message as one JSON object without line breaks to `out`: safe as the data line of a server-sent event,
 * and inside HTML, since <, > and & are escaped. Unknown fields are left out. `packed` is a message of our own making,
 * not checked by the guard: fields in any order, but a message that is not repeated occurs only once in its parent, and
 * one field of a oneof at most. The text costs a few microseconds: seal once for many readers.
 *
 * INTERNAL: the bytes are no such message, or hold a time out of range. RESOURCE_EXHAUSTED: `out` is full. After an
 * error `out` is as it was, but for out->is_full.
 */
enum err json_seal(const ProtobufCMessageDescriptor *type, const uint8_t *packed, size_t bytes,
                   const struct json_options *options, struct buffer *out, struct fault *fault) MUST_USE;

/* Appends the string, which is UTF-8, as a JSON string with its quotes, escaped as by json_seal; for JSON that is put
 * together by hand. */
void json_put_string(struct buffer *out, const char *string, size_t length);

#endif
