/* Which addresses may be listened on: those that only this machine reaches, as long as nobody has to prove who he is.
 */
#ifndef DAEMON_ADDRESS_H
#define DAEMON_ADDRESS_H

#include "base/err.h"

/* ipc://PATH (absolute) or tcp://HOST:PORT. INVALID_ARGUMENT: neither, or HOST is reached from other machines. */
enum err address_check_url(const char *url, struct fault *fault) MUST_USE;

/* HOST:PORT with a numeric port from 0 to 65535. INVALID_ARGUMENT as above. */
enum err address_check_host_port(const char *host_port, struct fault *fault) MUST_USE;

#endif
