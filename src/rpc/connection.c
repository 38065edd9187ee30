/* Decides how SP is spoken on one connection: the greeting, where a message ends, what is a request, and how replies
 * leave. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/server.h"

enum {
	OUT_BYTES_HIGH = 4 << 20,  /* with more to be taken a connection is not read */
	OUT_BYTES_MAX = 256 << 20, /* with more it is closed */
	SPARE_BYTES_MAX = 256 * 1024,
	LENGTH_BYTES = 8,
	WORD_BYTES = 4,
	IPC_MESSAGE = 1,
};

/* "SP", version 0, and the protocol: 0x30 is REQ, 0x31 is REP. */
static const uint8_t our_greeting[SP_GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
static const uint8_t their_greeting[SP_GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

/* ---- coming and going ---- */

static bool greet(int fd)
{
	return send(fd, our_greeting, sizeof our_greeting, MSG_NOSIGNAL) == (ssize_t)sizeof our_greeting;
}

static struct connection *make_connection(struct rpc_server *server, int fd, bool is_ipc)
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL)
		return NULL;
	connection->server = server;
	connection->id = ++server->last_id;
	connection->fd = fd;
	connection->is_ipc = is_ipc;
	connection->since_ms = clock_steady_ms();
	list_init(&connection->link);
	list_init(&connection->pending);
	buffer_init(&connection->in, SP_HEAD_BYTES_MAX + ROUTE_BYTES_MAX + server->message_bytes_max);
	buffer_init(&connection->out, OUT_BYTES_MAX);
	buffer_init(&connection->sending, OUT_BYTES_MAX);
	return connection;
}

void rpc_connection_open(struct rpc_server *server, int fd, bool is_ipc)
{
	struct connection *connection = NULL;
	if (server->connection_count < PEERS_MAX && greet(fd))
		connection = make_connection(server, fd, is_ipc);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
	if (connection == NULL || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		close(fd);
		free(connection);
		return;
	}
	connection->events = event.events;
	list_append(&server->connections, &connection->link);
	server->connection_count++;
	server->ungreeted_count++;
}

static bool has_unsent(const struct connection *connection)
{
	return connection->sent < connection->sending.length;
}

void rpc_connection_close(struct connection *connection)
{
	struct rpc_server *server = connection->server;
	close(connection->fd);
	connection->fd = -1;
	server->connection_count--;
	server->ungreeted_count -= !connection->is_greeted;
	server->blocked_count -= (connection->events & EPOLLOUT) != 0;
	pthread_mutex_lock(&server->lock);
	connection->is_gone = true;
	list_remove(&connection->link);
	list_remove(&connection->pending);
	bool has_calls = connection->peer.calls > 0;
	if (!has_calls)
		list_append(&server->gone, &connection->link);
	buffer_finish(&connection->out);
	pthread_mutex_unlock(&server->lock);
	buffer_finish(&connection->in);
	buffer_finish(&connection->sending);
	/* The connection lives on until the service has answered; its number is not used again. */
	if (has_calls)
		service_forget_peer(server->service, connection->id);
}

/* ---- what arrives ---- */

/* Of the message that begins at `at`: *ret_head bytes, then *ret_body bytes. Both are 0 when the head is not complete.
 * False: no message of SP, or one that is too large. */
static bool measure(const struct connection *connection, const uint8_t *at, size_t length, size_t *ret_head,
                    size_t *ret_body)
{
	size_t mark_bytes = connection->is_ipc ? 1 : 0;
	*ret_head = 0;
	*ret_body = 0;
	if (connection->is_ipc && length > 0 && at[0] != IPC_MESSAGE)
		return false;
	if (length < mark_bytes + LENGTH_BYTES)
		return true;
	uint64_t body_bytes;
	memcpy(&body_bytes, at + mark_bytes, sizeof body_bytes);
	body_bytes = be64toh(body_bytes);
	if (body_bytes > connection->server->message_bytes_max + ROUTE_BYTES_MAX)
		return false;
	*ret_head = mark_bytes + LENGTH_BYTES;
	*ret_body = (size_t)body_bytes;
	return true;
}

