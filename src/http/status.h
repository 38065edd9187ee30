/* GET /api/stages, /api/status/{id} and /status/{id}: what the first front ends ask for. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "http/exchange.h"

void status_serve_stages(struct exchange *exchange);
void status_serve_job(struct exchange *exchange);

#endif
