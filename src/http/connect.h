/*
 * The Connect protocol (https://connectrpc.com/docs/protocol) for every method of the schema: POST of a message as
 * protobuf or JSON, and streams of enveloped messages. Driven by the descriptors: a new method needs no code here.
 */
#ifndef HTTP_CONNECT_H
#define HTTP_CONNECT_H

#include "http/exchange.h"

#define CONNECT_PATH "/progress.v1.ProgressTrackerService/"

void connect_serve(struct exchange *exchange);

/* The time that the caller gives, by Connect-Timeout-Ms: 1 to 10 digits. 0: none. */
enum err connect_read_timeout(const char *text, uint32_t *ret_ms, struct fault *fault) MUST_USE;

#endif
