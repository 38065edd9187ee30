/* Decides how the tests call: a context for each call, deadlines that only a defect can reach. */
#include "caller.h"

#include <criterion/criterion.h>
#include <nng/protocol/reqrep0/req.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static void expect(int code, const char *what)
{
	cr_assert_eq(code, 0, "%s: %s", what, nng_strerror(code));
}

void caller_open(struct caller *caller, const char *url)
{
	expect(nng_req0_open(&caller->socket), "open");
	expect(nng_socket_set_ms(caller->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), "resend time");
	expect(nng_dial(caller->socket, url, NULL, 0), url);
}

void caller_close(struct caller *caller)
{
	nng_close(caller->socket);
}

static void run(struct caller_call *call, void (*operation)(nng_ctx, nng_aio *), const char *what)
{
	operation(call->context, call->aio);
	nng_aio_wait(call->aio);
	expect(nng_aio_result(call->aio), what);
}

void caller_start_frame(struct caller *caller, const void *frame, size_t frame_bytes, struct caller_call *ret_call)
{
	nng_msg *message;
	expect(nng_ctx_open(&ret_call->context, caller->socket), "context");
	expect(nng_aio_alloc(&ret_call->aio, NULL, NULL), "aio");
	nng_aio_set_timeout(ret_call->aio, PATIENCE_MS);
	expect(nng_msg_alloc(&message, frame_bytes), "message");
	if (frame_bytes > 0)
		memcpy(nng_msg_body(message), frame, frame_bytes);
	nng_aio_set_msg(ret_call->aio, message);
	run(ret_call, nng_ctx_send, "send");
}

void caller_start(struct caller *caller, const char *method, const char *request, struct caller_call *ret_call)
{
	char *method_copy = strdup(method);
	char *request_copy = strdup(request);
	Progress__Rpc__V1__Call call = PROGRESS__RPC__V1__CALL__INIT;
	call.method = method_copy;
	call.request.data = (uint8_t *)request_copy;
	call.request.len = strlen(request);
	size_t frame_bytes = progress__rpc__v1__call__get_packed_size(&call);
	uint8_t *frame = malloc(frame_bytes);
	cr_assert_not_null(frame);
	progress__rpc__v1__call__pack(&call, frame);
	caller_start_frame(caller, frame, frame_bytes, ret_call);
	free(frame);
	free(request_copy);
	free(method_copy);
}

void caller_abandon(struct caller_call *call)
{
	nng_ctx_close(call->context);
	nng_aio_free(call->aio);
}

static void read_reply(nng_msg *message, struct caller_reply *ret_reply)
{
	Progress__Rpc__V1__Reply *reply =
	    progress__rpc__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
	cr_assert_not_null(reply, "the answer is no Reply");
	*ret_reply = (struct caller_reply){.code = reply->code, .durability = (int)reply->durability};
	snprintf(ret_reply->reason, sizeof ret_reply->reason, "%s", reply->reason);
	snprintf(ret_reply->message, sizeof ret_reply->message, "%s", reply->message);
	if (reply->response.len > 0)
		snprintf(ret_reply->response, sizeof ret_reply->response, "%.*s", (int)reply->response.len,
		         (const char *)reply->response.data);
	progress__rpc__v1__reply__free_unpacked(reply, NULL);
}

void caller_finish(struct caller_call *call, struct caller_reply *ret_reply)
{
	run(call, nng_ctx_recv, "receive");
	nng_msg *message = nng_aio_get_msg(call->aio);
	read_reply(message, ret_reply);
	nng_msg_free(message);
	caller_abandon(call);
}

void caller_call(struct caller *caller, const char *method, const char *request, struct caller_reply *ret_reply)
{
	struct caller_call call;
	caller_start(caller, method, request, &call);
	caller_finish(&call, ret_reply);
}

void caller_check(struct caller *caller, const char *request)
{
	struct caller_reply reply;
	caller_call(caller, "/test/Echo", request, &reply);
	cr_assert_eq(reply.code, 0, "%s", reply.message);
	cr_assert_str_eq(reply.response, request);
}
