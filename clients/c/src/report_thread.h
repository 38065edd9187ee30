/*
 * The client's own thread: sends what the reporters have to say, and tells the program which jobs should be cancelled.
 */
#ifndef PRG_REPORT_THREAD_H
#define PRG_REPORT_THREAD_H

#include <prg/prg.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cancels.h"

struct report_thread {
	struct prg_client *client;
	pthread_t thread;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t wake;  /* of the thread: a new reporter, a job to be cancelled, or stop */
	pthread_cond_t idle;  /* of prg_reporter_finish: the thread has sent a report */
	struct prg_reporter *first;
	struct cancels cancels;
	bool stop;
};

/* The client's thread, which is started if need be. NULL: it cannot be. */
struct report_thread *report_thread_get(struct prg_client *client);

/* Takes notice of an answer to a worker; NULL: there was none. */
void report_thread_note_answer(struct prg_client *client, const struct prg_progress *progress);

/* Whether it wants the state of a job that should be cancelled, of which only the revision is known. */
bool report_thread_asks(struct prg_client *client, const char *job_id, uint64_t revision);

/* Ends the thread; after connection_close, so that it does not wait for an answer. */
void report_thread_stop(struct prg_client *client);

/* Frees the reporters that were not finished, and what they share; after report_thread_stop or, with `forked`, in a
 * child of the process that had the thread. */
void report_thread_free(struct prg_client *client, bool forked);

#endif
