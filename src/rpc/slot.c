/* Decides what happens to one call between its arrival and the moment its reply lies with its connection. */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "rpc/server.h"

enum { RESTING_MAX = 128 }; /* slots kept for later, with the memory of an ordinary call; more are freed */

static struct slot *slot_of_call(struct call *call)
{
	return (struct slot *)(void *)((char *)call - offsetof(struct slot, call));
}

static void free_slot(struct slot *slot)
{
	arena_finish(&slot->arena);
	free(slot);
}

/* Returns whether the slot was kept; otherwise the caller frees it. With the lock held. */
static bool let_rest(struct rpc_server *server, struct slot *slot)
{
	if (server->resting_count >= RESTING_MAX) {
		server->slots_freed++;
		return false;
	}
	arena_reset(&slot->arena);
	slot->next = server->resting;
	server->resting = slot;
	server->resting_count++;
	return true;
}

static struct frame_reply reply_from(const struct call *call)
{
	struct frame_reply reply = {.code = call->fault.code, .durability = call->durability};
	if (call->fault.code == ERR_OK) {
		reply.response = call->response;
	} else {
		reply.message = call->fault.text;
		reply.reason = call->fault.reason;
	}
	return reply;
}

/* The last call of a connection that is gone lets it go. With the lock held. */
static void release_connection(struct rpc_server *server, struct slot *slot)
{
	struct connection *connection = slot->connection;
	rpc_peers_release(&server->peers, &connection->peer, slot->request_bytes);
	slot->connection = NULL;
	if (connection->is_gone && connection->peer.calls == 0)
		list_append(&server->gone, &connection->link);
}

static void reply_to_call(struct call *call)
{
	struct slot *slot = slot_of_call(call);
	struct rpc_server *server = slot->connection->server;
	metrics_count_call(METRICS_RPC, call->method_number, (int)call->fault.code,
	                   call->began_ns != 0 ? clock_steady_ns() - call->began_ns : 0);
	struct frame_reply reply = reply_from(call);
	pthread_mutex_lock(&server->lock);
	rpc_connection_reply(slot->connection, &slot->route, &reply);
	release_connection(server, slot);
	bool is_kept = let_rest(server, slot);
	pthread_mutex_unlock(&server->lock);
	if (!is_kept)
		free_slot(slot);
}

/* A slot for the admitted call, or NULL. With the lock held. */
static struct slot *take_slot(struct rpc_server *server)
{
	struct slot *slot = server->resting;
	if (slot != NULL) {
		server->resting = slot->next;
		server->resting_count--;
		return slot;
	}
	slot = malloc(sizeof *slot);
	if (slot != NULL)
		arena_init(&slot->arena, server->arena_bytes_max);
	return slot;
}

/* Counts the call and finds it a slot; NULL: the fault says why not. With the lock held. */
static struct slot *admit(struct connection *connection, size_t length, struct fault *fault)
{
	struct rpc_server *server = connection->server;
	if (rpc_peers_admit(&server->peers, &connection->peer, length, fault) != ERR_OK)
		return NULL;
	struct slot *slot = take_slot(server);
	if (slot == NULL) {
		rpc_peers_release(&server->peers, &connection->peer, length);
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the call; try again later");
		return NULL;
	}
	slot->connection = connection;
	slot->request_bytes = length;
	return slot;
}

/* The text of the fault is left as it is: most calls have none. */
static void begin_call(struct call *call, struct arena *arena, uint64_t peer)
{
	call->arena = arena;
	call->peer = peer;
	call->reply = reply_to_call;
	call->is_held = true;
	call->is_own = false;
	call->authorization = NULL;
	call->traceparent = NULL;
	call->answer_bytes_max = 0;
	call->method_number = METRICS_OTHER_METHOD;
	call->began_ns = 0;
	call->fault.code = ERR_OK;
	call->response = (struct wire_bytes){NULL, 0};
	call->durability = STORE_UNSPECIFIED;
}

/* Opens the admitted call and gives it to the service; what is no call is answered here. */
static void serve(struct slot *slot, const uint8_t *bytes, size_t length)
{
	struct call *call = &slot->call;
	struct connection *connection = slot->connection;
	struct frame_call frame;
	begin_call(call, &slot->arena, connection->id);
	if (frame_open_call(bytes, length, &slot->arena, &frame, &call->fault) != ERR_OK) {
		reply_to_call(call);
		return;
	}
	call->method = frame.method;
	call->request = frame.request;
	call->timeout_ms = frame.timeout_ms;
	call->authorization = frame.authorization;
	call->traceparent = frame.traceparent;
	service_call(connection->server->service, call);
}

void rpc_slot_take(struct connection *connection, const struct route *route, const uint8_t *call, size_t length)
{
	struct rpc_server *server = connection->server;
	struct fault fault;
	pthread_mutex_lock(&server->lock);
	struct slot *slot = admit(connection, length, &fault);
	if (slot == NULL) {
		struct frame_reply reply = {.code = fault.code, .message = fault.text, .reason = fault.reason};
		rpc_connection_reply(connection, route, &reply);
	}
	pthread_mutex_unlock(&server->lock);
	if (slot == NULL) {
		metrics_count_call(METRICS_RPC, METRICS_OTHER_METHOD, (int)fault.code, 0);
		return;
	}
	slot->route = *route;
	serve(slot, call, length);
}

void rpc_slots_finish(struct rpc_server *server)
{
	while (server->resting != NULL) {
		struct slot *slot = server->resting;
		server->resting = slot->next;
		free_slot(slot);
	}
	server->resting_count = 0;
}
