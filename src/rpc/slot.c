/* Decides what happens to one call between its arrival and the moment its peer has taken the reply. */
#include <assert.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "rpc/server.h"
#include "wire/frame.h"

static struct slot *slot_of_call(struct call *call)
{
	return (struct slot *)(void *)((char *)call - offsetof(struct slot, call));
}

static void forget_request(struct slot *slot)
{
	if (slot->request != NULL)
		nng_msg_free(slot->request);
	slot->request = NULL;
}

/* Many calls wait long: each would keep its message meanwhile. */
static void forget_opened_request(struct call *call)
{
	forget_request(slot_of_call(call));
}

/* Packs the call's outcome into a message of exactly its size. NULL: no memory. */
static nng_msg *seal_reply(const struct call *call)
{
	bool is_fault = call->fault.code != ERR_OK;
	struct frame_reply reply = {
	    .code = call->fault.code,
	    .message = is_fault ? call->fault.text : NULL,
	    .reason = is_fault ? call->fault.reason : NULL,
	    .durability = call->durability,
	};
	if (!is_fault)
		reply.response = call->response;
	nng_msg *message;
	if (nng_msg_alloc(&message, frame_reply_bytes(&reply)) != 0)
		return NULL;
	frame_seal_reply(&reply, nng_msg_body(message));
	return message;
}

static void reply_to_call(struct call *call)
{
	struct slot *slot = slot_of_call(call);
	struct rpc_server *server = slot->server;
	assert(slot->state == SLOT_SERVING);
	metrics_count_call(METRICS_RPC, call->method_number, (int)call->fault.code,
	                   call->began_ns != 0 ? clock_steady_ns() - call->began_ns : 0);
	nng_msg *message = seal_reply(call);
	forget_request(slot);
	arena_reset(&slot->arena);
	if (message == NULL) {
		/* Without an answer the peer would wait for ever; it asks again when it is connected again. */
		nng_pipe_close((nng_pipe){.id = (uint32_t)call->peer});
		rpc_pool_return(slot);
		return;
	}
	pthread_mutex_lock(&server->lock);
	slot->state = SLOT_SENDING;
	slot->peer->replies_waiting++;
	pthread_mutex_unlock(&server->lock);
	nng_aio_set_msg(slot->aio, message);
	rpc_outbox_put(slot);
}

/* Opens the admitted request and gives it to the service; what is no call is answered here. */
static void serve(struct slot *slot)
{
	struct call *call = &slot->call;
	struct frame_call frame;
	enum err err =
	    frame_open_call(nng_msg_body(slot->request), nng_msg_len(slot->request), &slot->arena, &frame, &call->fault);
	if (err != ERR_OK) {
		reply_to_call(call);
		return;
	}
	call->method = frame.method;
	call->request = frame.request;
	call->timeout_ms = frame.timeout_ms;
	call->authorization = frame.authorization;
	service_call(slot->server->service, call);
}

/* A thread that has brought in a call of this peer is about to leave. */
static void leave(struct rpc_server *server, uint32_t peer_id)
{
	pthread_mutex_lock(&server->lock);
	if (rpc_peers_find(&server->peers, peer_id) == NULL) {
		/* It may have been forgotten just before its call reached the service. */
		pthread_mutex_unlock(&server->lock);
		service_forget_peer(server->service, peer_id);
		pthread_mutex_lock(&server->lock);
	}
	server->entering_count--;
	if (server->is_draining)
		pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

/* Counts the slot's call and makes the slot its own, or says in the fault why not. With the lock held. */
static void admit(struct slot *slot, uint32_t peer_id)
{
	struct rpc_server *server = slot->server;
	slot->state = SLOT_SERVING;
	slot->verdict = VERDICT_DISCONNECT;
	slot->peer = rpc_peers_find(&server->peers, peer_id);
	if (slot->peer == NULL)
		return;
	slot->verdict = rpc_peers_admit(&server->peers, slot->peer, slot->request_bytes, &slot->call.fault);
	if (slot->verdict == VERDICT_DISCONNECT) {
		slot->peer = NULL;
		server->disconnects_untold++;
	} else {
		server->entering_count++;
	}
}

/* The text of the fault is left as it is: most calls have none. */
static void begin_call(struct call *call, struct arena *arena, uint32_t peer_id)
{
	call->arena = arena;
	call->peer = peer_id;
	call->opened = forget_opened_request;
	call->reply = reply_to_call;
	call->authorization = NULL;
	call->answer_bytes_max = 0;
	call->method_number = METRICS_OTHER_METHOD;
	call->began_ns = 0;
	call->fault.code = ERR_OK;
	call->response = (struct wire_bytes){NULL, 0};
	call->durability = STORE_UNSPECIFIED;
}

static void take_call(struct slot *slot)
{
	struct rpc_server *server = slot->server;
	nng_msg *request = nng_aio_get_msg(slot->aio);
	nng_aio_set_msg(slot->aio, NULL);
	uint32_t peer_id = (uint32_t)nng_msg_get_pipe(request).id;
	slot->request = request;
	slot->request_bytes = nng_msg_len(request);
	begin_call(&slot->call, &slot->arena, peer_id);

	pthread_mutex_lock(&server->lock);
	server->receiving_count--;
	bool is_short = server->receiving_count < RECEIVING_LOW && !server->is_draining;
	admit(slot, peer_id);
	enum verdict verdict = slot->verdict;
	pthread_mutex_unlock(&server->lock);

	if (is_short)
		rpc_pool_refill(server);
	if (verdict == VERDICT_DISCONNECT) {
		nng_pipe_close((nng_pipe){.id = peer_id});
		forget_request(slot);
		rpc_pool_return(slot);
		return;
	}
	if (verdict == VERDICT_REFUSED)
		reply_to_call(&slot->call);
	else
		serve(slot);
	leave(server, peer_id);
}

void rpc_slot_step(void *argument)
{
	struct slot *slot = argument;
	int result = nng_aio_result(slot->aio);
	if (slot->state == SLOT_RECEIVING && result == 0) {
		rpc_outbox_enter();
		take_call(slot);
		rpc_outbox_leave();
		return;
	}
	/* The reply is taken, or cannot be; or receiving was cancelled. */
	if (slot->state == SLOT_SENDING && result != 0) {
		nng_msg_free(nng_aio_get_msg(slot->aio));
		nng_aio_set_msg(slot->aio, NULL);
	}
	rpc_pool_return(slot);
}
