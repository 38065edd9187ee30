/* Random messages of any type, from its descriptor. */
#ifndef TESTS_CONFORMANCE_RANDOM_MESSAGE_H
#define TESTS_CONFORMANCE_RANDOM_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"
#include "support/random.h"

/* Appends a message in the one form that json_open writes: fields in the order of their numbers, no default values,
 * keys of maps once each. Messages lie at most `depth` levels deep. */
void random_message_put(struct random *random, const ProtobufCMessageDescriptor *type, int depth, struct buffer *out);

#endif
