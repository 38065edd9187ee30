/* Where a socket of NNG listens. */
#ifndef RPC_LISTEN_H
#define RPC_LISTEN_H

#include <nng/nng.h>
#include <stddef.h>

#include "base/err.h"
#include "rpc/address.h"

struct listen_point {
	char url[ADDRESS_URL_BYTES_MAX]; /* with the real port */
};

/* Lets the socket listen at each URL: ipc://PATH or tcp://HOST:PORT. A socket file that nobody listens at any more is
 * replaced; any other file is left alone. The caller frees ret_points; the listeners end with the socket.
 * INVALID_ARGUMENT: a bad URL. UNAVAILABLE: cannot listen there. After an error the socket may listen at some of the
 * URLs: close it. */
enum err rpc_listen(nng_socket socket, const char *const *urls, size_t url_count, struct listen_point **ret_points,
                    struct fault *fault) MUST_USE;

#endif
