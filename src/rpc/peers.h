/*
 * What the connections of the RPC door have under way: which call is admitted, and which is refused. The caller keeps
 * threads apart.
 */
#ifndef RPC_PEERS_H
#define RPC_PEERS_H

#include <stddef.h>

#include "base/err.h"

enum {
	PEERS_MAX = 16384,          /* connections at once */
	REQUESTS_MAX_TOTAL = 256,   /* requests of the largest size that may be under way, as bytes */
	REQUESTS_MAX_PER_PEER = 64, /* the same for one connection */
};

/* One connection; all zero at first. */
struct peer {
	size_t calls; /* admitted and not answered */
	size_t bytes; /* of their requests */
};

struct peers {
	size_t calls; /* sums over all peers */
	size_t bytes;
	size_t calls_max;
	size_t calls_per_peer_max;
	size_t bytes_max;
	size_t bytes_per_peer_max;
};

void rpc_peers_init(struct peers *peers, size_t calls_max, size_t calls_per_peer_max, size_t request_bytes_max);

/* Counts a call of so many bytes. RESOURCE_EXHAUSTED: it would be one too many, nothing is counted. */
enum err rpc_peers_admit(struct peers *peers, struct peer *peer, size_t request_bytes, struct fault *fault) MUST_USE;

/* The call is answered: takes back what rpc_peers_admit has counted. */
void rpc_peers_release(struct peers *peers, struct peer *peer, size_t request_bytes);

#endif
