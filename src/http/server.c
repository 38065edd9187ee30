/* Between the HTTP library and the exchanges: what is asked of every request before it is served. */
#include <assert.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/answer.h"
#include "http/exchange.h"
#include "http/intake.h"
#include "http/library.h"
#include "http/routes.h"
#include "http/sieve.h"

uint64_t server_next_peer(struct http_server *server)
{
	/* The other doors' numbers have 32 bits. */
	return UINT64_C(1) << 63 | (atomic_fetch_add(&server->peers, 1) + 1);
}

/* A request that the sieve has put in the place of a refused one. */
static bool refuse_sifted(struct exchange *exchange, const char *path)
{
	struct fault fault = {0};
	int number = atoi(path + 1);
	metrics_add(METRICS_HTTP_REFUSED, 1);
	assert(number > REFUSAL_NONE && number < REFUSAL_COUNT);
	answer_fault_as(exchange, refusal_explain((enum refusal)number, &fault), &fault);
	return false;
}

/* What a page of a friendly origin asks before it asks. */
static bool answer_preflight(struct exchange *exchange)
{
	const char *const fields[] = {"Access-Control-Allow-Methods",
	                              "GET, HEAD, POST",
	                              "Access-Control-Allow-Headers",
	                              "Authorization, Connect-Protocol-Version, Connect-Timeout-Ms, Content-Type, "
	                              "Last-Event-ID, Traceparent",
	                              "Access-Control-Max-Age",
	                              "7200",
	                              NULL};
	answer_text_with(exchange, MHD_HTTP_NO_CONTENT, NULL, fields);
	return false;
}

static bool check_origin(struct exchange *exchange)
{
	struct fault fault = {0};
	const struct origin_rules *rules = &exchange->server->rules;
	struct origin_claims claims = {
	    .host = exchange_field(exchange, MHD_HTTP_HEADER_HOST),
	    .origin = exchange_field(exchange, MHD_HTTP_HEADER_ORIGIN),
	    .site = exchange_field(exchange, "Sec-Fetch-Site"),
	    .mode = exchange_field(exchange, "Sec-Fetch-Mode"),
	};
	int status = origin_check(rules, &claims, &fault);
	if (status != 0) {
		metrics_add(METRICS_HTTP_REFUSED, 1);
		answer_fault_as(exchange, status, &fault);
		return false;
	}
	bool is_preflight = strcmp(exchange->method, "OPTIONS") == 0 && claims.origin != NULL &&
	                    origin_is_friend(rules, claims.origin) &&
	                    exchange_field(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_REQUEST_METHOD) != NULL;
	return is_preflight ? answer_preflight(exchange) : true;
}

static bool check_draining(struct exchange *exchange)
{
	struct fault fault = {0};
	if (!atomic_load(&exchange->server->is_draining))
		return true;
	fault_set(&fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping; try again later");
	answer_fault_of(exchange, &fault);
	return false;
}

static bool refuse(struct exchange *exchange, enum refusal refusal)
{
	struct fault fault = {0};
	answer_fault_as(exchange, refusal_explain(refusal, &fault), &fault);
	return false;
}

/* The head is there: whether the body is awaited, and not more than may be. */
static bool check_body(struct exchange *exchange)
{
	const char *length = exchange_field(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool is_chunked = exchange_field(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	unsigned long long bytes = length != NULL ? strtoull(length, NULL, 10) : 0;
	if (bytes == 0 && !is_chunked)
		return true;
	if (!exchange->route->takes_body || bytes > BODY_BYTES_MAX)
		return refuse(exchange, REFUSAL_BODY_TOO_LARGE);
	exchange->body_due_ms = clock_steady_ms() + BODY_SECONDS_MAX * 1000;
	MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)BODY_SECONDS_MAX);
	return true;
}

/* Looks at the head. False: it has been answered. */
static bool welcome(struct exchange *exchange)
{
	if (strcmp(exchange->method, SIEVE_REFUSED_METHOD) == 0)
		return refuse_sifted(exchange, exchange->path);
	return check_origin(exchange) && check_draining(exchange) && routes_find(exchange) && check_body(exchange);
}

/* Ends a request in the middle of its body: the library can only close, so the answer is written past it. */
static enum MHD_Result break_off(struct exchange *exchange, enum refusal refusal)
{
	char answer[1024];
	size_t length = refusal_write(refusal, answer, sizeof answer);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    exchange->connection,
	    exchange->server->tls != NULL ? MHD_CONNECTION_INFO_GNUTLS_SESSION : MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL && exchange->server->tls != NULL)
		(void)!gnutls_record_send(info->tls_session, answer, length);
	else if (info != NULL)
		(void)!send(info->connect_fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	struct fault ignored = {0};
	exchange->answer_status = refusal_explain(refusal, &ignored);
	return MHD_NO;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *length)
{
	buffer_put(&exchange->body, bytes, *length);
	*length = 0;
	if (exchange->body.is_full)
		return break_off(exchange, REFUSAL_BODY_TOO_LARGE);
	if (clock_steady_ms() > exchange->body_due_ms)
		return break_off(exchange, REFUSAL_BODY_TOO_SLOW);
	return MHD_YES;
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection, const char *url,
                             const char *method, void **context)
{
	struct exchange *exchange = exchange_create(server, connection);
	if (exchange == NULL)
		return MHD_NO;
	*context = exchange;
	exchange->path = url;
	exchange->method = method;
	if (welcome(exchange))
		return MHD_YES;
	return exchange->is_answered ? MHD_YES : MHD_NO;
}

enum MHD_Result library_on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                   const char *version, const char *bytes, size_t *length, void **context)
{
	struct exchange *exchange = *context;
	(void)version;
	if (exchange == NULL)
		return begin(server, connection, url, method, context);
	if (*length > 0)
		return take_body(exchange, bytes, length);
	if (exchange->body_due_ms != 0) {
		exchange->body_due_ms = 0;
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)HEAD_SECONDS_MAX);
	}
	if (!exchange_step(exchange))
		return MHD_NO;
	if (exchange->is_stream) {
		*context = NULL;
		exchange_end(exchange);
	}
	return MHD_YES;
}

void library_on_end(void *server, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode how)
{
	(void)server;
	(void)connection;
	(void)how;
	if (*context != NULL)
		exchange_end(*context);
	*context = NULL;
}

static int socket_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info != NULL ? info->connect_fd : -1;
}

void library_on_connection(void *server, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what)
{
	(void)server;
	(void)context;
	bool is_new = what == MHD_CONNECTION_NOTIFY_STARTED;
	metrics_move(METRICS_HTTP_CONNECTIONS, is_new ? 1 : -1);
	/* Without a sieve nothing may be read. */
	if (!is_new)
		intake_close(socket_of(connection));
	else if (!intake_open(socket_of(connection)))
		shutdown(socket_of(connection), SHUT_RDWR);
}
