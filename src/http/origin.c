/* Names are judged as text, as browsers send them. */
#include "http/origin.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HOST_BYTES_MAX = 256 };

/* The host without its port, in `out`. False: it is none. */
static bool cut_port(const char *host, char out[HOST_BYTES_MAX])
{
	const char *end = host[0] == '[' ? strchr(host, ']') : NULL;
	size_t length = end != NULL ? (size_t)(end - host) + 1 : strcspn(host, ":");
	const char *port = host + length;
	bool is_port = *port == '\0' || (*port == ':' && strspn(port + 1, "0123456789") == strlen(port + 1));
	if (length == 0 || length >= HOST_BYTES_MAX || !is_port)
		return false;
	memcpy(out, host, length);
	out[length] = '\0';
	return true;
}

static bool is_loopback(const char *name)
{
	struct in_addr address;
	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool origin_is_known_host(const struct origin_rules *rules, const char *host)
{
	char name[HOST_BYTES_MAX];
	if (!cut_port(host, name))
		return false;
	if (rules->takes_any_host)
		return true;
	for (size_t i = 0; i < rules->host_count; i++)
		if (strcasecmp(rules->hosts[i], name) == 0)
			return true;
	return is_loopback(name);
}

bool origin_is_friend(const struct origin_rules *rules, const char *origin)
{
	for (size_t i = 0; i < rules->origin_count; i++)
		if (strcmp(rules->origins[i], origin) == 0)
			return true;
	return false;
}

/* Whether the origin is the place that the request is for. */
static bool is_own(const char *origin, const char *host)
{
	if (strncmp(origin, "http://", 7) == 0)
		return strcasecmp(origin + 7, host) == 0;
	return strncmp(origin, "https://", 8) == 0 && strcasecmp(origin + 8, host) == 0;
}

/* Browsers say how a page that is not ours came to ask; going to a page by a link is no secret reading. */
static bool is_foreign_fetch(const struct origin_claims *claims)
{
	if (claims->site == NULL || strcmp(claims->site, "same-origin") == 0 || strcmp(claims->site, "none") == 0)
		return false;
	return claims->mode == NULL || strcmp(claims->mode, "navigate") != 0;
}

int origin_check(const struct origin_rules *rules, const struct origin_claims *claims, struct fault *fault)
{
	if (claims->host == NULL || !origin_is_known_host(rules, claims->host)) {
		fault_set(
		    fault, ERR_PERMISSION_DENIED, "WRONG_HOST",
		    "the request is for another host; allowed are this machine's loopback names and those of --http-host");
		return 421;
	}
	if (claims->origin != NULL && origin_is_friend(rules, claims->origin))
		return 0;
	bool is_foreign = claims->origin != NULL ? !is_own(claims->origin, claims->host) : is_foreign_fetch(claims);
	if (!is_foreign)
		return 0;
	fault_set(fault, ERR_PERMISSION_DENIED, "WRONG_ORIGIN",
	          "the request comes from a page of another origin; those of --http-origin are allowed");
	return 403;
}