/* A request begins with its route, whose last word has the highest bit set. False: it has none. */
static bool take_message(struct connection *connection, const uint8_t *body, size_t length)
{
	struct route route;
	bool is_last = false;
	for (route.length = 0; !is_last; route.length += WORD_BYTES) {
		if (length - route.length < WORD_BYTES || route.length == ROUTE_BYTES_MAX)
			return false;
		is_last = (body[route.length] & 0x80) != 0;
		memcpy(route.bytes + route.length, body + route.length, WORD_BYTES);
	}
	rpc_slot_take(connection, &route, body + route.length, length - route.length);
	return true;
}

static bool take_greeting(struct connection *connection, const uint8_t *at)
{
	if (memcmp(at, their_greeting, SP_GREETING_BYTES) != 0)
		return false;
	connection->is_greeted = true;
	connection->server->ungreeted_count--;
	return true;
}

/* How many bytes the greeting or message at `at` has in all; 0: not enough has arrived to tell. False: see measure. */
static bool count_bytes(const struct connection *connection, const uint8_t *at, size_t length, size_t *ret_head,
                        size_t *ret_bytes)
{
	size_t body_bytes = SP_GREETING_BYTES;
	*ret_head = 0;
	if (connection->is_greeted && !measure(connection, at, length, ret_head, &body_bytes))
		return false;
	*ret_bytes = *ret_head + body_bytes;
	return true;
}

/* Takes the greeting, or the message, that begins at `at` and is *ret_bytes long; 0: it is not complete. */
static bool take_one(struct connection *connection, const uint8_t *at, size_t length, size_t *ret_bytes)
{
	size_t head_bytes;
	if (!count_bytes(connection, at, length, &head_bytes, ret_bytes))
		return false;
	if (*ret_bytes == 0 || *ret_bytes > length) {
		*ret_bytes = 0;
		return true;
	}
	if (!connection->is_greeted)
		return take_greeting(connection, at);
	return take_message(connection, at + head_bytes, *ret_bytes - head_bytes);
}

/* How many more bytes the message whose beginning is kept needs, at least: of its head, or to its end. */
static bool count_missing(const struct connection *connection, size_t *ret_missing)
{
	const struct buffer *in = &connection->in;
	size_t head_bytes, bytes;
	if (!count_bytes(connection, (const uint8_t *)in->at, in->length, &head_bytes, &bytes))
		return false;
	if (bytes == 0)
		bytes = LENGTH_BYTES + (connection->is_ipc ? 1 : 0);
	*ret_missing = bytes - in->length;
	return true;
}

/* Completes the message whose beginning is kept, with bytes that have just arrived. */
static bool complete(struct connection *connection, const uint8_t **at, size_t *length)
{
	struct buffer *in = &connection->in;
	while (in->length > 0 && *length > 0) {
		size_t missing, taken;
		if (!count_missing(connection, &missing))
			return false;
		size_t more = missing < *length ? missing : *length;
		buffer_put(in, *at, more);
		*at += more;
		*length -= more;
		if (in->is_full || !take_one(connection, (const uint8_t *)in->at, in->length, &taken))
			return false;
		if (taken > 0)
			buffer_finish(in);
	}
	return true;
}

static bool take(struct connection *connection, const uint8_t *at, size_t length)
{
	if (!complete(connection, &at, &length))
		return false;
	while (length > 0) {
		size_t taken;
		if (!take_one(connection, at, length, &taken))
			return false;
		if (taken == 0)
			break;
		at += taken;
		length -= taken;
	}
	buffer_put(&connection->in, at, length);
	return !connection->in.is_full;
}

void rpc_connection_read(struct connection *connection)
{
	struct rpc_server *server = connection->server;
	/* Not recv, which the HTTP room has replaced for the sockets of its library. */
	ssize_t length = read(connection->fd, server->arrived, READ_BYTES);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0 || !take(connection, server->arrived, (size_t)length))
		rpc_connection_close(connection);
}

/* ---- what leaves ---- */

/* With the lock held. */
static void take_spare(struct rpc_server *server, struct buffer *buffer)
{
	if (buffer->at == NULL && server->spare_count > 0)
		*buffer = server->spares[--server->spare_count];
}

