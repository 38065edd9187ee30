/* The parts of a running daemon, put together and taken apart in order. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/err.h"
#include "daemon/config.h"

struct daemon;

/* Opens the store, starts the service and opens the doors. */
enum err daemon_start(const struct config *config, struct daemon **ret_daemon, struct fault *fault) MUST_USE;

/* Logs where the daemon can be reached and tells the service manager. */
void daemon_announce(struct daemon *daemon);

/* Reads the certificate and the tokens anew and says in the log whether that went well. */
void daemon_reload(struct daemon *daemon);

/* Takes no more calls, answers those under way and closes everything; accepts NULL. */
void daemon_stop(struct daemon *daemon);

#endif
