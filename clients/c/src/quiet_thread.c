/* A thread inherits the mask of signals of the one that starts it. */
#include "quiet_thread.h"

#include <signal.h>

bool quiet_thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rv = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rv == 0;
}
