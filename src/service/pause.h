/* How long a call may wait for a change. */
#ifndef SERVICE_PAUSE_H
#define SERVICE_PAUSE_H

enum { PAUSE_DEFAULT_MS = 30 * 1000, PAUSE_MAX_MS = 5 * 60 * 1000 };

#endif
