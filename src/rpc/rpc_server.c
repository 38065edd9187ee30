/* Decides how the RPC door opens, notices that connections come and go, and closes. */
#include "rpc/rpc_server.h"

#include <assert.h>
#include <malloc.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "rpc/nng_repairs.h"
#include "rpc/server.h"
#include "wire/frame.h"

enum {
	DISCONNECTS_PER_TICK = 64,
	TELL_INTERVAL_MS = 1000,
	SLOTS_FREED_TO_TRIM = 4096,
	ROUTE_BYTES_MAX = 64, /* what SP puts before a message: its request's number, and four bytes for each hop */
};

const struct rpc_server_options rpc_server_options_default = {
    .message_bytes_max = 1024 * 1024 + FRAME_OVERHEAD_BYTES_MAX,
    .calls_max = 262144,
    .calls_per_peer_max = 131072,
    .send_timeout_ms = 2000,
};

/* Before the first byte of a connection is read: later its calls could come first. */
static void on_connect(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
	struct rpc_server *server = argument;
	(void)event;
	pthread_mutex_lock(&server->lock);
	bool is_added = !server->is_draining && rpc_peers_add(&server->peers, (uint32_t)nng_pipe_id(pipe));
	pthread_mutex_unlock(&server->lock);
	if (!is_added)
		nng_pipe_close(pipe);
}

static void on_disconnect(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
	struct rpc_server *server = argument;
	uint32_t peer_id = (uint32_t)nng_pipe_id(pipe);
	(void)event;
	pthread_mutex_lock(&server->lock);
	bool has_calls = rpc_peers_remove(&server->peers, peer_id);
	pthread_mutex_unlock(&server->lock);
	if (has_calls)
		service_forget_peer(server->service, peer_id);
}

/* Tells the log of peers that were disconnected, at most once a second. */
static void tell_disconnects(struct rpc_server *server)
{
	int64_t now_ms = clock_steady_ms();
	if (server->disconnects_told_ms != 0 && now_ms - server->disconnects_told_ms < TELL_INTERVAL_MS)
		return;
	pthread_mutex_lock(&server->lock);
	size_t count = server->disconnects_untold;
	server->disconnects_untold = 0;
	pthread_mutex_unlock(&server->lock);
	if (count == 0)
		return;
	char count_text[24];
	snprintf(count_text, sizeof count_text, "%zu", count);
	log_line(LOG_WARNING, "peers_disconnected", "count", count_text, "reason", "they do not read their replies", NULL);
	server->disconnects_told_ms = now_ms;
}

/* Gives the machine back what a flood of calls has taken: the C library would keep it for the next one. */
static void give_memory_back(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	bool is_over = server->slots_freed >= SLOTS_FREED_TO_TRIM && server->slot_count <= RECEIVING_WANTED + RESTING_MAX;
	if (is_over)
		server->slots_freed = 0;
	pthread_mutex_unlock(&server->lock);
	if (is_over)
		malloc_trim(0);
}

/* Disconnects the peers that do not read their replies: each holds slots and memory. */
static void on_watch(void *argument)
{
	struct rpc_server *server = argument;
	uint32_t stuck[DISCONNECTS_PER_TICK];
	if (nng_aio_result(server->watch) != 0)
		return;
	pthread_mutex_lock(&server->lock);
	size_t stuck_count = rpc_peers_tick(&server->peers, stuck, DISCONNECTS_PER_TICK);
	server->disconnects_untold += stuck_count;
	metrics_add(METRICS_PEERS_DROPPED, stuck_count);
	pthread_mutex_unlock(&server->lock);
	for (size_t i = 0; i < stuck_count; i++)
		nng_pipe_close((nng_pipe){.id = stuck[i]});
	tell_disconnects(server);
	give_memory_back(server);
	nng_sleep_aio(server->watch_period_ms, server->watch);
}

static bool init_locks(struct rpc_server *server)
{
	pthread_condattr_t attributes;
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for moments only: spinning spares a sleep */
	int failed = pthread_mutex_init(&server->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	if (failed != 0 || pthread_condattr_init(&attributes) != 0)
		return false;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	bool is_made = pthread_cond_init(&server->changed, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return is_made;
}

static struct rpc_server *make_server(const struct rpc_server_options *options, struct service *service)
{
	struct rpc_server *server = calloc(1, sizeof *server);
	if (server == NULL || !init_locks(server)) {
		free(server);
		return NULL;
	}
	server->service = service;
	server->send_timeout_ms = options->send_timeout_ms;
	server->watch_period_ms = options->send_timeout_ms / (PEER_PATIENCE_TICKS - 1) + 1;
	server->arena_bytes_max = options->message_bytes_max * ARENA_FACTOR;
	server->slots_max = options->calls_max + SLOTS_SPARE;
	list_init(&server->resting);
	list_init(&server->busy);
	rpc_peers_init(&server->peers, options->calls_max, options->calls_per_peer_max, options->message_bytes_max);
	return server;
}

static int open_socket(struct rpc_server *server, size_t message_bytes_max)
{
	nng_repairs_require();
	int code = nng_rep0_open(&server->socket);
	if (code == 0)
		code = nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, message_bytes_max + ROUTE_BYTES_MAX);
	if (code == 0)
		code = nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, on_connect, server);
	if (code == 0)
		code = nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_disconnect, server);
	if (code == 0)
		code = nng_aio_alloc(&server->watch, on_watch, server);
	if (code == 0)
		code = rpc_outbox_init(server);
	return code;
}

static enum err open_door(struct rpc_server *server, const struct rpc_server_options *options, struct fault *fault)
{
	int code = open_socket(server, options->message_bytes_max);
	if (code != 0)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_SOCKET", "no socket to receive calls: %s",
		                 nng_strerror(code));
	enum err err = rpc_pool_start(server, fault);
	if (err == ERR_OK)
		err = rpc_listen(server->socket, options->urls, options->url_count, &server->points, fault);
	if (err != ERR_OK)
		return err;
	server->point_count = options->url_count;
	nng_sleep_aio(server->watch_period_ms, server->watch);
	return ERR_OK;
}

enum err rpc_server_start(const struct rpc_server_options *options, struct service *service,
                          struct rpc_server **ret_server, struct fault *fault)
{
	assert(options->url_count > 0 && options->message_bytes_max > 0 && options->send_timeout_ms > 0);
	assert(options->calls_max > 0 && options->calls_per_peer_max > 0);
	struct rpc_server *server = make_server(options, service);
	if (server == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to receive calls");
	enum err err = open_door(server, options, fault);
	if (err != ERR_OK) {
		rpc_server_stop(server);
		return err;
	}
	*ret_server = server;
	return ERR_OK;
}

const char *rpc_server_url(const struct rpc_server *server, size_t index)
{
	assert(index < server->point_count);
	return server->points[index].url;
}

void rpc_server_drain(struct rpc_server *server)
{
	/* The listeners stay: closing one would close its connections, too. New ones are turned away. */
	rpc_pool_drain(server);
}

void rpc_server_stop(struct rpc_server *server)
{
	if (server == NULL)
		return;
	rpc_server_drain(server);
	rpc_pool_await_rest(server, server->send_timeout_ms);
	nng_aio_stop(server->watch);
	rpc_outbox_flush(server);
	rpc_pool_finish(server);
	nng_close(server->socket);
	nng_aio_free(server->watch);
	rpc_outbox_finish(server);
	rpc_peers_finish(&server->peers);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server->points);
	free(server);
}
