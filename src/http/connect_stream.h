/* Streams of the Connect protocol: enveloped messages, and at the end one that says how it went. */
#ifndef HTTP_CONNECT_STREAM_H
#define HTTP_CONNECT_STREAM_H

#include "http/exchange.h"

/* Serves exchange->rpc, whose envelope is the body. */
void connect_stream_serve(struct exchange *exchange);

/* A stream that ends with the error at once. */
void connect_stream_refuse(struct exchange *exchange, const struct fault *fault);

/* The message in an envelope that is the whole body. */
enum err connect_stream_open(const char *body, size_t length, struct wire_bytes *ret_message,
                             struct fault *fault) MUST_USE;

#endif
