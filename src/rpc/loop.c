/* Decides what the door's thread does next, and whom it has waited for long enough. */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "rpc/server.h"

enum {
	EVENTS_AT_ONCE = 64,
	ACCEPTS_AT_ONCE = 64,
	GREETING_MS = 10000, /* for a peer to greet */
	TICKS_PER_TIMEOUT = 4,
	TELL_INTERVAL_MS = 1000,
	SLOTS_FREED_TO_TRIM = 4096,
};

void rpc_loop_wake(struct rpc_server *server)
{
	if (!server->is_asleep)
		return;
	server->is_asleep = false;
	(void)eventfd_write(server->alarm, 1);
}

/* ---- who comes ---- */

/* Listens again, or does not for a while: without a descriptor to accept with it would be told without end. */
static void set_accepting(struct rpc_server *server, bool is_accepting)
{
	for (size_t i = 0; i < server->bound_count; i++) {
		struct epoll_event event = {.events = is_accepting ? EPOLLIN : 0, .data.ptr = &server->bounds[i]};
		(void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->bounds[i].fd, &event);
	}
	server->is_accepting = is_accepting;
}

/* A peer whose machine is gone would keep its waiting calls for ever. */
static void prepare_tcp(int fd)
{
	int yes = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

static void accept_some(struct rpc_server *server, const struct bound *bound)
{
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(bound->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
				set_accepting(server, false);
			return;
		}
		if (!bound->is_ipc)
			prepare_tcp(fd);
		rpc_connection_open(server, fd, bound->is_ipc);
	}
}

/* ---- who is waited for ---- */

/* Tells the log of peers that were disconnected, at most once a second. */
static void tell_disconnects(struct rpc_server *server, int64_t now_ms)
{
	if (server->disconnects_untold == 0 || now_ms - server->disconnects_told_ms < TELL_INTERVAL_MS)
		return;
	char count_text[24];
	snprintf(count_text, sizeof count_text, "%zu", server->disconnects_untold);
	log_line(LOG_WARNING, "peers_disconnected", "count", count_text, "reason", "they do not read their replies", NULL);
	server->disconnects_untold = 0;
	server->disconnects_told_ms = now_ms;
}

/* A peer that does not read its replies holds memory. While the thread itself was away, at a slow disk, nobody could
 * take any. */
static bool is_stuck(struct connection *connection, int64_t now_ms, bool was_away)
{
	if (!(connection->events & EPOLLOUT))
		return false;
	if (connection->taken != connection->taken_before || was_away) {
		connection->taken_before = connection->taken;
		connection->since_ms = now_ms;
	}
	return now_ms - connection->since_ms >= connection->server->send_timeout_ms;
}

static void check_connections(struct rpc_server *server, int64_t now_ms)
{
	bool was_away = now_ms - server->ticked_ms >= server->send_timeout_ms;
	for (struct list *link = server->connections.next, *next = link->next; link != &server->connections;
	     link = next, next = link->next) {
		struct connection *connection = LIST_MEMBER(link, struct connection, link);
		if (!connection->is_greeted) {
			if (now_ms - connection->since_ms >= GREETING_MS)
				rpc_connection_close(connection);
		} else if (is_stuck(connection, now_ms, was_away)) {
			server->disconnects_untold++;
			metrics_add(METRICS_PEERS_DROPPED, 1);
			rpc_connection_close(connection);
		}
	}
}

/* Gives the machine back what a flood of calls has taken: the C library would keep it for the next one. */
static void give_memory_back(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	bool is_over = server->slots_freed >= SLOTS_FREED_TO_TRIM && server->peers.calls < SLOTS_FREED_TO_TRIM;
	if (is_over)
		server->slots_freed = 0;
	pthread_mutex_unlock(&server->lock);
	if (is_over)
		malloc_trim(0);
}

static int tick_ms(const struct rpc_server *server)
{
	return server->send_timeout_ms / TICKS_PER_TIMEOUT + 1;
}

static void tick(struct rpc_server *server)
{
	int64_t now_ms = clock_steady_ms();
	if (now_ms - server->ticked_ms < tick_ms(server))
		return;
	check_connections(server, now_ms);
	server->ticked_ms = now_ms;
	tell_disconnects(server, now_ms);
	give_memory_back(server);
	if (!server->is_accepting && !server->is_drained)
		set_accepting(server, true);
}

/* ---- the thread ---- */

