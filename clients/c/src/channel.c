/*
 * One call from its request to its response: when it is sent, when it is sent again, and when it is given up. A call is
 * repeated until its deadline when the connection is lost or when the service says that it is not available just now.
 */
#include "channel.h"

#include <stdio.h>
#include <string.h>

#include <progress/rpc/v1/rpc.pb-c.h>

#include "client.h"
#include "duration.h"
#include "error.h"
#include "server.h"
#include "steady.h"

enum {
	REQUEST_BYTES_MAX = 1 << 20,
	METHOD_BYTES_MAX = 128,
	PAUSE_MIN_MS = 10,
	PAUSE_MAX_MS = 1000,
	WAIT_DEFAULT_MS = 30000, /* of requests that wait, when they do not say how long */
	WAIT_MAX_MS = 300000,
};

static _Thread_local struct {
	enum prg_durability durability;
	bool repeated;
} last;

static _Thread_local int64_t next_deadline_ms; /* 0: the client's */

struct call {
	struct prg_client *client;
	const ProtobufCMethodDescriptor *method;
	const ProtobufCMessage *request;
	char method_name[METHOD_BYTES_MAX];
	struct line *line;
	int64_t deadline_ms;                  /* 0: not set yet */
	const ProtobufCFieldDescriptor *wait; /* the request's timeout, if it is one that waits; else NULL */
	int64_t wait_until_ms;
	int pause_ms;
	unsigned sent; /* how often */
};

/* The request's own timeout, "timeout" in the schema. */
static const ProtobufCFieldDescriptor *find_wait(const ProtobufCMessageDescriptor *type)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, "timeout");
	return field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE ? field : NULL;
}

static int64_t wait_ms(const struct call *call)
{
	const Google__Protobuf__Duration *timeout;
	memcpy(&timeout, (const char *)call->request + call->wait->offset, sizeof timeout);
	if (timeout == NULL)
		return WAIT_DEFAULT_MS;
	if (timeout->seconds < 0 || timeout->seconds > WAIT_MAX_MS / 1000)
		return WAIT_MAX_MS;
	return duration_ms(timeout);
}

static void set_deadline(struct call *call)
{
	int64_t extra_ms = 0;
	call->wait = find_wait(call->request->descriptor);
	if (call->wait != NULL)
		extra_ms = wait_ms(call);
	call->wait_until_ms = steady_now_ms() + extra_ms;
	if (call->deadline_ms == 0)
		call->deadline_ms = client_deadline_ms(call->client, extra_ms);
}

static enum prg_code unavailable(const struct call *call)
{
	return error_set(PRG_UNAVAILABLE, "UNREACHABLE", "cannot reach progressd at %s", call->client->url);
}

static enum prg_code bad_reply(const struct call *call, const char *what)
{
	return error_set(PRG_INTERNAL, "BAD_REPLY", "%s at %s answered %s: not a progressd?", call->method->name,
	                 call->client->url, what);
}

/* The error for an exchange that is the end of the call. */
static enum prg_code give_up(const struct call *call, enum exchange end)
{
	if (end == EXCHANGE_CLOSED)
		return error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed");
	if (end == EXCHANGE_NO_MEMORY)
		return error_no_memory();
	if (end == EXCHANGE_FAILED)
		return unavailable(call);
	if (error_code() == PRG_UNAVAILABLE)
		return PRG_UNAVAILABLE;
	if (!connection_is_up(&call->client->connection))
		return unavailable(call);
	return error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "%s: no answer from %s in time", call->method->name,
	                 call->client->url);
}

