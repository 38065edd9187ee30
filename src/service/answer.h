/* Answers to calls: the ways in which a call ends, and the messages that many answers share. */
#ifndef SERVICE_ANSWER_H
#define SERVICE_ANSWER_H

#include <protobuf-c/protobuf-c.h>

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

/* The answers of commands about one job: the job; the job and the outcome; the job and whether the time was over. */
command_answer answer_job, answer_outcome, answer_timed_out;

#endif
