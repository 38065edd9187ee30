/* What is worth a line, and what stands in it. */
#include "http/access_log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/trace.h"
#include "http/routes.h"

enum { PATH_BYTES_MAX = 512, STATUS_ERRORS = 400 };

static bool is_wanted(const struct exchange *exchange)
{
	if (exchange->answer_status >= STATUS_ERRORS || exchange->answer_status == 0)
		return exchange->server->options.access_log != HTTP_LOG_OFF;
	return exchange->server->options.access_log == HTTP_LOG_ALL;
}

static void write_address(const struct exchange *exchange, char out[INET6_ADDRSTRLEN])
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	snprintf(out, INET6_ADDRSTRLEN, "?");
	if (info == NULL || info->client_addr == NULL)
		return;
	const void *address = &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr;
	if (info->client_addr->sa_family == AF_INET6)
		address = &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;
	inet_ntop(info->client_addr->sa_family, address, out, INET6_ADDRSTRLEN);
}

void access_log_write(const struct exchange *exchange)
{
	char path[PATH_BYTES_MAX + 1], status[12], bytes[24], duration[32], address[INET6_ADDRSTRLEN];
	char trace[TRACE_ID_BYTES];
	if (!is_wanted(exchange))
		return;
	const char *traceparent = exchange_field(exchange, "traceparent");
	bool has_trace = traceparent != NULL && trace_read(traceparent, trace);
	snprintf(path, sizeof path, "%s", exchange->path);
	snprintf(status, sizeof status, "%d", exchange->answer_status);
	snprintf(bytes, sizeof bytes, "%zu", exchange->answer_bytes);
	snprintf(duration, sizeof duration, "%.3f", (double)(clock_steady_ns() - exchange->began_ns) / 1e6);
	write_address(exchange, address);
	log_line(LOG_INFO, exchange->is_stream ? "http_stream" : "http", "method", exchange->method, "path", path, "status",
	         status, "bytes", bytes, "ms", duration, "peer", address, has_trace ? "trace" : NULL, trace, NULL);
}