/* A connection with replies to send, or NULL. */
static struct connection *take_pending(struct rpc_server *server)
{
	struct connection *connection = NULL;
	pthread_mutex_lock(&server->lock);
	if (!list_is_empty(&server->pending)) {
		connection = LIST_MEMBER(server->pending.next, struct connection, pending);
		list_remove(&connection->pending);
	}
	pthread_mutex_unlock(&server->lock);
	return connection;
}

static void send_pending(struct rpc_server *server)
{
	struct connection *connection;
	while ((connection = take_pending(server)) != NULL)
		rpc_connection_send(connection);
}

static void serve_connection(struct connection *connection, uint32_t events)
{
	if (connection->fd < 0)
		return;
	if (events & EPOLLIN)
		rpc_connection_read(connection);
	else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		rpc_connection_close(connection);
	if (connection->fd >= 0 && (events & EPOLLOUT))
		rpc_connection_send(connection);
}

static void serve_event(struct rpc_server *server, const struct epoll_event *event)
{
	void *source = event->data.ptr;
	if (source == &server->alarm) {
		eventfd_t ignored;
		(void)eventfd_read(server->alarm, &ignored);
		return;
	}
	for (size_t i = 0; i < server->bound_count; i++) {
		if (source == &server->bounds[i]) {
			accept_some(server, &server->bounds[i]);
			return;
		}
	}
	serve_connection(source, event->events);
}

static void free_gone(struct rpc_server *server)
{
	struct list gone;
	list_init(&gone);
	pthread_mutex_lock(&server->lock);
	list_append_all(&gone, &server->gone);
	pthread_mutex_unlock(&server->lock);
	while (!list_is_empty(&gone)) {
		struct connection *connection = LIST_MEMBER(gone.next, struct connection, link);
		list_remove(&connection->link);
		free(connection);
	}
}

/* Neither accepts nor reads any more. */
static void drain(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->is_drained = true;
	pthread_mutex_unlock(&server->lock);
	set_accepting(server, false);
	for (struct list *link = server->connections.next, *next = link->next; link != &server->connections;
	     link = next, next = link->next)
		rpc_connection_watch(LIST_MEMBER(link, struct connection, link));
	pthread_mutex_lock(&server->lock);
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

/* How long to sleep at most: for ever when nobody is waited for. With the lock held. */
static int sleep_ms(const struct rpc_server *server)
{
	if (!list_is_empty(&server->pending) || (server->is_draining && !server->is_drained) ||
	    (server->is_stopping && server->blocked_count == 0))
		return 0;
	bool is_waiting = server->ungreeted_count > 0 || server->blocked_count > 0 || server->disconnects_untold > 0 ||
	                  server->slots_freed >= SLOTS_FREED_TO_TRIM || !server->is_accepting;
	return is_waiting ? tick_ms(server) : -1;
}

/* The calls of all connections that have some are carried out together, and their replies sent together: each reply
 * sent before would wake its reader, who takes the processor. */
static void await_events(struct rpc_server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	pthread_mutex_lock(&server->lock);
	int timeout_ms = sleep_ms(server);
	server->is_asleep = timeout_ms != 0;
	pthread_mutex_unlock(&server->lock);
	int count = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, timeout_ms);
	pthread_mutex_lock(&server->lock);
	server->is_asleep = false;
	pthread_mutex_unlock(&server->lock);
	for (int i = 0; i < count; i++)
		serve_event(server, &events[i]);
	service_release(server->service);
}

/* Returns whether the thread may end: it was told to, and what was replied is sent or will not be taken. */
static bool is_over(struct rpc_server *server)
{
	pthread_mutex_lock(&server->lock);
	bool is_over = server->is_stopping && list_is_empty(&server->pending);
	pthread_mutex_unlock(&server->lock);
	return is_over && server->blocked_count == 0;
}

void *rpc_loop(void *argument)
{
	struct rpc_server *server = argument;
	while (!is_over(server)) {
		await_events(server);
		send_pending(server);
		pthread_mutex_lock(&server->lock);
		bool must_drain = server->is_draining && !server->is_drained;
		pthread_mutex_unlock(&server->lock);
		if (must_drain)
			drain(server);
		tick(server);
		free_gone(server);
	}
	while (!list_is_empty(&server->connections))
		rpc_connection_close(LIST_MEMBER(server->connections.next, struct connection, link));
	free_gone(server);
	return NULL;
}
