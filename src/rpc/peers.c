/* Decides how much one connection, and all together, may have under way. */
#include "rpc/peers.h"

#include <assert.h>
#include <stdlib.h>

static struct peer **find_link(struct peers *peers, uint32_t id)
{
	struct peer **link = &peers->buckets[id % PEER_BUCKETS];
	while (*link != NULL && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

void rpc_peers_init(struct peers *peers, size_t calls_max, size_t calls_per_peer_max, size_t request_bytes_max)
{
	*peers = (struct peers){
	    .calls_max = calls_max,
	    .calls_per_peer_max = calls_per_peer_max,
	    .bytes_max = request_bytes_max * REQUESTS_MAX_TOTAL,
	    .bytes_per_peer_max = request_bytes_max * REQUESTS_MAX_PER_PEER,
	};
}

void rpc_peers_finish(struct peers *peers)
{
	assert(peers->calls == 0 && peers->bytes == 0);
	for (size_t i = 0; i < PEER_BUCKETS; i++) {
		while (peers->buckets[i] != NULL)
			(void)rpc_peers_remove(peers, peers->buckets[i]->id);
	}
	assert(peers->count == 0);
}

bool rpc_peers_add(struct peers *peers, uint32_t id)
{
	struct peer **link = find_link(peers, id);
	assert(*link == NULL);
	if (peers->count >= PEERS_MAX)
		return false;
	struct peer *peer = calloc(1, sizeof *peer);
	if (peer == NULL)
		return false;
	peer->id = id;
	*link = peer;
	peers->count++;
	return true;
}

bool rpc_peers_remove(struct peers *peers, uint32_t id)
{
	struct peer **link = find_link(peers, id);
	struct peer *peer = *link;
	if (peer == NULL)
		return false;
	*link = peer->next;
	peers->count--;
	peer->is_gone = true;
	bool has_calls = peer->calls > 0;
	if (peer->slots == 0)
		free(peer);
	return has_calls;
}

struct peer *rpc_peers_find(const struct peers *peers, uint32_t id)
{
	struct peer *peer = peers->buckets[id % PEER_BUCKETS];
	while (peer != NULL && peer->id != id)
		peer = peer->next;
	return peer;
}

/* Whether one more call keeps the limits; fills the fault if not. */
static bool is_within_limits(const struct peers *peers, const struct peer *peer, size_t bytes, struct fault *fault)
{
	if (peers->is_closing)
		fault_set(fault, ERR_UNAVAILABLE, "SHUTTING_DOWN", "the service is shutting down; try again later");
	else if (peer->calls >= peers->calls_per_peer_max)
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS_OF_PEER",
		          "this connection has %zu calls under way, the most allowed; wait for answers or try later",
		          peer->calls);
	else if (peers->calls >= peers->calls_max)
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS",
		          "the service has %zu calls under way, the most allowed; try again later", peers->calls);
	else if (bytes > peers->bytes_per_peer_max - peer->bytes)
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_BYTES_OF_PEER",
		          "the calls of this connection under way hold %zu bytes, %zu are allowed; wait for answers or try "
		          "later",
		          peer->bytes, peers->bytes_per_peer_max);
	else if (bytes > peers->bytes_max - peers->bytes)
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_BYTES",
		          "the calls under way hold %zu bytes, %zu are allowed; try again later", peers->bytes,
		          peers->bytes_max);
	else
		return true;
	return false;
}

enum verdict rpc_peers_admit(struct peers *peers, struct peer *peer, size_t request_bytes, struct fault *fault)
{
	if (!is_within_limits(peers, peer, request_bytes, fault)) {
		if (peer->refusals >= PEER_REFUSALS_MAX)
			return VERDICT_DISCONNECT;
		peer->refusals++;
		peer->slots++;
		return VERDICT_REFUSED;
	}
	peer->calls++;
	peer->bytes += request_bytes;
	peer->slots++;
	peers->calls++;
	peers->bytes += request_bytes;
	return VERDICT_ADMITTED;
}

void rpc_peers_release(struct peers *peers, struct peer *peer, size_t request_bytes, enum verdict verdict)
{
	assert(peer->slots > 0 && verdict != VERDICT_DISCONNECT);
	if (verdict == VERDICT_ADMITTED) {
		assert(peer->calls > 0 && peer->bytes >= request_bytes);
		peer->calls--;
		peer->bytes -= request_bytes;
		peers->calls--;
		peers->bytes -= request_bytes;
	} else {
		assert(peer->refusals > 0);
		peer->refusals--;
	}
	peer->slots--;
	if (peer->is_gone && peer->slots == 0)
		free(peer);
}

/* Whether the peer's patience is over. */
static bool tick_one(struct peer *peer)
{
	bool is_idle = peer->replies_waiting > 0 && peer->replies_taken == peer->replies_taken_before;
	peer->replies_taken_before = peer->replies_taken;
	peer->idle_ticks = is_idle ? peer->idle_ticks + 1 : 0;
	return peer->idle_ticks >= PEER_PATIENCE_TICKS;
}

size_t rpc_peers_tick(struct peers *peers, uint32_t *ret_stuck, size_t capacity)
{
	size_t stuck_count = 0;
	for (size_t i = 0; i < PEER_BUCKETS; i++) {
		for (struct peer *peer = peers->buckets[i]; peer != NULL; peer = peer->next) {
			if (tick_one(peer) && stuck_count < capacity)
				ret_stuck[stuck_count++] = peer->id;
		}
	}
	return stuck_count;
}
