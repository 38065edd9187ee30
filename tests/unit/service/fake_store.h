/* A store over memory that can be told to fail, and to have another instance of the service change a job just before a
 * commit. */
#ifndef TESTS_SERVICE_FAKE_STORE_H
#define TESTS_SERVICE_FAKE_STORE_H

#include <pthread.h>

#include "job/job.h"
#include "store/store.h"

struct fake_store {
	struct store base;
	struct store *inner;
	enum err commit_err; /* of the next commit_failures commits */
	int commit_failures;
	enum err load_err; /* of the next load_failures loads */
	int load_failures;
	const char *meddled;        /* job that somebody else changes before each of the next meddlings commits */
	struct job_update meddling; /* if it has an attempt, each time with the next one */
	int meddlings;
	int disk_ms;         /* for which a commit takes its time */
	pthread_t committer; /* who has made the latest commit */
	size_t commits;      /* asked for, failed ones too */
	size_t puts;         /* of the latest commit */
	size_t notes;        /* written, or tried to */
	char *log;           /* each commit is noted here; NULL: nowhere */
	size_t log_bytes;
};

/* Opens the memory beneath. `log` is borrowed. */
void fake_store_open(struct fake_store *fake, char *log, size_t log_bytes);
void fake_store_close(struct fake_store *fake);

/* Changes or creates the job in the memory beneath, as another instance would. */
void fake_store_apply(struct fake_store *fake, const char *job_id, const struct job_update *update);

/* Writes a record that is no job. */
void fake_store_spoil(struct fake_store *fake, const char *job_id);

/* The job as it is stored, to be destroyed by the test; NULL: there is none. */
struct job *fake_store_find(struct fake_store *fake, const char *job_id);

/* The same as malloc'ed bytes. */
uint8_t *fake_store_bytes(struct fake_store *fake, const char *job_id, size_t *ret_length);

/* Appends to a log that has so many bytes; NULL: does nothing. */
void log_note(char *log, size_t log_bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
