/* Decides which thread gives a reply to NNG. */
#include <assert.h>

#include "rpc/server.h"

static _Thread_local bool is_called_by_nng;

static void send_reply(struct slot *slot)
{
	nng_ctx_send(slot->context, slot->aio);
}

/* Takes what waits; called by NNG. */
static void on_kick(void *argument)
{
	struct rpc_server *server = argument;
	struct outbox *outbox = &server->outbox;
	rpc_outbox_enter();
	pthread_mutex_lock(&outbox->lock);
	while (outbox->first != NULL) {
		struct slot *slot = outbox->first;
		outbox->first = NULL;
		outbox->last = NULL;
		pthread_mutex_unlock(&outbox->lock);
		while (slot != NULL) {
			struct slot *next = slot->next_outgoing; /* the slot is another call's as soon as it is sent */
			send_reply(slot);
			slot = next;
		}
		pthread_mutex_lock(&outbox->lock);
	}
	outbox->is_kicked = false;
	pthread_mutex_unlock(&outbox->lock);
	rpc_outbox_leave();
}

int rpc_outbox_init(struct rpc_server *server)
{
	pthread_mutex_init(&server->outbox.lock, NULL);
	return nng_aio_alloc(&server->outbox.aio, on_kick, server);
}

void rpc_outbox_finish(struct rpc_server *server)
{
	assert(server->outbox.first == NULL);
	nng_aio_free(server->outbox.aio);
	pthread_mutex_destroy(&server->outbox.lock);
}

void rpc_outbox_flush(struct rpc_server *server)
{
	nng_aio_wait(server->outbox.aio);
}

void rpc_outbox_enter(void)
{
	is_called_by_nng = true;
}

void rpc_outbox_leave(void)
{
	is_called_by_nng = false;
}

void rpc_outbox_put(struct slot *slot)
{
	struct outbox *outbox = &slot->server->outbox;
	if (is_called_by_nng) {
		send_reply(slot);
		return;
	}
	slot->next_outgoing = NULL;
	pthread_mutex_lock(&outbox->lock);
	if (outbox->last != NULL)
		outbox->last->next_outgoing = slot;
	else
		outbox->first = slot;
	outbox->last = slot;
	bool must_kick = !outbox->is_kicked;
	outbox->is_kicked = true;
	pthread_mutex_unlock(&outbox->lock);
	if (must_kick && nng_aio_begin(outbox->aio))
		nng_aio_finish(outbox->aio, 0);
}
