/* Decides how a socket of the RPC door is made. */
#include "rpc/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOST_BYTES_MAX = 256 };

static enum err fault_from_errno(struct fault *fault, const char *url)
{
	switch (errno) {
	case EADDRINUSE:
		return address_fault_unavailable(fault, url, "ADDRESS_IN_USE", "in use by another process");
	case ENOENT:
		return address_fault_unavailable(fault, url, "CANNOT_LISTEN", "no such folder");
	default:
		return address_fault_unavailable(fault, url, "CANNOT_LISTEN", strerror(errno));
	}
}

/* A listening socket, or -1 and errno. */
static int listen_at(const struct sockaddr *address, socklen_t bytes)
{
	int yes = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (address->sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, address, bytes) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static enum err bind_ipc(const char *url, struct bound *bound, struct fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen(ADDRESS_IPC_PREFIX));
	bound->fd = listen_at((const struct sockaddr *)&address, sizeof address);
	return bound->fd < 0 ? fault_from_errno(fault, url) : ERR_OK;
}

/* The host without its brackets; empty for all addresses of the machine. */
static void write_host(const char *url, char ret_host[static HOST_BYTES_MAX])
{
	const char *host = url + strlen(ADDRESS_TCP_PREFIX);
	size_t length = (size_t)(strrchr(url, ':') - host);
	if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	}
	if (length == 1 && host[0] == '*')
		length = 0;
	snprintf(ret_host, HOST_BYTES_MAX, "%.*s", (int)length, host);
}

static int bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {.v6 = {.sin6_port = 0}};
	socklen_t bytes = sizeof address;
	if (getsockname(fd, &address.any, &bytes) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static enum err bind_tcp(const char *url, struct bound *bound, struct fault *fault)
{
	char host[HOST_BYTES_MAX];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	write_host(url, host);
	if (getaddrinfo(host[0] == '\0' ? NULL : host, strrchr(url, ':') + 1, &hints, &found) != 0)
		return address_fault_bad(fault, url, "not an address that can be listened at");
	errno = EADDRNOTAVAIL;
	for (const struct addrinfo *one = found; one != NULL && bound->fd < 0; one = one->ai_next)
		bound->fd = listen_at(one->ai_addr, one->ai_addrlen);
	int error = errno;
	freeaddrinfo(found);
	errno = error;
	return bound->fd < 0 ? fault_from_errno(fault, url) : ERR_OK;
}

enum err rpc_bind(const char *url, struct bound *ret_bound, struct fault *fault)
{
	struct bound bound = {.fd = -1};
	enum err err = address_check(url, fault);
	if (err != ERR_OK)
		return err;
	bound.is_ipc = address_is_ipc(url);
	err = bound.is_ipc ? bind_ipc(url, &bound, fault) : bind_tcp(url, &bound, fault);
	if (err != ERR_OK)
		return err;
	address_write_bound(url, bound.is_ipc ? 0 : bound_port(bound.fd), bound.url);
	*ret_bound = bound;
	return ERR_OK;
}

void rpc_unbind(struct bound *bound)
{
	if (bound->fd < 0)
		return;
	if (bound->is_ipc)
		(void)unlink(bound->url + strlen(ADDRESS_IPC_PREFIX));
	close(bound->fd);
	bound->fd = -1;
}
