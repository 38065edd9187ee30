/* Threads of the library's own, which take no signals: those are for the program's. */
#ifndef PRG_QUIET_THREAD_H
#define PRG_QUIET_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False: the system gave none. */
bool quiet_thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
