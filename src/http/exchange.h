/*
 * One request and its answer, on their way between the HTTP library and the service. The library's thread calls
 * exchange_step until an answer is queued:
 *
 *     head comes -> body comes -> route->serve -> (service_call … reply) -> finish -> answer_… -> exchange_end
 *
 * A call that is not answered at once suspends the connection; its reply, on whatever thread, resumes it. All other
 * members belong to the library's thread.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/alarms.h"
#include "http/server.h"
#include "service/call.h"
#include "wire/method.h"

struct exchange;
struct route;

/* Of the call of an exchange. */
enum exchange_call { EXCHANGE_NO_CALL, EXCHANGE_CALLING, EXCHANGE_WAITING, EXCHANGE_REPLIED };

struct exchange {
	struct exchange *next; /* of the server's spare ones */
	struct http_server *server;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: none */
	const char *method;        /* GET; borrowed from the library, as the path */
	const char *path;          /* still percent-encoded, without the query */
	const char *part; /* of the path: what stands for {…} in the route's, decoded, in the arena; NULL: nothing */
	bool is_begun;    /* route->serve was called */
	bool is_answered;
	bool is_stream; /* the answer is one, which no longer needs this */
	int64_t began_ns;
	int64_t body_due_ms; /* 0: no body is awaited */
	struct buffer body;  /* of the request */
	struct buffer text;  /* of the answer, lent to the library until the end */
	struct arena arena;  /* of the call and of all that is made for it */

	bool is_own_call; /* the next call is the door's own */
	struct call call;
	atomic_int call_state; /* enum exchange_call */
	void (*finish)(struct exchange *exchange);
	struct alarm deadline;
	bool is_late; /* the deadline has come; guarded by the alarms' lock until the reply */

	int answer_status; /* for the log */
	size_t answer_bytes;
	const struct method *rpc; /* of a Connect call */
	bool is_json;             /* of a Connect call: its body */
};

/* For a new request; NULL: no memory. */
struct exchange *exchange_create(struct http_server *server, struct MHD_Connection *connection);

/* The request is over, whatever became of it. */
void exchange_end(struct exchange *exchange);

/* Frees the server's spare ones. */
void exchange_free_spare(struct http_server *server);

/* The value of a head's field, or NULL. */
const char *exchange_field(const struct exchange *exchange, const char *name);

/* The decoded value of a field of the query, NULL if there is none. False: the exchange was answered with its error. */
bool exchange_query(struct exchange *exchange, const char *name, const char **ret_value);

/* What proves who asks, for the service to judge: the one place where it is taken from a request (Authorization:
 * Bearer, or access_token in the query of a GET). "": nothing. Borrowed from the library or the exchange. */
const char *exchange_credentials(struct exchange *exchange);

/* Whether who asks may see what is told of all jobs beside the service. False: it was answered why not. */
bool exchange_may_read(struct exchange *exchange);

/* Whether who asks has a valid token, where tokens are asked for. False: it was answered that not. */
bool exchange_is_known(struct exchange *exchange);

/* Hands a request message to a method of the service; `finish` is called on the library's thread once
 * exchange->call has its outcome. At most once at a time. timeout_ms 0: no deadline. */
void exchange_call(struct exchange *exchange, const char *method, struct wire_bytes request, uint32_t timeout_ms,
                   void (*finish)(struct exchange *exchange));

/* Takes the next step. False: the connection must be closed. */
bool exchange_step(struct exchange *exchange);

#endif
