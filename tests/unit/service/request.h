/* Requests written as text, so that a table can hold many of them. */
#ifndef TESTS_SERVICE_REQUEST_H
#define TESTS_SERVICE_REQUEST_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/*
 * A request from words such as "job_id=a stage=2 progress=101"; a field may be set by its path "filter.states=1", a
 * duration by its seconds "timeout=1.5", a metadata entry as "metadata=KEY:VALUE", repeated fields by many words. The
 * value @1025 is a string of 1025 letters. Lives in the arena.
 */
ProtobufCMessage *request_make(const ProtobufCMessageDescriptor *type, const char *words, struct arena *arena);

#endif
