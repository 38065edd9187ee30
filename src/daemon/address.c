/* Addresses are judged as text: a name that has to be looked up could become another machine's later. */
#include "daemon/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { HOST_BYTES_MAX = 256 };

static bool is_loopback(const char *host)
{
	struct in_addr address;
	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && port <= 65535;
}

enum err address_check_host_port(const char *host_port, struct fault *fault)
{
	const char *colon = strrchr(host_port, ':');
	if (colon == NULL || colon == host_port || colon - host_port >= HOST_BYTES_MAX || !is_port(colon + 1))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ADDRESS", "\"%.100s\" is no HOST:PORT", host_port);
	return ERR_OK;
}

enum err address_check_loopback(const char *option, const char *host_port, struct fault *fault)
{
	char host[HOST_BYTES_MAX];
	snprintf(host, sizeof host, "%.*s", (int)(strrchr(host_port, ':') - host_port), host_port);
	if (is_loopback(host))
		return ERR_OK;
	return fault_set(
	    fault, ERR_INVALID_ARGUMENT, "NOT_LOOPBACK",
	    "%s%s%s can be reached from other machines, which needs authentication and TLS (--tokens, --tls-cert "
	    "and --tls-key, for HTTP only); else allowed are 127.0.0.0/8, [::1] and localhost",
	    option, *option != '\0' ? ": " : "", host);
}

static enum err check_path(const char *path, struct fault *fault)
{
	size_t length_max = sizeof((struct sockaddr_un *)0)->sun_path - 1;
	if (*path != '/')
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ADDRESS", "the path of an ipc:// address must begin with /");
	if (strlen(path) > length_max)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ADDRESS", "the path of a socket has at most %zu bytes",
		                 length_max);
	return ERR_OK;
}

enum err address_check_url(const char *url, struct fault *fault)
{
	if (strncmp(url, "ipc://", 6) == 0)
		return check_path(url + 6, fault);
	if (strncmp(url, "tcp://", 6) == 0) {
		enum err err = address_check_host_port(url + 6, fault);
		return err != ERR_OK ? err : address_check_loopback("", url + 6, fault);
	}
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ADDRESS",
	                 "\"%.100s\" is no address; allowed are ipc://PATH and tcp://HOST:PORT", url);
}
