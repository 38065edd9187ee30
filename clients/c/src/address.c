/* Which address a client talks to, and what an address may look like. */
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"

enum { URL_BYTES_MAX = 512 };

static const char default_tcp[] = "tcp://127.0.0.1:7070";

/* Writes the URL of the socket in that folder, if there is one that belongs to us or to root: everybody can make
 * folders in /tmp. */
static bool find_socket(const char *folder, const char *below, char *url, size_t url_bytes)
{
	if (folder == NULL || folder[0] != '/')
		return false;
	int length = (int)strcspn(folder, ":"); /* systemd separates several folders by colons */
	int written = snprintf(url, url_bytes, "ipc://%.*s%s/rpc.sock", length, folder, below);
	struct stat status;
	return written > 0 && (size_t)written < url_bytes && stat(url + strlen("ipc://"), &status) == 0 &&
	       S_ISSOCK(status.st_mode) && (status.st_uid == geteuid() || status.st_uid == 0);
}

static void choose_default(char *url, size_t url_bytes)
{
	char own[32];
	snprintf(own, sizeof own, "/progressd-%lu", (unsigned long)geteuid());
	if (!find_socket(getenv("RUNTIME_DIRECTORY"), "", url, url_bytes) &&
	    !find_socket(getenv("XDG_RUNTIME_DIR"), "/progressd", url, url_bytes) &&
	    !find_socket("/tmp", own, url, url_bytes) && !find_socket("/run/progressd", "", url, url_bytes))
		snprintf(url, url_bytes, "%s", default_tcp);
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits >= 1 && digits <= 5 && text[digits] == '\0' && atoi(text) >= 1 && atoi(text) <= 65535;
}

static bool is_ipc(const char *url)
{
	struct sockaddr_un address;
	size_t length = strlen(url);
	return strncmp(url, "ipc://", 6) == 0 && length > 6 && length - 6 < sizeof address.sun_path;
}

static bool is_tcp(const char *url)
{
	const char *colon = strrchr(url, ':');
	return strncmp(url, "tcp://", 6) == 0 && colon > url + 6 && is_port(colon + 1);
}

enum prg_code address_choose(const char *url, char **ret_url)
{
	char chosen[URL_BYTES_MAX];
	const char *source = "url";
	if (url == NULL || url[0] == '\0') {
		url = getenv("PRG_SERVER");
		source = "PRG_SERVER";
	}
	if (url == NULL || url[0] == '\0') {
		choose_default(chosen, sizeof chosen);
		url = chosen;
	}
	if (!is_ipc(url) && !is_tcp(url))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_URL",
		                 "%s: \"%.200s\" is no address; allowed are ipc://PATH (up to 107 bytes) and tcp://HOST:PORT",
		                 source, url);
	char *copy = strdup(url);
	if (copy == NULL)
		return error_no_memory();
	*ret_url = copy;
	return PRG_OK;
}
