/*
 * Whom a request is for, and which page sent it. Without authentication the door trusts whoever reaches it, so a web
 * page of a stranger must not: neither by a name that it made point here (DNS rebinding: the Host is wrong), nor from
 * its own origin (the Origin or Sec-Fetch-Site is wrong).
 */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct origin_rules {
	const char *const *hosts; /* without a port */
	size_t host_count;
	const char *const *origins;
	size_t origin_count;
	bool takes_any_host; /* who asks is known by a token, which no stranger's page has */
};

/* What a request says of itself; NULL: nothing. */
struct origin_claims {
	const char *host;
	const char *origin;
	const char *site; /* Sec-Fetch-Site */
	const char *mode; /* Sec-Fetch-Mode */
};

/* Whether the host of a Host field (with or without a port) is one of this machine's own names or one of the rules'. */
bool origin_is_known_host(const struct origin_rules *rules, const char *host);

/* Whether the origin is one of the rules': its pages may read the answers. */
bool origin_is_friend(const struct origin_rules *rules, const char *origin);

/* 0: welcome. Otherwise the HTTP status, and the fault says why. */
int origin_check(const struct origin_rules *rules, const struct origin_claims *claims, struct fault *fault);

#endif
