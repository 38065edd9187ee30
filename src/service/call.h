/*
 * One request on its way through the house: a door fills in the upper part and hands it to service_call; exactly one
 * reply comes back through `reply`, at once or much later, on any thread.
 */
#ifndef SERVICE_CALL_H
#define SERVICE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "store/store.h"
#include "wire/open.h"

struct auth_grant;
struct call;
struct service;

/* Sends call->fault (if its code is not ERR_OK) or call->response; then the call belongs to the door again, which may
 * reuse it at once. Never blocks. */
typedef void call_reply(struct call *call);

struct call {
	/* From the door. Borrowed until the reply; the arena is the door's, too. */
	struct arena *arena;
	const char *method;        /* "/progress.v1.ProgressTrackerService/GetProgress" */
	struct wire_bytes request; /* borrowed until service_call returns */
	uint32_t timeout_ms;       /* 0: none given */
	const char *authorization; /* what proves who asks, a token; "" or NULL: nothing */
	bool is_own;               /* of the door itself: no token is asked for */
	uint64_t peer;             /* the door's number for the connection, for service_forget_peer; 0: none */
	call_reply *reply;
	const char *traceparent;   /* of the W3C, for the events that the call causes; NULL: none */
	bool is_held;              /* others follow at once, then the same thread calls service_release */
	uint32_t answer_bytes_max; /* of an answer to a watch, which is then cut into several; 0: as many as may be */

	/* From the service: what the caller's token allows, until service_call returns; NULL: everything. Which token it
	 * is, for the time that the call waits (0: none), and until when it is good (wall). */
	const struct auth_grant *grant;
	uint64_t token;
	int64_t token_expires_ms;

	/* From the service, for the door's metrics. */
	uint32_t method_number; /* METRICS_OTHER_METHOD: unknown */
	int64_t began_ns;       /* by clock_steady_ns */

	/* For the door. */
	struct fault fault;
	struct wire_bytes response;
	enum store_durability durability;
};

/* Opens, routes and carries out the call; the reply may come before this returns. Safe for any thread. */
void service_call(struct service *service, struct call *call);

/* Whether the credentials are good for what is no method but shows as much about all jobs as ListJobs. UNAUTHENTICATED,
 * PERMISSION_DENIED. Any thread. */
enum err service_permit_reading(struct service *service, const char *credentials, struct fault *fault) MUST_USE;

/* The same for what shows nothing of any job, which every valid token is good for. */
enum err service_permit_known(struct service *service, const char *credentials, struct fault *fault) MUST_USE;

/* Carries out the calls that were held, together, or has that begin. */
void service_release(struct service *service);

/* Answers CANCELLED to all waiting calls of a connection that is gone. Safe for any thread. */
void service_forget_peer(struct service *service, uint64_t peer);

#endif
