/*
 * Runs a command whose stdout and stderr pass through this program unchanged, as they come, while a reader looks at
 * them. Signals sent to this program are sent on to the command.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <pthread.h>
#include <stddef.h>

/* Called with bytes of a stream (1: stdout, 2: stderr) after they were passed on, by one thread for each stream; with
 * length 0 when nothing has come for a while after some bytes, and at the end. */
typedef void child_reader_fn(int stream, const char *bytes, size_t length, void *context);

struct child_stream {
	struct child *child;
	int from;
	int to;
	pthread_t thread;
};

struct child {
	struct child_stream streams[2];
	child_reader_fn *reader;
	void *context;
};

/* Starts the command. Returns 0 or the errno of why it could not be started. One at a time in a program. `child` and
 * `context` must live as long as the program: a stream that a left-behind process keeps open is read until then. */
int child_start(struct child *child, char **command, child_reader_fn *reader, void *context);

/* Asks the command to stop, with SIGTERM; by any thread. */
void child_stop(void);

/* The last signal that was to end the command: sent to us, or by child_stop; 0: none. */
int child_stop_signal(void);

/* Waits for the command, and for its output to be passed on. Returns its exit status, 128 + n when signal n ended it.
 */
int child_wait(struct child *child);

#endif
