/* Decides at which addresses the doors of this room may listen, what becomes of an old socket file, and how a failure
 * is told. */
#include "rpc/listen.h"

#include <assert.h>
#include <errno.h>
#include <nng/supplemental/util/platform.h>
#include <nng/transport/ipc/ipc.h>
#include <nng/transport/tcp/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char IPC_PREFIX[] = "ipc://";
static const char TCP_PREFIX[] = "tcp://";

static bool begins_with(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

static enum err fault_bad_url(struct fault *fault, const char *url, const char *why)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_URL",
	                 "cannot listen at \"%s\": %s; allowed are ipc://PATH and tcp://HOST:PORT", url, why);
}

static enum err fault_cannot_listen(struct fault *fault, const char *url, const char *reason, const char *why)
{
	return fault_set(fault, ERR_UNAVAILABLE, reason, "cannot listen at \"%s\": %s", url, why);
}

/* What NNG's error number means to the person who gave the URL. */
static enum err fault_from_nng(struct fault *fault, const char *url, int code)
{
	switch (code) {
	case NNG_EADDRINVAL:
	case NNG_EINVAL:
	case NNG_ENOTSUP:
		return fault_bad_url(fault, url, "not an address that can be listened at");
	case NNG_EADDRINUSE:
		return fault_cannot_listen(fault, url, "ADDRESS_IN_USE", "in use by another process");
	case NNG_ENOENT:
		return fault_cannot_listen(fault, url, "CANNOT_LISTEN", "no such folder");
	default:
		return fault_cannot_listen(fault, url, "CANNOT_LISTEN", nng_strerror(code));
	}
}

/* Whether somebody accepts connections at the socket file; *ret_error is the errno of the attempt. */
static bool is_listened_at(const struct sockaddr_un *address, int *ret_error)
{
	int attempt = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (attempt < 0) {
		*ret_error = errno;
		return false;
	}
	bool is_connected = connect(attempt, (const struct sockaddr *)address, sizeof *address) == 0;
	*ret_error = is_connected ? 0 : errno;
	close(attempt);
	return is_connected || *ret_error == EAGAIN; /* EAGAIN: its queue is full */
}

/* Makes way at `path`: NNG itself would remove any file that refuses a connection, even one that is no socket. */
static enum err clear_path(const char *url, const char *path, struct fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat found;
	int error = 0;
	if (path[0] == '\0')
		return fault_bad_url(fault, url, "the path is missing");
	if (strlen(path) >= sizeof address.sun_path)
		return fault_bad_url(fault, url, "the path is longer than 107 bytes");
	if (lstat(path, &found) != 0)
		return ERR_OK;
	if (!S_ISSOCK(found.st_mode))
		return fault_cannot_listen(fault, url, "CANNOT_LISTEN", "there is a file that is not a socket");
	memcpy(address.sun_path, path, strlen(path));
	if (is_listened_at(&address, &error))
		return fault_cannot_listen(fault, url, "ADDRESS_IN_USE", "in use by another process");
	if (error == ENOENT)
		return ERR_OK;
	if (error == ECONNREFUSED && unlink(path) == 0)
		return ERR_OK;
	return fault_cannot_listen(fault, url, "CANNOT_LISTEN", strerror(error == ECONNREFUSED ? errno : error));
}

static enum err check_url(const char *url, struct fault *fault)
{
	if (strlen(url) > NNG_MAXADDRLEN)
		return fault_bad_url(fault, url, "it is too long");
	if (begins_with(url, IPC_PREFIX))
		return clear_path(url, url + strlen(IPC_PREFIX), fault);
	if (!begins_with(url, TCP_PREFIX))
		return fault_bad_url(fault, url, "unknown kind of address");
	const char *port = strrchr(url, ':') + 1;
	if (*port == '\0' || strlen(port) > 5 || port[strspn(port, "0123456789")] != '\0' || atoi(port) > UINT16_MAX)
		return fault_bad_url(fault, url, "the port must be a number from 0 to 65535");
	return ERR_OK;
}

/* The URL with the port that the machine has chosen in place of 0. */
static void write_bound_url(const char *url, nng_listener listener, char ret_url[static LISTEN_URL_BYTES_MAX])
{
	int port = 0;
	if (begins_with(url, TCP_PREFIX) && nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
		snprintf(ret_url, LISTEN_URL_BYTES_MAX, "%.*s:%d", (int)(strrchr(url, ':') - url), url, port);
	else
		snprintf(ret_url, LISTEN_URL_BYTES_MAX, "%s", url);
}

static enum err listen_at(nng_socket socket, const char *url, struct listen_point *ret_point, struct fault *fault)
{
	enum err err = check_url(url, fault);
	if (err != ERR_OK)
		return err;
	nng_listener listener;
	int code = nng_listener_create(&listener, socket, url);
	if (code != 0)
		return fault_from_nng(fault, url, code);
	/* A peer whose machine is gone would keep its waiting calls for ever. */
	if (begins_with(url, TCP_PREFIX))
		(void)nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true);
	code = nng_listener_start(listener, 0);
	if (code != 0)
		return fault_from_nng(fault, url, code);
	write_bound_url(url, listener, ret_point->url);
	return ERR_OK;
}

enum err rpc_listen(nng_socket socket, const char *const *urls, size_t url_count, struct listen_point **ret_points,
                    struct fault *fault)
{
	assert(url_count > 0);
	struct listen_point *points = calloc(url_count, sizeof *points);
	if (points == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to listen");
	for (size_t i = 0; i < url_count; i++) {
		enum err err = listen_at(socket, urls[i], &points[i], fault);
		if (err != ERR_OK) {
			free(points);
			return err;
		}
	}
	*ret_points = points;
	return ERR_OK;
}
