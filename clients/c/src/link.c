/* A greeting of eight bytes each way, then messages: a byte 1 over unix sockets, the length in eight bytes, four bytes
 * of number, the content. */
#include "link.h"

#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	GREETING_BYTES = 8,
	LENGTH_BYTES = 8,
	NUMBER_BYTES = 4,
	ANSWER_BYTES_MAX = 4 << 20,
	READ_BYTES_MIN = 65536, /* room for each read */
	KEPT_BYTES_MAX = 1 << 20,
};

static const uint8_t our_greeting[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const uint8_t their_greeting[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

static bool is_ipc(const struct link *link)
{
	return strncmp(link->url, "ipc://", 6) == 0;
}

/* Of the head of a message before its length. */
static size_t mark_bytes(const struct link *link)
{
	return is_ipc(link) ? 1 : 0;
}

static size_t buffered(const struct link_buffer *buffer)
{
	return buffer->end - buffer->begin;
}

/* Forgets what was taken out; a buffer that a large message has left behind is given back. */
static void compact(struct link_buffer *buffer)
{
	size_t bytes = buffered(buffer);
	if (bytes == 0 && buffer->room > KEPT_BYTES_MAX) {
		free(buffer->bytes);
		*buffer = (struct link_buffer){0};
		return;
	}
	if (buffer->begin == 0)
		return;
	memmove(buffer->bytes, buffer->bytes + buffer->begin, bytes);
	buffer->begin = 0;
	buffer->end = bytes;
}

/* Room for so many more bytes at the end. */
static bool reserve(struct link_buffer *buffer, size_t bytes)
{
	if (buffer->room - buffer->end >= bytes)
		return true;
	compact(buffer);
	size_t room = buffer->room < READ_BYTES_MIN ? READ_BYTES_MIN : buffer->room;
	while (room - buffer->end < bytes)
		room *= 2;
	if (room == buffer->room)
		return true;
	uint8_t *longer = realloc(buffer->bytes, room);
	if (longer == NULL)
		return false;
	buffer->bytes = longer;
	buffer->room = room;
	return true;
}

static void append(struct link_buffer *buffer, const void *bytes, size_t count)
{
	memcpy(buffer->bytes + buffer->end, bytes, count);
	buffer->end += count;
}

void link_init(struct link *link, const char *url)
{
	*link = (struct link){.url = url, .fd = -1};
}

void link_drop(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->state = LINK_DOWN;
	link->in.begin = link->in.end = 0;
	link->out.begin = link->out.end = 0;
}

void link_finish(struct link *link)
{
	link_drop(link);
	free(link->in.bytes);
	free(link->out.bytes);
}

static bool connect_to(struct link *link, const struct sockaddr *address, socklen_t bytes)
{
	int yes = 1;
	link->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return false;
	if (address->sa_family != AF_UNIX)
		setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(link->fd, address, bytes) == 0 || errno == EINPROGRESS)
		return true;
	link_drop(link);
	return false;
}

static bool dial_ipc(struct link *link)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", link->url + strlen("ipc://"));
	return connect_to(link, (const struct sockaddr *)&address, sizeof address);
}

/* HOST may stand in brackets. The first address of the name that can be dialed is the one. */
static bool dial_tcp(struct link *link)
{
	const char *host = link->url + strlen("tcp://"), *colon = strrchr(host, ':');
	size_t length = (size_t)(colon - host);
	if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	}
	char name[256];
	snprintf(name, sizeof name, "%.*s", (int)length, host);
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
		return false;
	bool is_dialing = false;
	for (const struct addrinfo *one = found; one != NULL && !is_dialing; one = one->ai_next)
		is_dialing = connect_to(link, one->ai_addr, one->ai_addrlen);
	freeaddrinfo(found);
	return is_dialing;
}

bool link_dial(struct link *link)
{
	if (link->state != LINK_DOWN)
		return true;
	if (!(is_ipc(link) ? dial_ipc(link) : dial_tcp(link)))
		return false;
	link->state = LINK_CONNECTING;
	return true;
}