/* Connections that have nothing to send keep no memory for it. With the lock held. */
static void give_spare(struct rpc_server *server, struct buffer *buffer)
{
	bool is_kept = buffer->at != NULL && buffer->capacity <= SPARE_BYTES_MAX &&
	               server->spare_count < sizeof server->spares / sizeof server->spares[0];
	buffer_clear(buffer);
	if (is_kept) {
		server->spares[server->spare_count++] = *buffer;
		buffer_init(buffer, OUT_BYTES_MAX);
	} else {
		buffer_finish(buffer);
	}
}

static uint8_t *write_head(const struct connection *connection, uint8_t *out, size_t body_bytes)
{
	if (connection->is_ipc)
		*out++ = IPC_MESSAGE;
	uint64_t length = htobe64(body_bytes);
	memcpy(out, &length, sizeof length);
	return out + sizeof length;
}

void rpc_connection_reply(struct connection *connection, const struct route *route, const struct frame_reply *reply)
{
	struct rpc_server *server = connection->server;
	struct buffer *out = &connection->out;
	if (connection->is_gone)
		return;
	size_t frame_bytes = frame_reply_bytes(reply);
	size_t head_bytes = LENGTH_BYTES + (connection->is_ipc ? 1 : 0);
	size_t bytes = head_bytes + route->length + frame_bytes;
	take_spare(server, out);
	/* Without memory the reply is lost, and so is the connection: `is_full` says so when it is to be sent. */
	if (buffer_grow(out, bytes)) {
		uint8_t *at = write_head(connection, (uint8_t *)out->at + out->length, route->length + frame_bytes);
		memcpy(at, route->bytes, route->length);
		frame_seal_reply(reply, at + route->length);
		out->length += bytes;
	}
	if (list_is_empty(&connection->pending))
		list_append(&server->pending, &connection->pending);
	rpc_loop_wake(server);
}

/* Begins to send what was left by rpc_connection_reply, if anything. False: a reply was lost. */
static bool begin_sending(struct connection *connection)
{
	struct rpc_server *server = connection->server;
	pthread_mutex_lock(&server->lock);
	give_spare(server, &connection->sending);
	bool is_whole = !connection->out.is_full;
	connection->sending = connection->out;
	connection->sent = 0;
	buffer_init(&connection->out, OUT_BYTES_MAX);
	list_remove(&connection->pending);
	pthread_mutex_unlock(&server->lock);
	return is_whole;
}

/* Sends until all is sent or the connection takes no more. False: it is broken. */
static bool send_unsent(struct connection *connection)
{
	const struct buffer *sending = &connection->sending;
	while (has_unsent(connection)) {
		ssize_t sent =
		    send(connection->fd, sending->at + connection->sent, sending->length - connection->sent, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return true;
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent < 0)
			continue;
		connection->sent += (size_t)sent;
		connection->taken += (uint64_t)sent;
	}
	return true;
}

void rpc_connection_send(struct connection *connection)
{
	bool is_sound = send_unsent(connection);
	while (is_sound && !has_unsent(connection)) {
		is_sound = begin_sending(connection);
		if (!has_unsent(connection))
			break;
		is_sound = is_sound && send_unsent(connection);
	}
	if (is_sound)
		rpc_connection_watch(connection);
	else
		rpc_connection_close(connection);
}

static size_t waiting_bytes(struct connection *connection)
{
	pthread_mutex_lock(&connection->server->lock);
	size_t bytes = connection->out.length;
	pthread_mutex_unlock(&connection->server->lock);
	return bytes + connection->sending.length - connection->sent;
}

void rpc_connection_watch(struct connection *connection)
{
	struct rpc_server *server = connection->server;
	uint32_t events = EPOLLRDHUP;
	if (has_unsent(connection))
		events |= EPOLLOUT;
	if (!server->is_drained && (!has_unsent(connection) || waiting_bytes(connection) < OUT_BYTES_HIGH))
		events |= EPOLLIN;
	if (events == connection->events)
		return;
	struct epoll_event event = {.events = events, .data.ptr = connection};
	if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, connection->fd, &event) != 0) {
		rpc_connection_close(connection);
		return;
	}
	if (events & ~connection->events & EPOLLOUT) {
		connection->taken_before = connection->taken;
		connection->since_ms = clock_steady_ms();
	}
	server->blocked_count += (events & EPOLLOUT) != 0;
	server->blocked_count -= (connection->events & EPOLLOUT) != 0;
	connection->events = events;
}
