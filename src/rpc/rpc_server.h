/*
 * The RPC door: NNG REP. Receives Calls on a pool of contexts that grows with the calls under way, hands them to the
 * service and sends the Replies. Everything is bounded; a client that does not read its replies is disconnected.
 */
#ifndef RPC_RPC_SERVER_H
#define RPC_RPC_SERVER_H

#include <stddef.h>

#include "base/err.h"

struct service;
struct rpc_server;

struct rpc_server_options {
	const char *const *urls; /* ipc://PATH or tcp://HOST:PORT; port 0 asks for a free one */
	size_t url_count;
	size_t message_bytes_max;  /* larger ones cost the sender its connection */
	size_t calls_max;          /* under way at once, waiting ones included; above: RESOURCE_EXHAUSTED */
	size_t calls_per_peer_max; /* of one connection; above: RESOURCE_EXHAUSTED */
	int send_timeout_ms;       /* a peer that does not take a reply for so long is disconnected */
};

/* The limits that hold unless configured: 1 MiB (and some bytes for the frame), 262,144 calls, half of it for one peer,
 * 2 s. */
extern const struct rpc_server_options rpc_server_options_default;

/* Starts to listen on all URLs. INVALID_ARGUMENT: a bad URL. UNAVAILABLE: cannot listen there (in use, no permission);
 * the text says where and why. */
enum err rpc_server_start(const struct rpc_server_options *options, struct service *service,
                          struct rpc_server **ret_server, struct fault *fault) MUST_USE;

/* The address that URL number `index` is bound to, with its real port. Borrowed. */
const char *rpc_server_url(const struct rpc_server *server, size_t index);

/* Stops to receive; calls under way may still be answered. */
void rpc_server_drain(struct rpc_server *server);

/* Closes everything. All calls must have been answered before. Accepts NULL. */
void rpc_server_stop(struct rpc_server *server);

#endif
