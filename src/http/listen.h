/* The listening socket of the door. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stddef.h>

#include "base/err.h"

/* Listens at HOST:PORT (HOST an address, in brackets if it is of IPv6, or "localhost"). The caller closes the socket.
 * ret_host_port gets the address with the real port. INVALID_ARGUMENT: no address. UNAVAILABLE: it cannot be used. */
enum err listen_open(const char *host_port, int *ret_socket_fd, char *ret_host_port, size_t room,
                     struct fault *fault) MUST_USE;

#endif
