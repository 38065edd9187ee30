/* GET /api/events: the changes of jobs as server-sent events. */
#ifndef HTTP_EVENTS_H
#define HTTP_EVENTS_H

#include "http/exchange.h"

void events_serve(struct exchange *exchange);

#endif
