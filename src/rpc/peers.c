/* Decides how much one connection, and all together, may have under way. */
#include "rpc/peers.h"

#include <assert.h>

void rpc_peers_init(struct peers *peers, size_t calls_max, size_t calls_per_peer_max, size_t request_bytes_max)
{
	*peers = (struct peers){
	    .calls_max = calls_max,
	    .calls_per_peer_max = calls_per_peer_max,
	    .bytes_max = request_bytes_max * REQUESTS_MAX_TOTAL,
	    .bytes_per_peer_max = request_bytes_max * REQUESTS_MAX_PER_PEER,
	};
}

static enum err check_limits(const struct peers *peers, const struct peer *peer, size_t bytes, struct fault *fault)
{
	if (peer->calls >= peers->calls_per_peer_max)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS_OF_PEER",
		                 "this connection has %zu calls under way, the most allowed; wait for answers or try later",
		                 peer->calls);
	if (peers->calls >= peers->calls_max)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_CALLS",
		                 "the service has %zu calls under way, the most allowed; try again later", peers->calls);
	if (bytes > peers->bytes_per_peer_max - peer->bytes)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_BYTES_OF_PEER",
		                 "the calls of this connection under way hold %zu bytes, %zu are allowed; wait for answers or "
		                 "try later",
		                 peer->bytes, peers->bytes_per_peer_max);
	if (bytes > peers->bytes_max - peers->bytes)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_BYTES",
		                 "the calls under way hold %zu bytes, %zu are allowed; try again later", peers->bytes,
		                 peers->bytes_max);
	return ERR_OK;
}

enum err rpc_peers_admit(struct peers *peers, struct peer *peer, size_t request_bytes, struct fault *fault)
{
	enum err err = check_limits(peers, peer, request_bytes, fault);
	if (err != ERR_OK)
		return err;
	peer->calls++;
	peer->bytes += request_bytes;
	peers->calls++;
	peers->bytes += request_bytes;
	return ERR_OK;
}

void rpc_peers_release(struct peers *peers, struct peer *peer, size_t request_bytes)
{
	assert(peer->calls > 0 && peer->bytes >= request_bytes);
	peer->calls--;
	peer->bytes -= request_bytes;
	peers->calls--;
	peers->bytes -= request_bytes;
}
