/* Which addresses may be listened on: those that only this machine reaches, unless callers must prove who they are over
 * TLS. */
#ifndef DAEMON_ADDRESS_H
#define DAEMON_ADDRESS_H

#include "base/err.h"

/* ipc://PATH (absolute) or tcp://HOST:PORT. INVALID_ARGUMENT: neither, or HOST is reached from other machines. */
enum err address_check_url(const char *url, struct fault *fault) MUST_USE;

/* HOST:PORT with a numeric port from 0 to 65535. INVALID_ARGUMENT: it is none. */
enum err address_check_host_port(const char *host_port, struct fault *fault) MUST_USE;

/* Whether only this machine reaches HOST. INVALID_ARGUMENT: others do; the text begins with `option`. */
enum err address_check_loopback(const char *option, const char *host_port, struct fault *fault) MUST_USE;

#endif
