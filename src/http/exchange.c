/* Steps, calls and their replies. */
#include "http/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "http/access_log.h"
#include "http/answer.h"
#include "http/query.h"
#include "http/routes.h"

enum { SPARE_MAX = 256, SPARE_BUFFER_BYTES_MAX = 16 * 1024 };

static int64_t ring(struct alarm *alarm)
{
	struct exchange *exchange = LIST_MEMBER(alarm, struct exchange, deadline);
	exchange->is_late = true;
	/* Its reply comes as CANCELLED, if it does not come by itself right now. */
	service_forget_peer(exchange->server->service, exchange->call.peer);
	return 0;
}

static struct exchange *make_exchange(struct http_server *server)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	if (exchange == NULL)
		return NULL;
	exchange->server = server;
	exchange->deadline.ring = ring;
	arena_init(&exchange->arena, ARENA_BYTES_MAX);
	buffer_init(&exchange->body, BODY_BYTES_MAX);
	buffer_init(&exchange->text, ARENA_BYTES_MAX);
	return exchange;
}

static struct exchange *take_spare(struct http_server *server)
{
	struct exchange *exchange = server->spare;
	if (exchange == NULL)
		return NULL;
	server->spare = exchange->next;
	server->spare_count--;
	return exchange;
}

struct exchange *exchange_create(struct http_server *server, struct MHD_Connection *connection)
{
	struct exchange *exchange = take_spare(server);
	if (exchange == NULL)
		exchange = make_exchange(server);
	if (exchange == NULL)
		return NULL;
	exchange->connection = connection;
	exchange->began_ns = clock_steady_ns();
	atomic_fetch_add_explicit(&server->exchange_count, 1, memory_order_relaxed);
	return exchange;
}

static void destroy(struct exchange *exchange)
{
	arena_finish(&exchange->arena);
	buffer_finish(&exchange->body);
	buffer_finish(&exchange->text);
	free(exchange);
}

/* Forgets the request but keeps small pieces of memory for the next one. */
static void clean(struct exchange *exchange)
{
	struct exchange kept = *exchange;
	arena_reset(&kept.arena);
	buffer_clear(&kept.body);
	buffer_clear(&kept.text);
	*exchange = (struct exchange){
	    .server = kept.server, .body = kept.body, .text = kept.text, .arena = kept.arena, .deadline.ring = ring};
}

void exchange_end(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	assert(atomic_load(&exchange->call_state) != EXCHANGE_WAITING);
	metrics_add(METRICS_HTTP_REQUESTS, 1);
	access_log_write(exchange);
	bool is_small =
	    exchange->body.capacity <= SPARE_BUFFER_BYTES_MAX && exchange->text.capacity <= SPARE_BUFFER_BYTES_MAX;
	if (is_small && server->spare_count < SPARE_MAX) {
		clean(exchange);
		exchange->next = server->spare;
		server->spare = exchange;
		server->spare_count++;
	} else {
		destroy(exchange);
	}
	atomic_fetch_sub_explicit(&server->exchange_count, 1, memory_order_release);
}

void exchange_free_spare(struct http_server *server)
{
	struct exchange *exchange;
	while ((exchange = take_spare(server)) != NULL)
		destroy(exchange);
}

const char *exchange_field(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

bool exchange_query(struct exchange *exchange, const char *name, const char **ret_value)
{
	const char *value = MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
	struct fault fault = {0};
	*ret_value = NULL;
	if (value == NULL || query_decode(value, strlen(value), name, &exchange->arena, ret_value, &fault) == ERR_OK)
		return true;
	answer_fault_of(exchange, &fault);
	return false;
}

static void on_reply(struct call *call)
{
	struct exchange *exchange = LIST_MEMBER(call, struct exchange, call);
	struct MHD_Connection *connection = exchange->connection;
	/* Once it is marked as replied the library's thread may end it. */
	if (atomic_exchange(&exchange->call_state, EXCHANGE_REPLIED) == EXCHANGE_WAITING)
		MHD_resume_connection(connection);
}

/* A browser's EventSource has no header fields of its own. What does not decode is no token. */
static const char *token_in_query(struct exchange *exchange)
{
	struct fault ignored;
	const char *token,
	    *value = MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, "access_token");
	bool may_stand =
	    strcmp(exchange->method, MHD_HTTP_METHOD_GET) == 0 || strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) == 0;
	bool is_read = may_stand && value != NULL &&
	               query_decode(value, strlen(value), "access_token", &exchange->arena, &token, &ignored) == ERR_OK;
	return is_read ? token : "";
}

