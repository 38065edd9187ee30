/*
 * The connections of the RPC door and what each has under way: which call is admitted, which is refused, and who does
 * not read its replies. The caller keeps threads apart.
 */
#ifndef RPC_PEERS_H
#define RPC_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	PEERS_MAX = 16384,          /* connections at once */
	PEER_REFUSALS_MAX = 256,    /* refusals that a peer has not taken; above it is disconnected */
	PEER_BUCKETS = 1024,        /* a power of two; numbers of connections are consecutive, so they spread evenly */
	PEER_PATIENCE_TICKS = 5,    /* a peer that takes no reply at so many ticks in a row does not read */
	REQUESTS_MAX_TOTAL = 256,   /* requests of the largest size that may be under way, as bytes */
	REQUESTS_MAX_PER_PEER = 64, /* the same for one connection */
};

struct peer {
	struct peer *next; /* in its bucket */
	uint32_t id;
	bool is_gone;           /* out of the table; freed when `slots` is 0 */
	size_t slots;           /* that hold a pointer to this */
	size_t calls;           /* admitted, and the reply not yet taken */
	size_t bytes;           /* of their requests */
	size_t refusals;        /* refused, and the reply not yet taken */
	size_t replies_waiting; /* given to the connection, not yet taken by it */
	uint64_t replies_taken;
	uint64_t replies_taken_before; /* as seen at the last tick */
	int idle_ticks;                /* since it took a reply although some were waiting */
};

struct peers {
	struct peer *buckets[PEER_BUCKETS];
	size_t count;
	size_t calls; /* sums over all peers, those that are gone included */
	size_t bytes;
	size_t calls_max;
	size_t calls_per_peer_max;
	size_t bytes_max;
	size_t bytes_per_peer_max;
	bool is_closing; /* everything is refused */
};

/* What becomes of a call. */
enum verdict {
	VERDICT_ADMITTED,
	VERDICT_REFUSED,    /* to be answered with the fault */
	VERDICT_DISCONNECT, /* refused, and the peer does not even take its refusals: close the connection */
};

void rpc_peers_init(struct peers *peers, size_t calls_max, size_t calls_per_peer_max, size_t request_bytes_max);

/* Frees what is left; no slot may hold a peer any more. */
void rpc_peers_finish(struct peers *peers);

/* False: too many connections, or no memory. */
bool rpc_peers_add(struct peers *peers, uint32_t id);

/* The connection is gone. Returns whether it had calls under way. */
bool rpc_peers_remove(struct peers *peers, uint32_t id);

/* NULL: there is no such connection (any more). */
struct peer *rpc_peers_find(const struct peers *peers, uint32_t id);

/* Counts a call of so many bytes and makes its slot a holder of the peer, unless the verdict is VERDICT_DISCONNECT.
 * Fills the fault unless the verdict is VERDICT_ADMITTED. */
enum verdict rpc_peers_admit(struct peers *peers, struct peer *peer, size_t request_bytes, struct fault *fault);

/* The reply is taken, or there is none: takes back what rpc_peers_admit has counted. May free the peer. */
void rpc_peers_release(struct peers *peers, struct peer *peer, size_t request_bytes, enum verdict verdict);

/* Finds connections that have not taken a reply during the last calls of this although some were waiting;
 * writes at most `capacity` of their numbers and returns how many. */
size_t rpc_peers_tick(struct peers *peers, uint32_t *ret_stuck, size_t capacity);

#endif
