/* What a URL of a Redis store says, and where else its password may come from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/parts.h"
#include "store/redis_parts.h"

enum { PORT_DEFAULT = 6379, SENTINEL_PORT_DEFAULT = 26379, DATABASES_MAX = 1 << 20, REPLICAS_MAX = 16 };

/* Some of a URL. */
struct part {
	const char *at;
	size_t length;
};

static enum err refuse(struct fault *fault, const char *what)
{
	return fault_set(
	    fault, ERR_INVALID_ARGUMENT, "STORE_URL",
	    "store: %s; allowed is redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], "
	    "redis+unix://[USER[:PASSWORD]@]/PATH, redis+sentinel://[USER[:PASSWORD]@]HOST[:PORT],…/MASTER[/DATABASE] or "
	    "redis+cluster://[USER[:PASSWORD]@]HOST[:PORT],…, with ?prefix=TEXT&replicas=N&database=N",
	    what);
}

static int hex_digit(char letter)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = letter != '\0' ? strchr(digits, letter) : NULL;
	return found != NULL ? (int)((found - digits) % 16) : -1;
}

/* Writes the part with its %XX undone. False: it does not fit, or is no clean text. */
static bool decode(struct part part, char *ret_text, size_t size)
{
	size_t written = 0;
	for (size_t i = 0; i < part.length; i++) {
		char letter = part.at[i];
		if (letter == '%') {
			bool has_digits = part.length - i > 2 && hex_digit(part.at[i + 1]) >= 0 && hex_digit(part.at[i + 2]) >= 0;
			if (!has_digits)
				return false;
			letter = (char)(hex_digit(part.at[i + 1]) * 16 + hex_digit(part.at[i + 2]));
			i += 2;
		}
		if (written + 1 >= size)
			return false;
		ret_text[written++] = letter;
	}
	ret_text[written] = '\0';
	return text_is_clean(ret_text, written);
}

static bool read_number(struct part part, int least, int most, int *ret_number)
{
	char text[12];
	bool are_digits = part.length > 0 && part.length < sizeof text && strspn(part.at, "0123456789") >= part.length;
	if (!are_digits)
		return false;
	memcpy(text, part.at, part.length);
	text[part.length] = '\0';
	long number = strtol(text, NULL, 10);
	*ret_number = (int)number;
	return number >= least && number <= most;
}

/* Cuts the part at the first such letter: what stands before it. The rest, behind it, is empty if there is none. */
static struct part cut(struct part part, char letter, struct part *ret_rest)
{
	const char *found = memchr(part.at, letter, part.length);
	size_t length = found != NULL ? (size_t)(found - part.at) : part.length;
	size_t skipped = found != NULL ? length + 1 : length;
	*ret_rest = (struct part){part.at + skipped, part.length - skipped};
	return (struct part){part.at, length};
}

static const char *read_who(struct part who, struct redis_address *address)
{
	struct part password, user = cut(who, ':', &password);
	if (!decode(user, address->user, sizeof address->user))
		return "the user's name is too long or no clean text";
	if (!decode(password, address->password, sizeof address->password))
		return "the password is too long or no clean text (write its special characters as %XX)";
	return NULL;
}

static const char *read_parameter(struct part parameter, struct redis_address *address)
{
	struct part value, name = cut(parameter, '=', &value);
	if (name.length == 6 && memcmp(name.at, "prefix", 6) == 0)
		return decode(value, address->prefix, sizeof address->prefix) ? NULL : "prefix may have 64 bytes of clean text";
	if (name.length == 8 && memcmp(name.at, "replicas", 8) == 0)
		return read_number(value, 0, REPLICAS_MAX, &address->replicas) ? NULL : "replicas is a number from 0 to 16";
	if (name.length == 8 && memcmp(name.at, "database", 8) == 0)
		return read_number(value, 0, DATABASES_MAX, &address->database) ? NULL : "database is a number from 0";
	return "there is an unknown parameter";
}

static const char *read_host(struct part host, int port_default, struct redis_host *ret_host)
{
	struct part rest, port;
	ret_host->port = port_default;
	if (host.length > 0 && host.at[0] == '[') {
		struct part inside = {host.at + 1, host.length - 1};
		host = cut(inside, ']', &rest);
		(void)cut(rest, ':', &port);
		if (host.length == inside.length || (rest.length > 0 && rest.at[0] != ':'))
			return "nothing but a port may follow the host";
	} else {
		struct part whole = host;
		host = cut(whole, ':', &port);
		rest = (struct part){host.at + host.length, whole.length - host.length};
	}
	if (host.length == 0 || !decode(host, ret_host->name, sizeof ret_host->name))
		return "there is no host, or none that can be";
	if (rest.length > 0 && !read_number(port, 1, 65535, &ret_host->port))
		return "the port is a number from 1 to 65535";
	return NULL;
}

static const char *read_hosts(struct part hosts, int port_default, struct redis_address *address)
{
	const char *wrong = NULL;
	do {
		if (address->host_count == REDIS_HOSTS_MAX)
			return "there are more than sixteen hosts";
		struct part host = cut(hosts, ',', &hosts);
		wrong = read_host(host, port_default, &address->hosts[address->host_count++]);
	} while (wrong == NULL && hosts.length > 0);
	return wrong;
}

