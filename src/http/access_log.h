/* The log of requests: a line for each, in the daemon's log, as far as --access-log asks for it. The query stays out:
 * it may hold secrets. */
#ifndef HTTP_ACCESS_LOG_H
#define HTTP_ACCESS_LOG_H

#include <stdbool.h>

#include "http/exchange.h"

/* Logs the exchange, whose answer is on its way. */
void access_log_write(const struct exchange *exchange);

#endif
