/* What is asked in which words, and the answer in the same. */
#include "http/connect.h"

#include <string.h>
#include <strings.h>

#include "http/answer.h"
#include "http/connect_stream.h"
#include "wire/json.h"

enum { TIMEOUT_DIGITS_MAX = 10 };

/* How the bodies of a request and its answer are written. */
struct codec {
	const char *type;
	bool is_json;
	bool is_stream;
};

static const struct codec codecs[] = {
    {"application/proto", false, false},
    {"application/json", true, false},
    {"application/connect+proto", false, true},
    {"application/connect+json", true, true},
};

/* The codec of a media type; its parameters do not count. NULL: there is none. */
static const struct codec *find_codec(const char *type)
{
	if (type == NULL)
		return NULL;
	size_t length = strcspn(type, "; \t");
	for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
		if (length == strlen(codecs[i].type) && strncasecmp(codecs[i].type, type, length) == 0)
			return &codecs[i];
	return NULL;
}

enum err connect_read_timeout(const char *text, uint32_t *ret_ms, struct fault *fault)
{
	uint64_t ms = 0;
	size_t length = text != NULL ? strlen(text) : 0;
	*ret_ms = 0;
	if (text == NULL)
		return ERR_OK;
	if (length == 0 || length > TIMEOUT_DIGITS_MAX || strspn(text, "0123456789") != length)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_TIMEOUT",
		                 "Connect-Timeout-Ms: must be a number of at most %d digits", TIMEOUT_DIGITS_MAX);
	for (size_t i = 0; i < length; i++)
		ms = ms * 10 + (uint64_t)(text[i] - '0');
	if (ms == 0)
		return fault_set(fault, ERR_DEADLINE_EXCEEDED, "TIMEOUT", "Connect-Timeout-Ms: there is no time left");
	*ret_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
	return ERR_OK;
}

static enum err check_version(const struct exchange *exchange, struct fault *fault)
{
	const char *version = exchange_field(exchange, "Connect-Protocol-Version");
	if (version == NULL || strcmp(version, "1") == 0)
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_VERSION", "Connect-Protocol-Version: must be 1");
}

/* Bodies go as they are: they are small, and compressed secrets can be guessed. */
static enum err check_encoding(const struct exchange *exchange, const char *field, struct fault *fault)
{
	const char *encoding = exchange_field(exchange, field);
	if (encoding == NULL || strcasecmp(encoding, "identity") == 0)
		return ERR_OK;
	return fault_set(fault, ERR_UNIMPLEMENTED, "BAD_ENCODING", "%s: the only one is identity", field);
}

static void finish(struct exchange *exchange)
{
	static const char *const worth[] = {"UNSPECIFIED", "SYNCED", "WRITTEN", "MEMORY"};
	struct call *call = &exchange->call;
	const char *const fields[] = {"Progress-Durability", worth[call->durability], NULL};
	const struct wire_bytes *response = &call->response;
	if (call->fault.code == ERR_OK && exchange->is_json)
		(void)!json_seal(exchange->rpc->output, response->at, response->length, &json_options_default, &exchange->text,
		                 &call->fault);
	else if (call->fault.code == ERR_OK)
		buffer_put(&exchange->text, response->at, response->length);
	if (call->fault.code != ERR_OK)
		answer_fault_of(exchange, &call->fault);
	else
		answer_text_with(exchange, MHD_HTTP_OK, exchange->is_json ? codecs[1].type : codecs[0].type, fields);
}

static void serve_unary(struct exchange *exchange)
{
	struct fault fault = {0};
	struct wire_bytes request = {(const uint8_t *)exchange->body.at, exchange->body.length};
	uint32_t timeout_ms = 0;
	enum err err = check_encoding(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING, &fault);
	if (err == ERR_OK)
		err = connect_read_timeout(exchange_field(exchange, "Connect-Timeout-Ms"), &timeout_ms, &fault);
	if (err == ERR_OK && exchange->is_json)
		err = json_open(exchange->rpc->input, exchange->body.at, exchange->body.length, true, &exchange->arena,
		                &request, &fault);
	if (err != ERR_OK) {
		answer_fault_of(exchange, &fault);
		return;
	}
	if (request.at == NULL)
		request.at = (const uint8_t *)"";
	exchange_call(exchange, exchange->rpc->name, request, timeout_ms, finish);
}

static void refuse_type(struct exchange *exchange, const char *accepted)
{
	struct fault fault = {0};
	const char *const fields[] = {"Accept-Post", accepted, NULL};
	fault_set(&fault, ERR_UNKNOWN, "WRONG_TYPE", "Content-Type: allowed are %s", accepted);
	answer_fault_with(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, &fault, fields);
}

void connect_serve(struct exchange *exchange)
{
	struct fault fault = {0};
	exchange->rpc = method_find(exchange->path);
	if (exchange->rpc == NULL) {
		fault_set(&fault, ERR_UNIMPLEMENTED, "UNKNOWN_METHOD", "there is no such method");
		answer_fault_as(exchange, MHD_HTTP_NOT_FOUND, &fault);
		return;
	}
	const struct codec *codec = find_codec(exchange_field(exchange, MHD_HTTP_HEADER_CONTENT_TYPE));
	if (codec == NULL || codec->is_stream != exchange->rpc->is_streaming) {
		refuse_type(exchange, exchange->rpc->is_streaming ? "application/connect+proto, application/connect+json"
		                                                  : "application/proto, application/json");
		return;
	}
	exchange->is_json = codec->is_json;
	if (check_version(exchange, &fault) != ERR_OK) {
		answer_fault_of(exchange, &fault);
		return;
	}
	if (codec->is_stream && check_encoding(exchange, "Connect-Content-Encoding", &fault) == ERR_OK)
		connect_stream_serve(exchange);
	else if (codec->is_stream)
		connect_stream_refuse(exchange, &fault);
	else
		serve_unary(exchange);
}