struct pollfd link_poll(const struct link *link)
{
	bool writes = link->state == LINK_CONNECTING || buffered(&link->out) > 0;
	return (struct pollfd){.fd = link->fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
}

/* False: the connection could not be made. */
static bool finish_connecting(struct link *link)
{
	struct pollfd ready = {.fd = link->fd, .events = POLLOUT};
	int error = 0;
	socklen_t bytes = sizeof error;
	if (poll(&ready, 1, 0) == 0)
		return true;
	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0 || error != 0)
		return false;
	if (!reserve(&link->out, GREETING_BYTES))
		return false;
	append(&link->out, our_greeting, GREETING_BYTES);
	link->state = LINK_GREETING;
	return true;
}

static bool write_out(struct link *link)
{
	while (buffered(&link->out) > 0) {
		ssize_t sent =
		    send(link->fd, link->out.bytes + link->out.begin, buffered(&link->out), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		link->out.begin += (size_t)sent;
	}
	compact(&link->out);
	return true;
}

/* Takes what is there; a short read leaves the rest to the next poll. */
static bool read_in(struct link *link)
{
	for (;;) {
		if (!reserve(&link->in, READ_BYTES_MIN))
			return false;
		size_t room = link->in.room - link->in.end;
		ssize_t got = recv(link->fd, link->in.bytes + link->in.end, room, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		link->in.end += (size_t)got;
		return got > 0;
	}
}

static bool take_greeting(struct link *link)
{
	if (link->state != LINK_GREETING || buffered(&link->in) < GREETING_BYTES)
		return true;
	bool is_theirs = memcmp(link->in.bytes + link->in.begin, their_greeting, GREETING_BYTES) == 0;
	link->in.begin += GREETING_BYTES;
	link->state = LINK_UP;
	return is_theirs;
}

void link_pump(struct link *link)
{
	if (link->state == LINK_DOWN)
		return;
	compact(&link->in);
	bool is_fine = link->state != LINK_CONNECTING || finish_connecting(link);
	if (is_fine && link->state != LINK_CONNECTING)
		is_fine = write_out(link) && read_in(link) && take_greeting(link);
	if (!is_fine)
		link_drop(link);
}

void link_flush(struct link *link)
{
	/* An error is there for link_pump, too. */
	if (link->state == LINK_UP)
		(void)write_out(link);
}

uint8_t *link_put(struct link *link, uint32_t number, size_t bytes)
{
	size_t head_bytes = mark_bytes(link) + LENGTH_BYTES + NUMBER_BYTES;
	if (!reserve(&link->out, head_bytes + bytes))
		return NULL;
	uint64_t length = htobe64(NUMBER_BYTES + bytes);
	uint32_t big_number = htobe32(number);
	if (mark_bytes(link) > 0)
		append(&link->out, "\1", 1);
	append(&link->out, &length, sizeof length);
	append(&link->out, &big_number, sizeof big_number);
	uint8_t *place = link->out.bytes + link->out.end;
	link->out.end += bytes;
	return place;
}

bool link_take(struct link *link, uint32_t *ret_number, const uint8_t **ret_bytes, size_t *ret_length)
{
	size_t mark = mark_bytes(link), head_bytes = mark + LENGTH_BYTES;
	if (link->state != LINK_UP || buffered(&link->in) < head_bytes)
		return false;
	const uint8_t *head = link->in.bytes + link->in.begin;
	uint64_t length;
	uint32_t number;
	memcpy(&length, head + mark, sizeof length);
	length = be64toh(length);
	if (length < NUMBER_BYTES || length > ANSWER_BYTES_MAX) {
		link_drop(link);
		return false;
	}
	if (buffered(&link->in) < head_bytes + length)
		return false;
	memcpy(&number, head + head_bytes, sizeof number);
	*ret_number = be32toh(number);
	*ret_bytes = head + head_bytes + NUMBER_BYTES;
	*ret_length = (size_t)length - NUMBER_BYTES;
	link->in.begin += head_bytes + (size_t)length;
	return true;
}
