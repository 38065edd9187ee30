/* Telling the service manager how we are. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* Sends the state ("READY=1") to the socket in $NOTIFY_SOCKET; does nothing when there is none. */
void notify_manager(const char *state);

#endif
