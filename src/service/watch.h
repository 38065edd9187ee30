/* What both watches have in common. */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include <progress/v1/progress_service.pb-c.h>

#include "service/command.h"

/* The shared fields of a request, checked into the command's parts. False: the call's fault says what is wrong. */
bool watch_check(struct call *call, const char *resume_token, Progress__V1__WatchMode mode,
                 const Google__Protobuf__Duration *timeout, struct command_watch *ret_watch,
                 struct command_pause *ret_pause);

#endif
