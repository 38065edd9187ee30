/* Decides how a socket of NNG is made to listen. */
#include "rpc/listen.h"

#include <assert.h>
#include <nng/transport/tcp/tcp.h>
#include <stdlib.h>

/* What NNG's error number means to the person who gave the URL. */
static enum err fault_from_nng(struct fault *fault, const char *url, int code)
{
	switch (code) {
	case NNG_EADDRINVAL:
	case NNG_EINVAL:
	case NNG_ENOTSUP:
		return address_fault_bad(fault, url, "not an address that can be listened at");
	case NNG_EADDRINUSE:
		return address_fault_unavailable(fault, url, "ADDRESS_IN_USE", "in use by another process");
	case NNG_ENOENT:
		return address_fault_unavailable(fault, url, "CANNOT_LISTEN", "no such folder");
	default:
		return address_fault_unavailable(fault, url, "CANNOT_LISTEN", nng_strerror(code));
	}
}

static enum err listen_at(nng_socket socket, const char *url, struct listen_point *ret_point, struct fault *fault)
{
	enum err err = address_check(url, fault);
	if (err != ERR_OK)
		return err;
	nng_listener listener;
	int code = nng_listener_create(&listener, socket, url);
	if (code != 0)
		return fault_from_nng(fault, url, code);
	/* A subscriber whose machine is gone would be sent to for ever. */
	if (!address_is_ipc(url))
		(void)nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true);
	code = nng_listener_start(listener, 0);
	if (code != 0)
		return fault_from_nng(fault, url, code);
	int port = 0;
	if (!address_is_ipc(url))
		(void)nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
	address_write_bound(url, port, ret_point->url);
	return ERR_OK;
}

enum err rpc_listen(nng_socket socket, const char *const *urls, size_t url_count, struct listen_point **ret_points,
                    struct fault *fault)
{
	assert(url_count > 0);
	struct listen_point *points = calloc(url_count, sizeof *points);
	if (points == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to listen");
	for (size_t i = 0; i < url_count; i++) {
		enum err err = listen_at(socket, urls[i], &points[i], fault);
		if (err != ERR_OK) {
			free(points);
			return err;
		}
	}
	*ret_points = points;
	return ERR_OK;
}