/* Packs the request into the line's scratch memory; NULL: no memory. One that waits says how long it waits from now. */
static uint8_t *pack_request(struct call *call, size_t *ret_bytes)
{
	const ProtobufCMessage *request = call->request;
	size_t copy_bytes = 0, bytes = protobuf_c_message_get_packed_size(request);
	if (call->wait != NULL)
		copy_bytes = request->descriptor->sizeof_message;
	enum { DURATION_BYTES_MAX = 32 };
	uint8_t *scratch = line_scratch(call->line, copy_bytes + bytes + DURATION_BYTES_MAX);
	if (scratch == NULL)
		return NULL;
	Google__Protobuf__Duration left = GOOGLE__PROTOBUF__DURATION__INIT;
	if (call->wait != NULL && call->sent > 0) {
		int64_t left_ms = call->wait_until_ms - steady_now_ms();
		duration_fill_ms(&left, left_ms > 0 ? left_ms : 0);
		Google__Protobuf__Duration *pointer = &left;
		memcpy(scratch, request, copy_bytes);
		memcpy(scratch + call->wait->offset, &pointer, sizeof pointer);
		request = (const ProtobufCMessage *)(void *)scratch;
	}
	*ret_bytes = protobuf_c_message_pack(request, scratch + copy_bytes);
	return scratch + copy_bytes;
}

static uint32_t remaining_ms(const struct call *call)
{
	if (call->deadline_ms == STEADY_NEVER)
		return 0;
	int64_t left_ms = call->deadline_ms - steady_now_ms();
	return left_ms < 1 ? 1 : left_ms > INT32_MAX ? INT32_MAX : (uint32_t)left_ms;
}

/* The Call as a message ready to be sent; NULL: no memory. */
static nng_msg *build_message(struct call *call)
{
	Progress__Rpc__V1__Call frame = PROGRESS__RPC__V1__CALL__INIT;
	frame.method = call->method_name;
	frame.timeout_ms = remaining_ms(call);
	if (call->client->authorization != NULL)
		frame.authorization = call->client->authorization;
	frame.request.data = pack_request(call, &frame.request.len);
	nng_msg *message;
	if (frame.request.data == NULL || nng_msg_alloc(&message, progress__rpc__v1__call__get_packed_size(&frame)) != 0)
		return NULL;
	progress__rpc__v1__call__pack(&frame, nng_msg_body(message));
	return message;
}

enum prg_code channel_known_code(int32_t code)
{
	return code > PRG_OK && code <= PRG_UNAUTHENTICATED ? (enum prg_code)code : PRG_UNKNOWN;
}

static enum prg_code open_reply(struct call *call, const Progress__Rpc__V1__Reply *reply,
                                ProtobufCMessage **ret_response)
{
	if (reply->code != PRG_OK)
		return error_set(channel_known_code(reply->code), reply->reason, "%s", reply->message);
	ProtobufCMessage *response =
	    protobuf_c_message_unpack(call->method->output, NULL, reply->response.len, reply->response.data);
	if (response == NULL)
		return bad_reply(call, "with a message that cannot be read");
	last.durability = (enum prg_durability)reply->durability;
	error_clear();
	*ret_response = response;
	return PRG_OK;
}

static enum prg_code open_answer(struct call *call, nng_msg *answer, ProtobufCMessage **ret_response)
{
	Progress__Rpc__V1__Reply *reply = progress__rpc__v1__reply__unpack(NULL, nng_msg_len(answer), nng_msg_body(answer));
	nng_msg_free(answer);
	if (reply == NULL)
		return bad_reply(call, "with something else than a reply");
	enum prg_code code = open_reply(call, reply, ret_response);
	progress__rpc__v1__reply__free_unpacked(reply, NULL);
	return code;
}

/* Sends the call once and waits for its answer. */
static enum exchange attempt(struct call *call, nng_msg **ret_answer)
{
	struct connection *connection = &call->client->connection;
	enum exchange end = connection_wait(connection, call->deadline_ms, call->client->fail_fast);
	if (end != EXCHANGE_DONE)
		return end;
	nng_msg *message = build_message(call);
	if (message == NULL)
		return EXCHANGE_NO_MEMORY;
	end = line_exchange(call->line, message, call->deadline_ms, ret_answer);
	if (end != EXCHANGE_UNSENT)
		call->sent++;
	return end;
}