static const char *read_place(struct part place, struct redis_address *address)
{
	struct part path, hosts = cut(place, '/', &path), database = path;
	if (address->way == REDIS_BY_SOCKET) {
		if (place.length < 2 || place.at[0] != '/')
			return "there is no path of a socket";
		return decode(place, address->path, sizeof address->path) ? NULL : "the path of the socket is too long";
	}
	if (address->way == REDIS_BY_SENTINEL) {
		struct part master = cut(path, '/', &database);
		if (master.length == 0 || !decode(master, address->master, sizeof address->master))
			return "the sentinels must be followed by the name of the master";
	}
	if (database.length > 0 && !read_number(database, 0, DATABASES_MAX, &address->database))
		return "the database is a number from 0";
	if (address->way == REDIS_BY_SENTINEL)
		return read_hosts(hosts, SENTINEL_PORT_DEFAULT, address);
	if (address->way == REDIS_BY_CLUSTER)
		return read_hosts(hosts, PORT_DEFAULT, address);
	address->host_count = 1;
	return read_host(hosts, PORT_DEFAULT, &address->hosts[0]);
}

/* What stands in braces decides in which part of a cluster a key lies. */
static const char *check_cluster(const struct redis_address *address)
{
	if (address->database != 0)
		return "a cluster has no databases but 0";
	return strpbrk(address->prefix, "{}") != NULL ? "the prefix in a cluster has no braces" : NULL;
}

/* What is wrong with the address, or NULL. */
static const char *read_all(struct part whole, struct redis_address *address)
{
	struct part parameters, place = cut(whole, '?', &parameters), parameter;
	const char *at_sign = memrchr(place.at, '@', place.length), *wrong = NULL;
	if (at_sign != NULL) {
		wrong = read_who((struct part){place.at, (size_t)(at_sign - place.at)}, address);
		size_t skipped = (size_t)(at_sign - place.at) + 1;
		place = (struct part){place.at + skipped, place.length - skipped};
	}
	if (wrong == NULL)
		wrong = read_place(place, address);
	while (wrong == NULL && parameters.length > 0) {
		parameter = cut(parameters, '&', &parameters);
		wrong = read_parameter(parameter, address);
	}
	return wrong == NULL && address->way == REDIS_BY_CLUSTER ? check_cluster(address) : wrong;
}

static enum err read_password_file(const char *path, struct redis_address *address, struct fault *fault)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_PASSWORD",
		                 "store: PROGRESSD_REDIS_PASSWORD_FILE: %.300s: %s", path, strerror(errno));
	size_t length = fread(address->password, 1, sizeof address->password - 1, file);
	fclose(file);
	address->password[length] = '\0';
	address->password[strcspn(address->password, "\r\n")] = '\0';
	if (*address->password != '\0')
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_PASSWORD",
	                 "store: PROGRESSD_REDIS_PASSWORD_FILE: %.300s has no password in its first line", path);
}

/* The URL's own password is the strongest. */
static enum err find_password(struct redis_address *address, struct fault *fault)
{
	const char *password = getenv("PROGRESSD_REDIS_PASSWORD"), *path = getenv("PROGRESSD_REDIS_PASSWORD_FILE");
	if (*address->password != '\0')
		return ERR_OK;
	if (path != NULL && *path != '\0')
		return read_password_file(path, address, fault);
	if (password == NULL || *password == '\0')
		return ERR_OK;
	if (strlen(password) >= sizeof address->password)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_PASSWORD",
		                 "store: PROGRESSD_REDIS_PASSWORD: longer than %zu bytes", sizeof address->password - 1);
	memcpy(address->password, password, strlen(password) + 1);
	return ERR_OK;
}

enum err redis_address_read(const char *address, enum redis_way way, struct redis_address *ret_address,
                            struct fault *fault)
{
	memset(ret_address, 0, sizeof *ret_address);
	ret_address->way = way;
	const char *wrong = read_all((struct part){address, strlen(address)}, ret_address);
	return wrong != NULL ? refuse(fault, wrong) : find_password(ret_address, fault);
}

enum err redis_check(const char *address, struct fault *fault)
{
	struct redis_address read;
	return redis_address_read(address, REDIS_BY_HOST, &read, fault);
}

enum err redis_check_unix(const char *address, struct fault *fault)
{
	struct redis_address read;
	return redis_address_read(address, REDIS_BY_SOCKET, &read, fault);
}

enum err redis_check_sentinel(const char *address, struct fault *fault)
{
	struct redis_address read;
	return redis_address_read(address, REDIS_BY_SENTINEL, &read, fault);
}

enum err redis_check_cluster(const char *address, struct fault *fault)
{
	struct redis_address read;
	return redis_address_read(address, REDIS_BY_CLUSTER, &read, fault);
}

void redis_key(const struct redis_address *address, const char *name, const char *rest, char ret_key[REDIS_KEY_BYTES])
{
	snprintf(ret_key, REDIS_KEY_BYTES, "%s%s%s", address->prefix, name, rest);
}
