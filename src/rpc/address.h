/* What the addresses of this room's doors may be, and how a failure to listen there is told. */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include <stdbool.h>

#include "base/err.h"

#define ADDRESS_IPC_PREFIX "ipc://"
#define ADDRESS_TCP_PREFIX "tcp://"

enum { ADDRESS_URL_BYTES_MAX = 300 };

bool address_is_ipc(const char *url);

/* Checks that the URL is ipc://PATH or tcp://HOST:PORT, and makes way at PATH: a socket file that nobody listens at any
 * more is removed, any other file is left alone. INVALID_ARGUMENT: a bad URL. UNAVAILABLE: the path is taken. */
enum err address_check(const char *url, struct fault *fault) MUST_USE;

/* Fills the fault with INVALID_ARGUMENT: the URL is bad, and why. */
enum err address_fault_bad(struct fault *fault, const char *url, const char *why);

/* Fills the fault with UNAVAILABLE: cannot listen there, for that reason. */
enum err address_fault_unavailable(struct fault *fault, const char *url, const char *reason, const char *why);

/* "tcp://HOST" of the URL, with this port; a copy of the URL when it is no TCP address. */
void address_write_bound(const char *url, int port, char ret_url[static ADDRESS_URL_BYTES_MAX]);

#endif
