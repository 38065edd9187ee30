/*
 * The frames of the RPC (progress.rpc.v1): opens a Call, seals a Reply. Both are short walks over the wire format by
 * hand, so that a request is not copied on its way in and a reply is written once, straight into the transport's
 * buffer:
 *
 *     struct frame_reply reply = {.code = ERR_OK, .response = call->response, .durability = STORE_SYNCED};
 *     nng_msg_alloc(&msg, frame_reply_bytes(&reply));
 *     frame_seal_reply(&reply, nng_msg_body(msg));
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/open.h"

enum {
	FRAME_METHOD_BYTES_MAX = 256,
	FRAME_AUTHORIZATION_BYTES_MAX = 8192,
	FRAME_METADATA_ENTRIES_MAX = 64,
	FRAME_OVERHEAD_BYTES_MAX = 16384, /* what a frame may have beside its request: add it to the request's limit */
};

/* A call as it came in. */
struct frame_call {
	const char *method;        /* in the arena; never NULL, never empty */
	struct wire_bytes request; /* borrowed from the frame's bytes; `at` is not NULL, `length` may be 0 */
	uint32_t timeout_ms;       /* 0: none given */
	const char *authorization; /* in the arena; "" when there is none */
	const char *traceparent;   /* of the metadata, in the arena; NULL: there is none, or it is not one */
};

/* Opens a Call. The request is borrowed: `bytes` must live as long as it is used; it is not looked into (wire_open
 * guards it). Metadata is checked and skipped. Of a field that occurs twice the last one counts.
 * INVALID_ARGUMENT: not a Call (truncated, a wrong wire type, a string that is not clean UTF-8, no method, a method or
 * an authorization that is too long). RESOURCE_EXHAUSTED: more than FRAME_OVERHEAD_BYTES_MAX beside the request, too
 * much metadata, or the arena is full. */
enum err frame_open_call(const uint8_t *bytes, size_t length, struct arena *arena, struct frame_call *ret_call,
                         struct fault *fault) MUST_USE;

/* A reply to send; all zero is an empty success. Everything is borrowed for the call. */
struct frame_reply {
	int32_t code;               /* enum err */
	const char *message;        /* for people; NULL: empty. Clean UTF-8 */
	const char *reason;         /* for programs; NULL: empty */
	struct wire_bytes response; /* empty unless code is 0 */
	int durability;             /* number of progress.rpc.v1.Durability, the same as enum store_durability */
};

/* The exact number of bytes that frame_seal_reply writes. */
size_t frame_reply_bytes(const struct frame_reply *reply);

/* Writes the Reply to `out`, which has room for frame_reply_bytes(reply). */
void frame_seal_reply(const struct frame_reply *reply, uint8_t *out);

#endif
