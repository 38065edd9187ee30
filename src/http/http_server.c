/* Decides how the HTTP door opens and closes, and how the library is set up. */
#include "http/http_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "http/exchange.h"
#include "http/files.h"
#include "http/intake.h"
#include "http/library.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/stream.h"
#include "http/tls.h"

enum {
	POOL_BYTES = 26 * 1024, /* of a connection: the largest head, its fields, and the head of the answer */
	DESCRIPTORS_KEPT = 128, /* for all that is not a connection */
	STOP_PATIENCE_MS = 2000,
	STOP_STEP_MS = 10,
};

const struct http_server_options http_server_options_default = {
    .host_port = "127.0.0.1:7080",
    .access_log = HTTP_LOG_ERRORS,
    .connections_max = 10000,
    .heartbeat_ms = 15000,
};

static bool uses_epoll(void)
{
	return MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
}

/* Paths and queries stay as they came: they are decoded, strictly, where they are used. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* How many connections the process may have; raises its limit as far as it goes. */
static size_t raise_descriptors(size_t wanted)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	rlim_t needed = (rlim_t)wanted + DESCRIPTORS_KEPT;
	if (limit.rlim_cur < needed) {
		limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
		(void)!setrlimit(RLIMIT_NOFILE, &limit);
		if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
			return wanted;
	}
	if (limit.rlim_cur >= needed)
		return wanted;
	return limit.rlim_cur > 2 * DESCRIPTORS_KEPT ? (size_t)limit.rlim_cur - DESCRIPTORS_KEPT : DESCRIPTORS_KEPT;
}

static enum err start_library(struct http_server *server, struct fault *fault)
{
	bool is_secure = server->tls != NULL;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (is_secure ? MHD_USE_TLS : 0);
	struct MHD_OptionItem secure[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)tls_retrieve},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (char[]){TLS_PRIORITIES}},
	    {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
	server->library = MHD_start_daemon(
	    flags, 0, NULL, NULL, library_on_request, server, MHD_OPTION_LISTEN_SOCKET, server->socket_fd,
	    MHD_OPTION_NOTIFY_COMPLETED, library_on_end, server, MHD_OPTION_NOTIFY_CONNECTION, library_on_connection,
	    server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)raise_descriptors(server->options.connections_max),
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HEAD_SECONDS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, is_secure ? secure : plain, MHD_OPTION_END);
	if (server->library != NULL)
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "NO_HTTP", "the HTTP library could not be started");
}

static enum err open_parts(struct http_server *server, struct fault *fault)
{
	char host_port[280];
	const struct http_server_options *options = &server->options;
	enum err err = ERR_OK;
	if (!intake_init())
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the HTTP door");
	if (options->certificate != NULL)
		err = tls_open(options->certificate, options->key, &server->tls, fault);
	if (err == ERR_OK && options->dashboard != NULL)
		err = files_open(options->dashboard, &server->files, fault);
	if (err == ERR_OK)
		err = listen_open(options->host_port, &server->socket_fd, host_port, sizeof host_port, fault);
	if (err == ERR_OK)
		snprintf(server->url, sizeof server->url, "%s://%s", server->tls != NULL ? "https" : "http", host_port);
	return err;
}

static void destroy(struct http_server *server)
{
	if (server->socket_fd >= 0)
		close(server->socket_fd);
	memo_finish(&server->memo);
	memo_finish(&server->statuses);
	files_close(server->files);
	tls_close(server->tls);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

static struct http_server *make_server(const struct http_server_options *options, struct service *service)
{
	struct http_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return NULL;
	server->options = *options;
	server->service = service;
	server->socket_fd = -1;
	server->rules = (struct origin_rules){options->hosts, options->host_count, options->origins, options->origin_count,
	                                      options->takes_any_host};
	list_init(&server->streams);
	pthread_mutex_init(&server->lock, NULL);
	return server;
}

enum err http_server_start(const struct http_server_options *options, struct service *service,
                           struct http_server **ret_server, struct fault *fault)
{
	assert(uses_epoll());
	struct http_server *server = make_server(options, service);
	if (server == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the HTTP door");
	enum err err = open_parts(server, fault);
	if (err == ERR_OK)
		err = alarms_start(&server->alarms, fault);
	if (err != ERR_OK) {
		destroy(server);
		return err;
	}
	err = start_library(server, fault);
	if (err != ERR_OK) {
		alarms_stop(&server->alarms);
		destroy(server);
		return err;
	}
	*ret_server = server;
	return ERR_OK;
}

const char *http_server_url(const struct http_server *server)
{
	return server->url;
}

enum err http_server_reload(struct http_server *server, struct fault *fault)
{
	return server->tls != NULL ? tls_reload(server->tls, fault) : ERR_OK;
}

void http_server_drain(struct http_server *server)
{
	atomic_store(&server->is_draining, true);
	/* Gives the socket back, which is closed at the end. */
	(void)!MHD_quiesce_daemon(server->library);
}

static size_t count_open(struct http_server *server)
{
	pthread_mutex_lock(&server->lock);
	size_t count = server->stream_count + atomic_load_explicit(&server->exchange_count, memory_order_acquire);
	pthread_mutex_unlock(&server->lock);
	return count;
}

/* Waits for what is being written. */
static void await_rest(struct http_server *server)
{
	const struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};
	for (int waited_ms = 0; count_open(server) > 0 && waited_ms < STOP_PATIENCE_MS; waited_ms += STOP_STEP_MS)
		nanosleep(&step, NULL);
}

void http_server_stop(struct http_server *server)
{
	if (server == NULL)
		return;
	assert(atomic_load(&server->is_draining));
	stream_end_all(server);
	await_rest(server);
	MHD_stop_daemon(server->library);
	alarms_stop(&server->alarms);
	exchange_free_spare(server);
	destroy(server);
}
