/* Decides at which addresses the doors of this room may listen, and what becomes of an old socket file. */
#include "rpc/address.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ADDRESS_BYTES_MAX = 128 }; /* NNG's own limit, for the events' door */

bool address_is_ipc(const char *url)
{
	return strncmp(url, ADDRESS_IPC_PREFIX, strlen(ADDRESS_IPC_PREFIX)) == 0;
}

enum err address_fault_bad(struct fault *fault, const char *url, const char *why)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_URL",
	                 "cannot listen at \"%s\": %s; allowed are ipc://PATH and tcp://HOST:PORT", url, why);
}

enum err address_fault_unavailable(struct fault *fault, const char *url, const char *reason, const char *why)
{
	return fault_set(fault, ERR_UNAVAILABLE, reason, "cannot listen at \"%s\": %s", url, why);
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

/* Makes way at `path`: binding needs it free, and NNG itself would remove any file that refuses a connection, even one
 * that is no socket. */
static enum err clear_path(const char *url, const char *path, struct fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat found;
	int error = 0;
	if (path[0] == '\0')
		return address_fault_bad(fault, url, "the path is missing");
	if (strlen(path) >= sizeof address.sun_path)
		return address_fault_bad(fault, url, "the path is longer than 107 bytes");
	if (lstat(path, &found) != 0)
		return ERR_OK;
	if (!S_ISSOCK(found.st_mode))
		return address_fault_unavailable(fault, url, "CANNOT_LISTEN", "there is a file that is not a socket");
	memcpy(address.sun_path, path, strlen(path));
	if (is_listened_at(&address, &error))
		return address_fault_unavailable(fault, url, "ADDRESS_IN_USE", "in use by another process");
	if (error == ENOENT)
		return ERR_OK;
	if (error == ECONNREFUSED && unlink(path) == 0)
		return ERR_OK;
	return address_fault_unavailable(fault, url, "CANNOT_LISTEN", strerror(error == ECONNREFUSED ? errno : error));
}

enum err address_check(const char *url, struct fault *fault)
{
	if (strlen(url) > ADDRESS_BYTES_MAX)
		return address_fault_bad(fault, url, "it is too long");
	if (address_is_ipc(url))
		return clear_path(url, url + strlen(ADDRESS_IPC_PREFIX), fault);
	if (strncmp(url, ADDRESS_TCP_PREFIX, strlen(ADDRESS_TCP_PREFIX)) != 0)
		return address_fault_bad(fault, url, "unknown kind of address");
	const char *port = strrchr(url, ':') + 1;
	if (*port == '\0' || strlen(port) > 5 || port[strspn(port, "0123456789")] != '\0' || atoi(port) > UINT16_MAX)
		return address_fault_bad(fault, url, "the port must be a number from 0 to 65535");
	return ERR_OK;
}

void address_write_bound(const char *url, int port, char ret_url[static ADDRESS_URL_BYTES_MAX])
{
	if (address_is_ipc(url))
		snprintf(ret_url, ADDRESS_URL_BYTES_MAX, "%s", url);
	else
		snprintf(ret_url, ADDRESS_URL_BYTES_MAX, "%.*s:%d", (int)(strrchr(url, ':') - url), url, port);
}
