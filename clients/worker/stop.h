/* Ctrl-C and friends, as a question that long work asks from time to time. */
#ifndef WORKER_STOP_H
#define WORKER_STOP_H

/* From now on SIGINT, SIGTERM and SIGHUP only set a mark; a second one of the same kind ends the program at once.
 * Writing to a closed pipe is an error instead of a signal. */
void stop_watch(void);

/* The name of the signal that asked the program to stop, or NULL. */
const char *stop_signal(void);

#endif
