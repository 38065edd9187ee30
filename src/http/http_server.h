/*
 * The HTTP door: opens requests, hands them to the service, writes the answers. It knows nothing about jobs but their
 * schema. One thread of the HTTP library carries all connections; what takes time is suspended there, never waited for.
 */
#ifndef HTTP_HTTP_SERVER_H
#define HTTP_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "service/service.h"

enum http_log { HTTP_LOG_OFF, HTTP_LOG_ERRORS, HTTP_LOG_ALL };

struct http_server_options {
	const char *host_port;    /* HOST:PORT, HOST an address or "localhost"; port 0: any free one */
	const char *const *hosts; /* names besides those of the loopback that requests may be for */
	size_t host_count;
	bool takes_any_host;        /* because the service asks for tokens */
	const char *const *origins; /* web origins whose pages may use the API ("https://example.org") */
	size_t origin_count;
	const char *certificate; /* PEM files; NULL: plain HTTP */
	const char *key;
	const char *dashboard; /* folder with the files of GET /; NULL: a built-in page */
	enum http_log access_log;
	size_t connections_max;
	int heartbeat_ms; /* a stream is never silent for longer */
};

/* 10,000 connections, 15 s, errors are logged. */
extern const struct http_server_options http_server_options_default;

struct http_server;

/* Starts to listen and to answer. The options' strings are the caller's and must outlive the server. INVALID_ARGUMENT:
 * the address, the certificate, the key or the folder cannot be used. UNAVAILABLE: the address is in use.
 * RESOURCE_EXHAUSTED. */
enum err http_server_start(const struct http_server_options *options, struct service *service,
                           struct http_server **ret_server, struct fault *fault) MUST_USE;

/* Where it listens, with the real port: "http://127.0.0.1:7080". Borrowed. */
const char *http_server_url(const struct http_server *server);

/* Reads certificate and key anew, for connections from now on. On an error the old ones stay. */
enum err http_server_reload(struct http_server *server, struct fault *fault) MUST_USE;

/* Takes no new connections; requests that still come are answered UNAVAILABLE. Streams end when the service stops. */
void http_server_drain(struct http_server *server);

/* Waits a moment for answers under way and closes everything. All calls must have been answered before. Accepts NULL.
 */
void http_server_stop(struct http_server *server);

#endif