/* Lets some time pass before the next attempt, more each time. */
static enum exchange pause_between(struct call *call)
{
	call->pause_ms = call->pause_ms == 0 ? PAUSE_MIN_MS : call->pause_ms * 2;
	if (call->pause_ms > PAUSE_MAX_MS)
		call->pause_ms = PAUSE_MAX_MS;
	return connection_pause(&call->client->connection, call->pause_ms, call->deadline_ms);
}

static enum prg_code make_call(struct call *call, ProtobufCMessage **ret_response)
{
	for (;;) {
		nng_msg *answer = NULL;
		enum exchange end = attempt(call, &answer);
		if (end == EXCHANGE_DONE) {
			enum prg_code code = open_answer(call, answer, ret_response);
			if (code != PRG_UNAVAILABLE || call->client->fail_fast)
				return code;
			end = pause_between(call);
		} else if (end == EXCHANGE_LOST && call->sent > 1) {
			/* The next attempt waits for the connection, but a service that drops each call must not be asked in a
			 * busy loop. */
			end = pause_between(call);
		}
		if (end != EXCHANGE_DONE && end != EXCHANGE_LOST && end != EXCHANGE_UNSENT)
			return give_up(call, end);
	}
}

static enum prg_code check_request(const struct call *call)
{
	if (!protobuf_c_message_check(call->request))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_REQUEST", "%s: the request is not well formed", call->method->name);
	size_t bytes = protobuf_c_message_get_packed_size(call->request);
	if (bytes > REQUEST_BYTES_MAX)
		return error_set(PRG_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", "%s: the request has %zu bytes, allowed are %d",
		                 call->method->name, bytes, REQUEST_BYTES_MAX);
	return PRG_OK;
}

static enum prg_code call_method(struct prg_client *client, const ProtobufCServiceDescriptor *service, unsigned index,
                                 const ProtobufCMessage *request, int64_t deadline_ms, ProtobufCMessage **ret_response)
{
	struct call call = {
	    .client = client, .method = &service->methods[index], .request = request, .deadline_ms = deadline_ms};
	snprintf(call.method_name, sizeof call.method_name, "/%s/%s", service->name, call.method->name);
	enum prg_code code = check_request(&call);
	if (code != PRG_OK)
		return code;
	set_deadline(&call);
	if (call.method->output != &progress__v1__get_server_info_response__descriptor)
		code = server_check(client, call.deadline_ms);
	if (code != PRG_OK)
		return code;
	call.line = connection_take(&client->connection);
	if (call.line == NULL)
		return client_is_closing(client) ? give_up(&call, EXCHANGE_CLOSED) : error_no_memory();
	code = make_call(&call, ret_response);
	last.repeated = call.sent > 1;
	connection_return(&client->connection, call.line);
	return code;
}

static void invoke(ProtobufCService *service, unsigned method_index, const ProtobufCMessage *request,
                   ProtobufCClosure closure, void *closure_data)
{
	struct prg_client *client = (struct prg_client *)(void *)service;
	ProtobufCMessage *response = NULL;
	int64_t deadline_ms = next_deadline_ms;
	next_deadline_ms = 0;
	if (client_enter(client) != PRG_OK) {
		closure(NULL, closure_data);
		return;
	}
	call_method(client, service->descriptor, method_index, request, deadline_ms, &response);
	closure(response, closure_data);
	if (response != NULL)
		protobuf_c_message_free_unpacked(response, NULL);
	client_leave(client);
}

void channel_init(ProtobufCService *service)
{
	service->descriptor = &progress__v1__progress_tracker_service__descriptor;
	service->invoke = invoke;
}

void channel_use_deadline(int64_t deadline_ms)
{
	next_deadline_ms = deadline_ms;
}

enum prg_durability channel_durability(void)
{
	return last.durability;
}

bool channel_was_repeated(void)
{
	return last.repeated;
}

ProtobufCService *prg_service(struct prg_client *client)
{
	return &client->service;
}

enum prg_code prg_service_code(void)
{
	return error_code();
}

enum prg_durability prg_service_durability(void)
{
	return last.durability;
}
