/* Which path is served by what. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/exchange.h"

struct route {
	const char *method; /* GET serves HEAD, too */
	const char *path;   /* "/api/status/{id}": one part may stand for any; a last part of "*" for all that is left */
	void (*serve)(struct exchange *exchange);
	bool takes_body;
};

/* Sets exchange->route and exchange->part. False: it was answered that there is no such path or method. */
bool routes_find(struct exchange *exchange);

#endif
