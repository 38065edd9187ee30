/*
 * May the caller do this? Asked once for each call, before anything of it is carried out, whichever door it came
 * through: first who it is, before the request is opened, then whether the token is good for the method and for the
 * jobs that the request is about. Where the service has no tokens, everybody may do everything.
 */
#ifndef SERVICE_AUTHORISE_H
#define SERVICE_AUTHORISE_H

#include <stdbool.h>

#include "auth/auth.h"
#include "feed/feed.h"
#include "service/call.h"

struct method;

/* Finds the caller's grant and whether it is good for the method. False: the call's fault is UNAUTHENTICATED or
 * PERMISSION_DENIED. */
bool authorise_caller(struct auth *auth, struct call *call, const struct method *method, struct auth_grant *ret_grant);

/* Whether call->grant is good for the jobs that the request names. False: the fault is PERMISSION_DENIED. */
bool authorise_request(struct call *call, const ProtobufCMessage *request);

/* Narrows the filter to the jobs that call->grant is good for. False: it asks for others as well, the fault is
 * PERMISSION_DENIED, or there is no memory. */
bool authorise_filter(struct call *call, struct feed_filter *filter);

#endif
