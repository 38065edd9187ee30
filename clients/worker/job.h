/* The job as its worker sees it: tells the service where the work stands, and knows when to stop. All functions are
 * for the main thread. Reports that cannot be delivered are logged and do not stop the work; only the end must arrive.
 */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include <prg/prg.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "options.h"

/* How a piece of the work ended; for the last two the job knows the reason. */
enum step { STEP_DONE, STEP_FAILED, STEP_STOPPED };

enum { JOB_NOTES_MAX = 12, JOB_REASON_BYTES = 512 };

/* An entry of metadata that waits for the next report. */
struct job_note {
	const char *key; /* lives for ever */
	char value[200];
};

struct job {
	struct prg_client *client;
	char id[129];
	uint32_t attempt;              /* the one we work on */
	enum prg_stage stage;          /* the one we are in */
	struct prg_reporter *reporter; /* of the present stage; NULL: it has none */
	uint64_t done;                 /* last given to job_tick */
	double lease_seconds;          /* how long we may be silent; 0: for ever */
	atomic_bool cancel_requested;  /* an answer of the service said so */
	pthread_mutex_t prey_lock;     /* for prey */
	pid_t prey;                    /* the process group to kill when the job is to be cancelled; 0: none */
	struct job_note notes[JOB_NOTES_MAX];
	size_t note_count;
	char reason[JOB_REASON_BYTES]; /* why it failed or was stopped */
};

/* Connects and creates the job, or takes up the one named in the options. STEP_FAILED: no service, or the job has
 * ended already. Call job_close in any case. */
enum step job_open(struct job *job, const struct options *options);
void job_close(struct job *job);

/* Keeps an entry of metadata for the next report. */
void job_note(struct job *job, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Enters a stage with a message, logged too. STEP_FAILED: the service refuses this worker. STEP_STOPPED: somebody
 * wants the job to end. */
enum step job_enter(struct job *job, enum prg_stage stage, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, for a stage that will report how much of `total` is done by job_tick; end it by job_finish. */
enum step job_begin(struct job *job, enum prg_stage stage, double total, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* So much is done now. True: stop soon, with job_stop(). */
bool job_tick(struct job *job, uint64_t done);

/* Changes the total of the stage, when more is known. */
void job_set_total(struct job *job, double total);

/* Sets the message that goes with the next reports. */
void job_say(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lets the service move the bar of the stage that was begun by itself, as long as nothing can be reported. */
enum step job_simulate(struct job *job);

/* Whether the work should stop: a signal, a request to cancel, or another worker has taken over. */
bool job_must_stop(struct job *job);

/* Has that process group killed, by another thread, as soon as it is known that the job should be cancelled: the main
 * thread may be busy with what it printed. 0: none any more; then it may be waited for. */
void job_guard(struct job *job, pid_t group);

/* Ends the stage begun by job_begin: all is done. */
enum step job_finish(struct job *job);

/* Keeps the reason (shown to people, so it is cleaned of what cannot be shown) and returns STEP_FAILED. */
enum step job_fail(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Finds out who wants the work to stop, keeps that as the reason and returns STEP_STOPPED. */
enum step job_stop(struct job *job);

/* Reports the end: COMPLETED with `message`, FAILED or CANCELLED with the reason. Returns the exit status of the
 * program: 0, 1 or 130; 1 also when the end could not be reported. */
int job_end(struct job *job, enum step step, const char *message);

#endif
