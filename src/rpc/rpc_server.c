/* Decides how the RPC door opens and closes. */
#include "rpc/rpc_server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/server.h"

const struct rpc_server_options rpc_server_options_default = {
    .message_bytes_max = 1024 * 1024 + FRAME_OVERHEAD_BYTES_MAX,
    .calls_max = 262144,
    .calls_per_peer_max = 131072,
    .send_timeout_ms = 2000,
};

static void init_lock(struct rpc_server *server)
{
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for moments only: spinning spares a sleep */
	pthread_mutex_init(&server->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	pthread_cond_init(&server->changed, NULL);
}

static struct rpc_server *make_server(const struct rpc_server_options *options, struct service *service)
{
	struct rpc_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return NULL;
	server->service = service;
	server->send_timeout_ms = options->send_timeout_ms;
	server->message_bytes_max = options->message_bytes_max;
	server->arena_bytes_max = options->message_bytes_max * ARENA_FACTOR;
	server->is_accepting = true;
	server->ticked_ms = clock_steady_ms();
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->alarm = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->arrived = malloc(READ_BYTES);
	server->bounds = calloc(options->url_count, sizeof *server->bounds);
	list_init(&server->connections);
	list_init(&server->pending);
	list_init(&server->gone);
	rpc_peers_init(&server->peers, options->calls_max, options->calls_per_peer_max, options->message_bytes_max);
	init_lock(server);
	return server;
}

static bool watch_for_reading(struct rpc_server *server, int fd, void *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum err bind_all(struct rpc_server *server, const struct rpc_server_options *options, struct fault *fault)
{
	for (size_t i = 0; i < options->url_count; i++) {
		enum err err = rpc_bind(options->urls[i], &server->bounds[i], fault);
		if (err != ERR_OK)
			return err;
		server->bound_count++;
		if (!watch_for_reading(server, server->bounds[i].fd, &server->bounds[i]))
			return address_fault_unavailable(fault, options->urls[i], "CANNOT_LISTEN", strerror(errno));
	}
	return ERR_OK;
}

static enum err open_door(struct rpc_server *server, const struct rpc_server_options *options, struct fault *fault)
{
	bool has_memory = server->arrived != NULL && server->bounds != NULL;
	if (!has_memory || server->epoll < 0 || server->alarm < 0 ||
	    !watch_for_reading(server, server->alarm, &server->alarm))
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_SOCKET", "nothing to receive calls with: %s",
		                 strerror(has_memory ? errno : ENOMEM));
	enum err err = bind_all(server, options, fault);
	if (err != ERR_OK)
		return err;
	server->has_thread = pthread_create(&server->thread, NULL, rpc_loop, server) == 0;
	if (!server->has_thread)
		return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "the system gave no thread for the RPC door");
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
	assert(index < server->bound_count);
	return server->bounds[index].url;
}

void rpc_server_drain(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->is_draining = true;
	rpc_loop_wake(server);
	while (server->has_thread && !server->is_drained)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

static void end_thread(struct rpc_server *server)
{
	rpc_server_drain(server);
	pthread_mutex_lock(&server->lock);
	assert(server->peers.calls == 0);
	server->is_stopping = true;
	rpc_loop_wake(server);
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
}

void rpc_server_stop(struct rpc_server *server)
{
	if (server == NULL)
		return;
	if (server->has_thread)
		end_thread(server);
	for (size_t i = 0; i < server->bound_count; i++)
		rpc_unbind(&server->bounds[i]);
	if (server->alarm >= 0)
		close(server->alarm);
	if (server->epoll >= 0)
		close(server->epoll);
	rpc_slots_finish(server);
	while (server->spare_count > 0)
		buffer_finish(&server->spares[--server->spare_count]);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server->bounds);
	free(server->arrived);
	free(server);
}
