/* GET /api/jobs and /api/jobs/{id}/history. */
#ifndef HTTP_JOBS_H
#define HTTP_JOBS_H

#include "http/exchange.h"
#include "http/request.h"

void jobs_serve_list(struct exchange *exchange);
void jobs_serve_history(struct exchange *exchange);

/* Appends a JobFilter as a field, made from the query's state, stage, pipeline, parent, prefix and, if it takes them,
 * job. Lists are repeated fields or have commas. False: the exchange was answered that one of them is wrong. */
bool jobs_put_filter(struct exchange *exchange, struct request *request, uint32_t field, bool takes_ids);

#endif
