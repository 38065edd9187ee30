/* An envelope is a byte of flags, four bytes of length, the highest first, and the message. */
#include "http/connect_stream.h"

#include <string.h>

#include "base/metrics.h"
#include "http/answer.h"
#include "http/connect.h"
#include "http/stream.h"
#include "wire/json.h"

enum { HEAD_BYTES = 5, FLAG_COMPRESSED = 1, FLAG_END = 2 };

#define TYPE_PROTO "application/connect+proto"
#define TYPE_JSON  "application/connect+json"

enum err connect_stream_open(const char *body, size_t length, struct wire_bytes *ret_message, struct fault *fault)
{
	uint8_t head[HEAD_BYTES];
	if (length < HEAD_BYTES)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ENVELOPE", "the body must be one message in its envelope");
	memcpy(head, body, HEAD_BYTES);
	size_t bytes = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if ((head[0] & FLAG_COMPRESSED) != 0)
		return fault_set(fault, ERR_INTERNAL, "BAD_ENVELOPE", "the message is compressed without a word in the head");
	if (head[0] != 0 || bytes != length - HEAD_BYTES)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ENVELOPE", "the body must be one message in its envelope");
	*ret_message = (struct wire_bytes){(const uint8_t *)body + HEAD_BYTES, bytes};
	return ERR_OK;
}

/* Begins an envelope whose length is not known yet; returns its place. */
static size_t open_envelope(struct buffer *out, uint8_t flags)
{
	const uint8_t head[HEAD_BYTES] = {flags};
	size_t place = out->length;
	buffer_put(out, head, HEAD_BYTES);
	return place;
}

static void close_envelope(struct buffer *out, size_t place)
{
	if (out->is_full)
		return;
	size_t bytes = out->length - place - HEAD_BYTES;
	for (size_t i = 0; i < 4; i++)
		out->at[place + 1 + i] = (char)(bytes >> (24 - 8 * i));
}

static enum err write_message(const struct stream *stream, size_t *place, struct buffer *out, struct fault *fault)
{
	struct stream_answer answer = stream_answer(stream);
	size_t envelope = open_envelope(out, 0);
	enum err err = ERR_OK;
	if (stream_is_json(stream))
		err = json_seal(stream_method(stream)->output, answer.bytes.at, answer.bytes.length, &json_options_default, out,
		                fault);
	else
		buffer_put(out, answer.bytes.at, answer.bytes.length);
	if (err != ERR_OK)
		out->length = envelope;
	else
		close_envelope(out, envelope);
	*place = answer.bytes.length;
	metrics_add(METRICS_STREAM_EVENTS, 1);
	return err;
}

static void end(const struct fault *fault, struct buffer *out)
{
	size_t envelope = open_envelope(out, FLAG_END);
	if (fault->code == ERR_OK) {
		buffer_put_string(out, "{}");
	} else {
		buffer_put_string(out, "{\"error\":");
		answer_write_fault(out, fault);
		buffer_put_char(out, '}');
	}
	close_envelope(out, envelope);
}

static const struct stream_framing framing_proto = {
    .type = TYPE_PROTO, .has_late_errors = true, .write = write_message, .end = end};
static const struct stream_framing framing_json = {
    .type = TYPE_JSON, .has_late_errors = true, .write = write_message, .end = end};

void connect_stream_refuse(struct exchange *exchange, const struct fault *fault)
{
	end(fault, &exchange->text);
	answer_text(exchange, MHD_HTTP_OK, exchange->is_json ? TYPE_JSON : TYPE_PROTO);
}

void connect_stream_serve(struct exchange *exchange)
{
	struct fault fault = {0};
	struct stream_wish wish = {.method = exchange->rpc, .token = "", .is_json = exchange->is_json};
	enum err err = connect_stream_open(exchange->body.at, exchange->body.length, &wish.request, &fault);
	if (err == ERR_OK)
		err = connect_read_timeout(exchange_field(exchange, "Connect-Timeout-Ms"), &wish.timeout_ms, &fault);
	if (err == ERR_OK && exchange->is_json)
		err = json_open(exchange->rpc->input, (const char *)wish.request.at, wish.request.length, true,
		                &exchange->arena, &wish.request, &fault);
	if (err != ERR_OK)
		connect_stream_refuse(exchange, &fault);
	else
		stream_serve(exchange, exchange->is_json ? &framing_json : &framing_proto, &wish);
}
