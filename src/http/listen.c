/* Resolves, binds, listens. */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, HOST_BYTES_MAX = 256 };

static int bind_address(const struct addrinfo *address)
{
	int on = 1;
	int socket_fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_fd < 0)
		return -1;
	/* Connections of an earlier daemon that are still closing must not be in the way. */
	(void)!setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(socket_fd, address->ai_addr, address->ai_addrlen) == 0 && listen(socket_fd, BACKLOG) == 0)
		return socket_fd;
	int number = errno;
	close(socket_fd);
	errno = number;
	return -1;
}

/* The host of HOST:PORT without brackets. NULL: there is no port. */
static const char *split(const char *host_port, char host[HOST_BYTES_MAX])
{
	const char *colon = strrchr(host_port, ':');
	size_t length = colon != NULL ? (size_t)(colon - host_port) : 0;
	if (length == 0 || length >= HOST_BYTES_MAX)
		return NULL;
	bool has_brackets = host_port[0] == '[' && host_port[length - 1] == ']';
	snprintf(host, HOST_BYTES_MAX, "%.*s", (int)length - 2 * has_brackets, host_port + has_brackets);
	return colon + 1;
}

/* Writes the host as it was given, with the real port. */
static void write_bound(int socket_fd, const char *host_port, char *out, size_t room)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	char port[NI_MAXSERV] = "0";
	if (getsockname(socket_fd, (struct sockaddr *)&address, &length) == 0)
		getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof port, NI_NUMERICSERV);
	snprintf(out, room, "%.*s:%s", (int)(strrchr(host_port, ':') - host_port), host_port, port);
}

enum err listen_open(const char *host_port, int *ret_socket_fd, char *ret_host_port, size_t room, struct fault *fault)
{
	char host[HOST_BYTES_MAX];
	struct addrinfo *addresses = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	const char *port = split(host_port, host);
	if (port == NULL || getaddrinfo(host, port, &hints, &addresses) != 0)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ADDRESS", "--http: \"%.100s\" is no HOST:PORT", host_port);
	int socket_fd = bind_address(addresses);
	int number = errno;
	freeaddrinfo(addresses);
	if (socket_fd < 0)
		return fault_set(fault, ERR_UNAVAILABLE, "CANNOT_LISTEN", "--http: cannot listen at %s: %s", host_port,
		                 strerror(number));
	write_bound(socket_fd, host_port, ret_host_port, room);
	*ret_socket_fd = socket_fd;
	return ERR_OK;
}
