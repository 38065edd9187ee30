/* The sockets that the RPC door listens at. */
#ifndef RPC_BIND_H
#define RPC_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "rpc/address.h"

struct bound {
	int fd;
	bool is_ipc;
	char url[ADDRESS_URL_BYTES_MAX]; /* with the real port */
};

/* Listens at the URL: ipc://PATH or tcp://HOST:PORT, HOST a name, a number, [a number of IPv6], or * for all of the
 * machine's. A socket file that nobody listens at any more is replaced; any other file is left alone.
 * INVALID_ARGUMENT: a bad URL. UNAVAILABLE: cannot listen there. */
enum err rpc_bind(const char *url, struct bound *ret_bound, struct fault *fault) MUST_USE;

/* Stops to listen, and removes the socket file. */
void rpc_unbind(struct bound *bound);

#endif