const char *exchange_credentials(struct exchange *exchange)
{
	const char *field = exchange_field(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
	if (field != NULL)
		return strncasecmp(field, "Bearer ", 7) == 0 ? field + 7 : "";
	return token_in_query(exchange);
}

typedef enum err permit(struct service *service, const char *credentials, struct fault *fault);

static bool is_permitted(struct exchange *exchange, permit *permits)
{
	struct fault fault = {0};
	if (permits(exchange->server->service, exchange_credentials(exchange), &fault) == ERR_OK)
		return true;
	answer_fault_of(exchange, &fault);
	return false;
}

bool exchange_may_read(struct exchange *exchange)
{
	return is_permitted(exchange, service_permit_reading);
}

bool exchange_is_known(struct exchange *exchange)
{
	return is_permitted(exchange, service_permit_known);
}

static const char *traceparent_of(const struct exchange *exchange)
{
	char trace_id[TRACE_ID_BYTES];
	const char *field = exchange_field(exchange, "traceparent");
	return field != NULL && trace_read(field, trace_id) ? field : NULL;
}

void exchange_call(struct exchange *exchange, const char *method, struct wire_bytes request, uint32_t timeout_ms,
                   void (*finish)(struct exchange *exchange))
{
	struct http_server *server = exchange->server;
	assert(atomic_load(&exchange->call_state) == EXCHANGE_NO_CALL);
	exchange->finish = finish;
	exchange->is_late = false;
	exchange->call = (struct call){
	    .arena = &exchange->arena,
	    .method = method,
	    .request = request,
	    .timeout_ms = timeout_ms,
	    .authorization = exchange_credentials(exchange),
	    .is_own = exchange->is_own_call,
	    .traceparent = traceparent_of(exchange),
	    .peer = server_next_peer(server),
	    .reply = on_reply,
	};
	atomic_store(&exchange->call_state, EXCHANGE_CALLING);
	/* Before the call: afterwards the exchange may be over. Without memory for it the call takes as long as it takes.
	 */
	if (timeout_ms > 0)
		(void)!alarms_set(&server->alarms, &exchange->deadline, clock_steady_ms() + timeout_ms);
	service_call(server->service, &exchange->call);
}

/* The call is with the service: stands aside until its reply comes. */
static void stand_aside(struct exchange *exchange)
{
	int calling = EXCHANGE_CALLING;
	struct MHD_Connection *connection = exchange->connection;
	MHD_suspend_connection(connection);
	if (!atomic_compare_exchange_strong(&exchange->call_state, &calling, EXCHANGE_WAITING))
		MHD_resume_connection(connection);
}

/* A call that its deadline has ended was cancelled by us, not by the peer. */
static void take_reply(struct exchange *exchange)
{
	struct call *call = &exchange->call;
	if (call->timeout_ms > 0)
		alarms_cancel(&exchange->server->alarms, &exchange->deadline);
	metrics_count_call(METRICS_HTTP, call->method_number, (int)call->fault.code, clock_steady_ns() - call->began_ns);
	if (exchange->is_late && call->fault.code == ERR_CANCELLED)
		fault_set(&call->fault, ERR_DEADLINE_EXCEEDED, "TIMEOUT", "the time that the caller gave is over");
	atomic_store(&exchange->call_state, EXCHANGE_NO_CALL);
	exchange->finish(exchange);
}

bool exchange_step(struct exchange *exchange)
{
	if (!exchange->is_begun) {
		exchange->is_begun = true;
		exchange->route->serve(exchange);
	}
	while (atomic_load(&exchange->call_state) == EXCHANGE_REPLIED)
		take_reply(exchange);
	if (exchange->is_answered)
		return true;
	if (atomic_load(&exchange->call_state) != EXCHANGE_CALLING)
		return false;
	stand_aside(exchange);
	return true;
}
