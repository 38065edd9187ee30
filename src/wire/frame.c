/* Decides which Calls are let in and how a Reply is written. */
#include "wire/frame.h"

#include <assert.h>
#include <progress/fields.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <string.h>

#include "base/text.h"
#include "base/trace.h"
#include "wire/guard.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* A Call on its way in; strings still without their end. */
struct draft {
	struct wire_bytes method;
	struct wire_bytes request;
	uint32_t timeout_ms;
	struct wire_bytes authorization;
	size_t metadata_count;
	struct wire_bytes traceparent;
};

static enum err refuse(struct fault *fault, const char *field, const char *what)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "MALFORMED_CALL", "%s: %s", field, what);
}

static enum err read_text(const struct reader_field *part, const char *field, size_t bytes_max,
                          struct wire_bytes *ret_text, struct fault *fault)
{
	if (part->bytes.length > bytes_max)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "MALFORMED_CALL", "%s: at most %zu bytes are allowed", field,
		                 bytes_max);
	if (!text_is_clean(part->bytes.at, part->bytes.length))
		return refuse(fault, field, "must be well-formed UTF-8 without control characters");
	*ret_text = part->bytes;
	return ERR_OK;
}

/* The parts of a sound entry of a map. */
static void read_entry(struct wire_bytes entry, struct wire_bytes ret_parts[static 2])
{
	struct reader reader = {entry.at, entry.at + entry.length};
	struct reader_field part;
	ret_parts[0] = ret_parts[1] = (struct wire_bytes){NULL, 0};
	while (reader.at < reader.end && reader_next(&reader, &part) == NULL)
		if (part.type == READER_BYTES && part.number <= 2)
			ret_parts[part.number - 1] = part.bytes;
}

/* All else in the metadata is for others. */
static void take_trace(struct draft *draft, struct wire_bytes entry)
{
	static const char name[] = "traceparent";
	struct wire_bytes parts[2];
	read_entry(entry, parts);
	bool is_trace = parts[0].length == strlen(name) && memcmp(parts[0].at, name, strlen(name)) == 0;
	if (is_trace && parts[1].length <= TRACEPARENT_BYTES_MAX)
		draft->traceparent = parts[1];
}

static enum err check_metadata(struct draft *draft, struct wire_bytes entry, struct fault *fault)
{
	if (++draft->metadata_count > FRAME_METADATA_ENTRIES_MAX)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MUCH_METADATA", "metadata: at most %d entries are allowed",
		                 FRAME_METADATA_ENTRIES_MAX);
	enum err err = guard_check(&progress__rpc__v1__call__metadata_entry__descriptor, entry.at, entry.length,
	                           &guard_limits_default, fault);
	if (err == ERR_OK)
		take_trace(draft, entry);
	return err;
}

static enum err read_part(struct draft *draft, const struct reader_field *part, struct fault *fault)
{
	if (part->number >= CALL__METHOD && part->number <= CALL__METADATA) {
		enum reader_type expected = part->number == CALL__TIMEOUT_MS ? READER_VARINT : READER_BYTES;
		if (part->type != expected)
			return refuse(fault, "call", "a value has another wire type than its field");
	}
	switch (part->number) {
	case CALL__METHOD:
		return read_text(part, "method", FRAME_METHOD_BYTES_MAX, &draft->method, fault);
	case CALL__REQUEST:
		draft->request = part->bytes;
		return ERR_OK;
	case CALL__TIMEOUT_MS:
		draft->timeout_ms = (uint32_t)part->value;
		return ERR_OK;
	case CALL__AUTHORIZATION:
		return read_text(part, "authorization", FRAME_AUTHORIZATION_BYTES_MAX, &draft->authorization, fault);
	case CALL__METADATA:
		return check_metadata(draft, part->bytes, fault);
	default:
		return ERR_OK;
	}
}

static enum err read_call(const uint8_t *bytes, size_t length, struct draft *draft, struct fault *fault)
{
	struct reader reader = {bytes, bytes + length};
	enum err err = ERR_OK;
	while (err == ERR_OK && reader.at < reader.end) {
		struct reader_field part;
		const char *trouble = reader_next(&reader, &part);
		if (trouble != NULL)
			return refuse(fault, "call", trouble);
		err = read_part(draft, &part, fault);
	}
	if (err == ERR_OK && draft->method.length == 0)
		return refuse(fault, "method", "must be set, \"/package.Service/Method\"");
	if (err == ERR_OK && length - draft->request.length > FRAME_OVERHEAD_BYTES_MAX)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "CALL_TOO_LARGE",
		                 "call: at most %d bytes are allowed beside the request", FRAME_OVERHEAD_BYTES_MAX);
	return err;
}

static const char *copy_text(struct arena *arena, struct wire_bytes text)
{
	char *copy = arena_take(arena, text.length + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return copy;
}

enum err frame_open_call(const uint8_t *bytes, size_t length, struct arena *arena, struct frame_call *ret_call,
                         struct fault *fault)
{
	static const uint8_t none;
	struct wire_bytes nothing = {&none, 0};
	struct draft draft = {.method = nothing, .request = nothing, .authorization = nothing};
	enum err err = read_call(length == 0 ? &none : bytes, length, &draft, fault);
	if (err != ERR_OK)
		return err;
	const char *method = copy_text(arena, draft.method);
	const char *authorization = draft.authorization.length == 0 ? "" : copy_text(arena, draft.authorization);
	const char *trace = draft.traceparent.length == 0 ? NULL : copy_text(arena, draft.traceparent);
	bool is_whole = method != NULL && authorization != NULL && (trace != NULL || draft.traceparent.length == 0);
	if (!is_whole)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "call: no memory to open it");
	char trace_id[TRACE_ID_BYTES];
	bool is_trace = trace != NULL && trace_read(trace, trace_id);
	*ret_call = (struct frame_call){method, draft.request, draft.timeout_ms, authorization, is_trace ? trace : NULL};
	return ERR_OK;
}

static size_t length_of(const char *string)
{
	return string == NULL ? 0 : strlen(string);
}

size_t frame_reply_bytes(const struct frame_reply *reply)
{
	return writer_number_bytes(reply->code) + writer_bytes_bytes(length_of(reply->message)) +
	       writer_bytes_bytes(length_of(reply->reason)) + writer_bytes_bytes(reply->response.length) +
	       writer_number_bytes(reply->durability);
}

void frame_seal_reply(const struct frame_reply *reply, uint8_t *out)
{
	const uint8_t *start = out;
	out = writer_put_number(out, REPLY__CODE, reply->code);
	out = writer_put_bytes(out, REPLY__MESSAGE, reply->message, length_of(reply->message));
	out = writer_put_bytes(out, REPLY__REASON, reply->reason, length_of(reply->reason));
	out = writer_put_bytes(out, REPLY__RESPONSE, reply->response.at, reply->response.length);
	out = writer_put_number(out, REPLY__DURABILITY, reply->durability);
	assert((size_t)(out - start) == frame_reply_bytes(reply));
}
