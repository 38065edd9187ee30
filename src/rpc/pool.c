/* Decides how many slots there are: enough that some are always receiving, no more than the limits allow, few when
 * idle.
 */
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "rpc/server.h"

enum { DRAIN_RETRY_MS = 10 };

static struct slot *make_slot(struct rpc_server *server)
{
	struct slot *slot = calloc(1, sizeof *slot);
	if (slot == NULL)
		return NULL;
	slot->server = server;
	list_init(&slot->link);
	arena_init(&slot->arena, server->arena_bytes_max);
	if (nng_ctx_open(&slot->context, server->socket) != 0) {
		free(slot);
		return NULL;
	}
	if (nng_aio_alloc(&slot->aio, rpc_slot_step, slot) != 0) {
		nng_ctx_close(slot->context);
		free(slot);
		return NULL;
	}
	nng_aio_set_timeout(slot->aio, NNG_DURATION_INFINITE);
	return slot;
}

/* Frees a slot that is in no list, even from its own callback. */
static void drop_slot(struct slot *slot)
{
	nng_ctx_close(slot->context);
	nng_aio_reap(slot->aio);
	arena_finish(&slot->arena);
	free(slot);
}

/* With the lock held; the caller starts the operation afterwards. */
static void mark_receiving(struct slot *slot)
{
	struct rpc_server *server = slot->server;
	list_remove(&slot->link);
	list_append(&server->busy, &slot->link);
	slot->state = SLOT_RECEIVING;
	server->receiving_count++;
}

/* With the lock held. */
static void mark_resting(struct slot *slot)
{
	struct rpc_server *server = slot->server;
	list_remove(&slot->link);
	list_append(&server->resting, &slot->link);
	slot->state = SLOT_RESTING;
	server->resting_count++;
}

/* Makes one more slot, which was counted before, and marks it as receiving. NULL: no memory, it is not counted. */
static struct slot *make_receiving(struct rpc_server *server)
{
	struct slot *slot = make_slot(server);
	pthread_mutex_lock(&server->lock);
	if (slot == NULL)
		server->slot_count--;
	else
		mark_receiving(slot);
	pthread_mutex_unlock(&server->lock);
	return slot;
}

enum err rpc_pool_start(struct rpc_server *server, struct fault *fault)
{
	for (int i = 0; i < RECEIVING_WANTED; i++) {
		server->slot_count++;
		struct slot *slot = make_receiving(server);
		if (slot == NULL)
			return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to receive calls");
		nng_ctx_recv(slot->context, slot->aio);
	}
	return ERR_OK;
}

void rpc_pool_refill(struct rpc_server *server)
{
	struct slot *slot = NULL;
	bool may_make = false;
	pthread_mutex_lock(&server->lock);
	if (!list_is_empty(&server->resting)) {
		slot = LIST_MEMBER(server->resting.next, struct slot, link);
		server->resting_count--;
		mark_receiving(slot);
	} else if (server->slot_count < server->slots_max) {
		may_make = true;
		server->slot_count++;
	}
	pthread_mutex_unlock(&server->lock);
	if (may_make)
		slot = make_receiving(server);
	if (slot != NULL)
		nng_ctx_recv(slot->context, slot->aio);
}

/* Takes back what was counted for the slot. With the lock held. */
static void close_account(struct slot *slot)
{
	struct rpc_server *server = slot->server;
	if (slot->state == SLOT_RECEIVING)
		server->receiving_count--;
	if (slot->peer == NULL)
		return;
	if (slot->state == SLOT_SENDING) {
		slot->peer->replies_waiting--;
		slot->peer->replies_taken++;
	}
	rpc_peers_release(&server->peers, slot->peer, slot->request_bytes, slot->verdict);
	slot->peer = NULL;
}

void rpc_pool_return(struct slot *slot)
{
	struct rpc_server *server = slot->server;
	pthread_mutex_lock(&server->lock);
	close_account(slot);
	bool receives = !server->is_draining && server->receiving_count < RECEIVING_WANTED;
	bool rests = !receives && (server->is_draining || server->resting_count < RESTING_MAX);
	if (receives) {
		mark_receiving(slot);
	} else if (rests) {
		arena_finish(&slot->arena);
		mark_resting(slot);
		if (server->is_draining)
			pthread_cond_broadcast(&server->changed);
	} else {
		list_remove(&slot->link);
		server->slot_count--;
		server->slots_freed++;
	}
	pthread_mutex_unlock(&server->lock);
	if (receives)
		nng_ctx_recv(slot->context, slot->aio);
	else if (!rests)
		drop_slot(slot);
}

/* Waits with the lock held until something has changed, at most so long. */
static void wait_for_change(struct rpc_server *server, int timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	long nanoseconds = until.tv_nsec + timeout_ms % 1000 * 1000000L;
	until.tv_sec += timeout_ms / 1000 + nanoseconds / 1000000000L;
	until.tv_nsec = nanoseconds % 1000000000L;
	pthread_cond_timedwait(&server->changed, &server->lock, &until);
}

static void cancel_receiving(struct rpc_server *server)
{
	for (struct list *link = server->busy.next; link != &server->busy; link = link->next) {
		struct slot *slot = LIST_MEMBER(link, struct slot, link);
		if (slot->state == SLOT_RECEIVING)
			nng_aio_cancel(slot->aio);
	}
}

void rpc_pool_drain(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->is_draining = true;
	server->peers.is_closing = true;
	/* Again and again: a slot that is marked as receiving may not have begun yet. */
	while (server->receiving_count > 0 || server->entering_count > 0) {
		cancel_receiving(server);
		wait_for_change(server, DRAIN_RETRY_MS);
	}
	pthread_mutex_unlock(&server->lock);
}

void rpc_pool_await_rest(struct rpc_server *server, int timeout_ms)
{
	pthread_mutex_lock(&server->lock);
	for (int waited_ms = 0; !list_is_empty(&server->busy) && waited_ms < timeout_ms; waited_ms += DRAIN_RETRY_MS)
		wait_for_change(server, DRAIN_RETRY_MS);
	pthread_mutex_unlock(&server->lock);
}

/* The first member, or NULL; slots only change lists while it runs, never leave both. */
static struct slot *first_slot(struct rpc_server *server)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&server->lock);
	if (!list_is_empty(&server->busy))
		slot = LIST_MEMBER(server->busy.next, struct slot, link);
	else if (!list_is_empty(&server->resting))
		slot = LIST_MEMBER(server->resting.next, struct slot, link);
	pthread_mutex_unlock(&server->lock);
	return slot;
}

void rpc_pool_finish(struct rpc_server *server)
{
	assert(server->is_draining);
	struct slot *slot;
	while ((slot = first_slot(server)) != NULL) {
		/* A reply under way ends here, its slot then rests. */
		nng_aio_stop(slot->aio);
		assert(slot->state == SLOT_RESTING);
		list_remove(&slot->link);
		nng_ctx_close(slot->context);
		nng_aio_free(slot->aio);
		arena_finish(&slot->arena);
		free(slot);
	}
}
