/* The service: the generated ProgressTrackerService over a store and a feed. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "service/call.h"
#include "service/listed.h"

struct auth;
struct feed;
struct store;

struct service_options {
	int64_t default_ttl_ms;        /* how long finished jobs are kept */
	int64_t default_lost_after_ms; /* how long stalled jobs that do not say are waited for; 0: for ever */
	double move_step_points;       /* of 100: so far a simulated bar moves before watchers are told … */
	int64_t move_interval_ms;      /* … and never more often than this */
	size_t cached_jobs_max;        /* jobs kept at hand */
	size_t waiting_max;            /* commands in line for the corridor; above: RESOURCE_EXHAUSTED */
	struct auth *auth;             /* who may do what; NULL: everybody everything. The caller's */
	/* A stored record is no job, and is left out where many are shown. Any thread; NULL: nobody is told. */
	listed_report *on_unreadable;
	/* The store has lost its disk. Must be given, and must not return. */
	void (*on_data_loss)(const struct fault *fault);
};

/* 30 days, half a point four times a second, 32,768 jobs, 262,144 commands; on_data_loss is the caller's to fill in. */
extern const struct service_options service_options_default;

/* Starts the service. The store and the feed stay the caller's and must outlive it. UNAVAILABLE, RESOURCE_EXHAUSTED. */
enum err service_start(const struct service_options *options, struct store *store, struct feed *feed,
                       struct service **ret_service, struct fault *fault) MUST_USE;

/* The tokens have changed: calls that wait with one that is good no more are answered UNAUTHENTICATED. Any thread. */
void service_recheck_tokens(struct service *service);

/* Carries out what waits and answers CANCELLED to calls that wait for changes. Calls that still come in are answered
 * UNAVAILABLE. */
void service_stop(struct service *service);

/* Frees a stopped service; no call may come in any more. Accepts NULL. */
void service_destroy(struct service *service);

#endif
