/*
 * The insides of the RPC door. One thread, the door's, accepts connections, reads calls, hands them to the service and
 * writes replies; whoever makes a reply leaves it with its connection. `lock` guards what both sides touch: the
 * connections' unsent replies, the slots and the counts. Everything else is the door's thread's alone.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "base/list.h"
#include "rpc/bind.h"
#include "rpc/peers.h"
#include "service/call.h"
#include "wire/frame.h"

enum {
	READ_BYTES = 128 * 1024, /* taken from a connection at once, before others have their turn */
	ARENA_FACTOR = 16,       /* what a call may take in its arena, in requests of the largest size */
	ROUTE_HOPS_MAX = 8,      /* SP's own limit of devices between the two ends */
	ROUTE_BYTES_MAX = 4 * (ROUTE_HOPS_MAX + 1),
	SP_GREETING_BYTES = 8,
	SP_HEAD_BYTES_MAX = 9, /* before each message: over unix sockets a byte 1, then its length in eight bytes */
};

/* What SP puts between a message's head and the call: a word for each hop, and the request's number. It comes back
 * before the reply as it was. */
struct route {
	uint8_t bytes[ROUTE_BYTES_MAX];
	size_t length;
};

struct connection {
	struct list link;    /* in server->connections, or in server->gone */
	struct list pending; /* in server->pending when there are replies that nobody has begun to send, or alone */
	struct rpc_server *server;
	uint64_t id;
	int fd; /* -1: closed */
	bool is_ipc;
	bool is_greeted;
	bool is_gone;      /* guarded by the lock */
	uint32_t events;   /* that epoll watches for */
	struct peer peer;  /* what it has under way; guarded by the lock */
	struct buffer in;  /* the beginning of a message whose rest has not arrived */
	struct buffer out; /* replies nobody has begun to send; guarded by the lock */
	struct buffer sending;
	size_t sent;    /* of `sending` */
	uint64_t taken; /* bytes it has taken in all */
	uint64_t taken_before;
	int64_t since_ms; /* when it was accepted; later: since when it has taken no more than taken_before; steady */
};

/* Room for one call. */
struct slot {
	struct slot *next; /* among the resting ones */
	struct connection *connection;
	size_t request_bytes; /* as admitted */
	struct route route;
	struct arena arena;
	struct call call;
};

struct rpc_server {
	struct service *service;
	int send_timeout_ms;
	size_t message_bytes_max;
	size_t arena_bytes_max;
	struct bound *bounds; /* where it listens */
	size_t bound_count;
	pthread_t thread;
	bool has_thread;
	int epoll;
	int alarm; /* an eventfd: wakes the thread */

	/* The thread's own. */
	struct list connections;
	size_t connection_count;
	size_t ungreeted_count;
	size_t blocked_count; /* connections that have not taken all that was sent */
	uint64_t last_id;
	bool is_accepting;
	int64_t ticked_ms;
	size_t disconnects_untold; /* since the log was last told */
	int64_t disconnects_told_ms;
	uint8_t *arrived; /* READ_BYTES of what is being read */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* is_drained was set */
	struct list pending;
	struct list gone; /* closed connections without calls, which the thread frees */
	bool is_asleep;   /* the thread must be woken to notice something */
	bool is_draining;
	bool is_drained;
	bool is_stopping;
	struct peers peers;
	struct slot *resting;
	size_t resting_count;
	size_t slots_freed;       /* since memory was last given back */
	struct buffer spares[16]; /* empty, with memory; for connections that have something to send */
	size_t spare_count;
};

/* ---- loop.c: what the door's thread does next ---- */

/* The thread: `argument` is the server. */
void *rpc_loop(void *argument);

/* Has the thread look at what has changed, if it sleeps. With the lock held. */
void rpc_loop_wake(struct rpc_server *server);

/* ---- connection.c: one connection; of the door's thread, but for rpc_connection_reply ---- */

/* Takes over an accepted socket. Closes it when there is no room. */
void rpc_connection_open(struct rpc_server *server, int fd, bool is_ipc);

/* Closes it and has the service forget its calls. */
void rpc_connection_close(struct connection *connection);

/* Reads what has arrived, at most READ_BYTES, and carries out the calls in it. */
void rpc_connection_read(struct connection *connection);

/* Sends what can be sent without waiting. */
void rpc_connection_send(struct connection *connection);

/* Watches for what the connection can do now: it is read unless the door drains, or too much waits to be taken. */
void rpc_connection_watch(struct connection *connection);

/* Leaves a reply for the thread to send. With the lock held; any thread. */
void rpc_connection_reply(struct connection *connection, const struct route *route, const struct frame_reply *reply);

/* ---- slot.c: the way of one call ---- */

/* A call has arrived: admits it and gives it to the service, or answers why not. */
void rpc_slot_take(struct connection *connection, const struct route *route, const uint8_t *call, size_t length);

/* Frees the resting slots. */
void rpc_slots_finish(struct rpc_server *server);

#endif
