/*
 * The insides of the RPC door. A slot is a context of NNG with room for one call; its state goes round:
 *
 *     resting -> receiving -> serving -> sending -> receiving (or resting, or gone)
 *
 * Some slots are always receiving. A slot whose call stays with the service is missed there, so another one takes its
 * place: the number of slots follows the number of calls under way. `lock` guards the lists, counts and states; a slot
 * that serves or sends belongs to whoever carries its call.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "rpc/listen.h"
#include "rpc/peers.h"
#include "service/call.h"

enum {
	RECEIVING_WANTED = 64, /* slots that receive when little is going on */
	RECEIVING_LOW = 32,    /* below it another slot begins to receive */
	RESTING_MAX = 256,     /* slots kept for later; more are freed */
	SLOTS_SPARE = 1024,    /* beyond those for calls_max: to receive and to refuse with */
	ARENA_FACTOR = 16,     /* what a call may take in its arena, in requests of the largest size */
};

enum slot_state { SLOT_RESTING, SLOT_RECEIVING, SLOT_SERVING, SLOT_SENDING };

struct slot {
	struct list link; /* in server->resting or server->busy */
	struct rpc_server *server;
	nng_ctx context;
	nng_aio *aio; /* of the one operation under way */
	enum slot_state state;
	enum verdict verdict;
	struct peer *peer;          /* NULL unless serving or sending */
	size_t request_bytes;       /* as admitted */
	nng_msg *request;           /* the call borrows from it; NULL unless serving, or when it is opened */
	struct slot *next_outgoing; /* in the outbox */
	struct arena arena;
	struct call call;
};

/* Replies on their way from the threads that made them to the one that talks to NNG. */
struct outbox {
	pthread_mutex_t lock;
	struct slot *first;
	struct slot *last;
	bool is_kicked; /* the callback of `aio` runs or is about to */
	nng_aio *aio;
};

struct rpc_server {
	struct service *service;
	nng_socket socket;
	struct listen_point *points;
	size_t point_count;
	struct outbox outbox;
	nng_aio *watch; /* looks for peers that do not read, from time to time */
	int watch_period_ms;
	int64_t disconnects_told_ms; /* when the log was last told of disconnects; of the watch alone */
	int send_timeout_ms;
	size_t arena_bytes_max;
	size_t slots_max;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* with clock CLOCK_MONOTONIC: while draining: a count fell, or a slot came to rest */
	struct list resting;
	struct list busy;
	size_t slot_count;  /* of both lists, and of those just being made */
	size_t slots_freed; /* since memory was last given back */
	size_t resting_count;
	size_t receiving_count;
	size_t entering_count;     /* threads between the arrival of a call and the return of service_call */
	size_t disconnects_untold; /* peers disconnected by us since the log was last told */
	bool is_draining;
	struct peers peers;
};

/* ---- pool.c: how many slots there are ---- */

/* Makes the first slots and lets them receive. RESOURCE_EXHAUSTED: no memory. */
enum err rpc_pool_start(struct rpc_server *server, struct fault *fault) MUST_USE;

/* Lets one more slot receive, unless no more are allowed. Takes the lock. */
void rpc_pool_refill(struct rpc_server *server);

/* The slot's reply is taken, or there is none: takes back what was counted for it and lets it receive again, rest, or
 * end. The slot must not be touched afterwards. Takes the lock. */
void rpc_pool_return(struct slot *slot);

/* Stops all receiving and waits until nothing enters the service any more. */
void rpc_pool_drain(struct rpc_server *server);

/* Waits at most so long until the replies under way are taken by their connections and all slots rest. */
void rpc_pool_await_rest(struct rpc_server *server, int timeout_ms);

/* Frees all slots, giving up replies under way. After rpc_pool_drain; no call may be with the service. */
void rpc_pool_finish(struct rpc_server *server);

/* ---- outbox.c: which thread gives a reply to NNG ---- */

/* The number of an NNG error, or 0. */
int rpc_outbox_init(struct rpc_server *server);

/* After rpc_outbox_flush, when nothing will be put any more. */
void rpc_outbox_finish(struct rpc_server *server);

/* Waits until all that was put has been given to NNG. */
void rpc_outbox_flush(struct rpc_server *server);

/* This thread is NNG's until rpc_outbox_leave: what it replies goes out at once. */
void rpc_outbox_enter(void);
void rpc_outbox_leave(void);

/* Sends the message of the slot's aio. Another thread than NNG's leaves that to NNG's: both would meet at the socket's
 * lock with every reply, and one of them would sleep. */
void rpc_outbox_put(struct slot *slot);

/* ---- slot.c: the way of one call ---- */

/* An operation has ended: takes the next step of the call of the slot `argument`. Called by NNG. */
void rpc_slot_step(void *argument);

#endif
