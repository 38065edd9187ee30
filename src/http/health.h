/* GET /metrics, /healthz and /readyz: how the daemon is. */
#ifndef HTTP_HEALTH_H
#define HTTP_HEALTH_H

#include "base/buffer.h"
#include "http/exchange.h"

void health_serve_metrics(struct exchange *exchange);

/* The process answers. */
void health_serve_alive(struct exchange *exchange);

/* It can do its work: a read goes through the corridor, and it is not about to stop. */
void health_serve_ready(struct exchange *exchange);

/* Appends all that is counted in the text format of Prometheus. */
void health_write_metrics(struct buffer *out);

#endif
