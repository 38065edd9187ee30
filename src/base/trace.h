/* W3C Trace Context: which trace a request belongs to. */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>

enum { TRACE_ID_BYTES = 33, TRACEPARENT_BYTES_MAX = 128 };

/* The trace-id of a traceparent; false: it is none. */
bool trace_read(const char *traceparent, char ret_trace_id[TRACE_ID_BYTES]);

#endif
