/*
 * Where commands wait for the corridor, and who walks them through it. Under load a thread of its own takes all that
 * wait; when nothing waits and the store commits quickly (or the command only reads), whoever brings a command carries
 * it out at once, which spares two changes of thread. Only one thread at a time is in the corridor. A door that has
 * several calls at hand holds them, so that they are one batch, and then carries them out itself unless the store is
 * slow or on another machine.
 */
#ifndef SERVICE_INBOX_H
#define SERVICE_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "base/list.h"
#include "service/corridor.h"

struct inbox {
	struct corridor *corridor;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* something changed for the thread */
	struct list commands; /* waiting */
	size_t count;
	size_t count_max;
	bool is_busy; /* somebody is in the corridor */
	bool is_thread_resting;
	bool is_stopping;
	size_t wanted;    /* as many commands wake the resting thread */
	size_t under_way; /* commands known at the end of the last walk: answered by it, or waiting */
	int64_t walk_ns;  /* how long the last walk took, without its answers */
	int64_t wake_ms;  /* when the resting thread wakes by itself, in steady ms */
	pthread_t thread;
};

/* Starts the thread. UNAVAILABLE: the system has no thread left. */
enum err inbox_start(struct inbox *inbox, struct corridor *corridor, size_t count_max, struct fault *fault) MUST_USE;

/* Carries out what waits, ends the thread, and answers what is parked. Calls put later are answered UNAVAILABLE. */
void inbox_stop(struct inbox *inbox);

/* After inbox_stop, when nobody will put any more. */
void inbox_finish(struct inbox *inbox);

/* Hands over a command; its `done` is called sooner or later, maybe before this returns. Any thread. */
void inbox_put(struct inbox *inbox, struct command *command);

/* The same for `count` commands of one call, in their order and together; the list is empty afterwards. */
void inbox_put_all(struct inbox *inbox, struct list *commands, size_t count);

/* Carries out the commands of held calls, which may wait for the disk, or has the thread do so. */
void inbox_release(struct inbox *inbox);

#endif
