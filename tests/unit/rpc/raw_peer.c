/* Decides what the bytes on the wire look like that NNG itself would not send. */
#include "raw_peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static int connect_to(int family, const struct sockaddr *address, socklen_t address_bytes)
{
	int peer = socket(family, SOCK_STREAM, 0);
	cr_assert_geq(peer, 0, "socket: %s", strerror(errno));
	int code = connect(peer, address, address_bytes);
	cr_assert_eq(code, 0, "connect: %s", strerror(errno));
	return peer;
}

int raw_connect(const char *url)
{
	if (strncmp(url, "ipc://", 6) == 0) {
		struct sockaddr_un path = {.sun_family = AF_UNIX};
		strncpy(path.sun_path, url + 6, sizeof path.sun_path - 1);
		return connect_to(AF_UNIX, (const struct sockaddr *)&path, sizeof path);
	}
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	place.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
	return connect_to(AF_INET, (const struct sockaddr *)&place, sizeof place);
}

int raw_connect_as_req(const char *url)
{
	static const uint8_t greeting_of_req[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
	static const uint8_t greeting_of_rep[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
	uint8_t greeting[8] = {0};
	int peer = raw_connect(url);
	cr_assert(raw_send(peer, greeting_of_req, sizeof greeting_of_req));
	cr_assert_eq(recv(peer, greeting, sizeof greeting, MSG_WAITALL), (ssize_t)sizeof greeting);
	cr_assert_arr_eq(greeting, greeting_of_rep, sizeof greeting);
	return peer;
}

bool raw_send(int peer, const void *bytes, size_t length)
{
	size_t sent = 0;
	while (sent < length) {
		struct pollfd writable = {.fd = peer, .events = POLLOUT};
		if (poll(&writable, 1, PATIENCE_MS) != 1)
			return false;
		ssize_t more = send(peer, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (more < 0 && errno == EAGAIN)
			continue;
		if (more <= 0)
			return false;
		sent += (size_t)more;
	}
	return true;
}

bool raw_send_request(int peer, const void *frame, size_t frame_bytes)
{
	uint8_t head[12] = {0};
	uint64_t length = frame_bytes + 4;
	for (int i = 0; i < 8; i++)
		head[i] = (uint8_t)(length >> (8 * (7 - i)));
	head[8] = 0x80; /* the request's number: the first bit ends the route */
	return raw_send(peer, head, sizeof head) && raw_send(peer, frame, frame_bytes);
}

bool raw_await_close(int peer)
{
	char ignored[4096];
	for (;;) {
		struct pollfd readable = {.fd = peer, .events = POLLIN};
		if (poll(&readable, 1, PATIENCE_MS) != 1)
			return false;
		if (recv(peer, ignored, sizeof ignored, 0) <= 0)
			return true;
	}
}

void raw_reset(int peer)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	shutdown(peer, SHUT_WR);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(peer);
}
