/* Answers to calls: the ways in which a call ends, and the messages that many answers share. */
#ifndef SERVICE_ANSWER_H
#define SERVICE_ANSWER_H

#include <progress/v1/progress_service.pb-c.h>

#include "service/call.h"
#include "service/command.h"

/* Ends the call with call->fault, which has been set. */
void answer_fault(struct call *call);

/* Ends the call: its arena is full. */
void answer_full(struct call *call);

/* The fault of a command or call whose arena is full. */
enum err answer_set_full(struct fault *fault);

/* Ends a call that needs no job: gives the response (NULL: the arena was full) to the closure and replies. */
void answer_message(struct call *call, ProtobufCClosure closure, const ProtobufCMessage *response);

/* The job that the subject shows. NULL: the arena is full. */
Progress__V1__ProgressInfo *answer_info(const struct subject *subject, struct arena *arena);

#endif
