/*
 * When to look whether a worker is still there: one timer for each live job with a lease. A sign of life moves the
 * timer; nothing of it is written to the store. Times are steady ms.
 */
#ifndef SERVICE_LEASES_H
#define SERVICE_LEASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/timer_queue.h"
#include "job/job.h"

/* What a timer is set by. */
struct lease_terms {
	enum job_state state;
	int64_t lease_ms;      /* 0: no lease */
	int64_t patience_ms;   /* without a lease: how long heartbeats may be missing; 0: for ever */
	int64_t lost_after_ms; /* 0: as configured */
};

struct leases {
	struct map by_job; /* struct lease by job_id */
	struct timer_queue timers;
};

void leases_init(struct leases *leases);
void leases_finish(struct leases *leases);

/* Sets the job's timer from its state now: an active job has its lease from now on (without a lease, but after
 * heartbeats: three of their intervals), a stalled one its time until it is
 * lost, any other none. `default_lost_after_ms` (0: never) holds for jobs that do not say. False: no memory; the job's
 * silence may then go unnoticed. */
bool leases_follow(struct leases *leases, const char *job_id, const struct lease_terms *terms,
                   int64_t default_lost_after_ms, int64_t now_ms);

/* The terms of a job as it is. */
struct lease_terms lease_terms_of(const struct job *job);

/* Sets the job's timer, if it has one, as it was set the last time, but from now on. */
void leases_renew(struct leases *leases, const char *job_id, int64_t now_ms);

/* Whether the job has a timer. */
bool leases_has(const struct leases *leases, const char *job_id);

/* Whether the job's time has come, and its timer has not been set since. */
bool leases_is_over(const struct leases *leases, const char *job_id);

/* Forgets the job's timer, if it has one. */
void leases_forget(struct leases *leases, const char *job_id);

/* Takes a job whose time has come: writes its name. Until its timer is set anew or forgotten, which may fail to happen
 * because the store does, it comes again in a second. False: there is none. */
bool leases_take_due(struct leases *leases, int64_t now_ms, char ret_job_id[JOB_ID_BYTES_MAX + 1]);

/* When the next timer comes; INT64_MAX: there is none. */
int64_t leases_next_due(const struct leases *leases);

#endif
