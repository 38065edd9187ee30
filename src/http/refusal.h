/* Why a request is not even looked into: the one list, with the answer that each reason gets. */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

#include <stddef.h>

#include "base/err.h"

/* REFUSAL(NAME, HTTP status, error code, text) */
#define REFUSAL_LIST(REFUSAL)                                                                                          \
	REFUSAL(BARE_LF, 400, ERR_INVALID_ARGUMENT, "a line of the head does not end with CRLF")                           \
	REFUSAL(BAD_CHARACTER, 400, ERR_INVALID_ARGUMENT, "the head has a byte that must not be in it")                    \
	REFUSAL(BAD_REQUEST_LINE, 400, ERR_INVALID_ARGUMENT, "the first line is not METHOD /PATH HTTP/1.1")                \
	REFUSAL(BAD_VERSION, 505, ERR_UNIMPLEMENTED, "only HTTP/1.1 and HTTP/1.0 are spoken here")                         \
	REFUSAL(BAD_FIELD, 400, ERR_INVALID_ARGUMENT, "a field of the head is not NAME: VALUE on one line")                \
	REFUSAL(BAD_LENGTH, 400, ERR_INVALID_ARGUMENT, "Content-Length is not one number")                                 \
	REFUSAL(BAD_CODING, 501, ERR_UNIMPLEMENTED, "the only Transfer-Encoding is chunked")                               \
	REFUSAL(TWO_LENGTHS, 400, ERR_INVALID_ARGUMENT, "the length of the body is given twice")                           \
	REFUSAL(NO_HOST, 400, ERR_INVALID_ARGUMENT, "there must be one Host")                                              \
	REFUSAL(BAD_EXPECTATION, 417, ERR_FAILED_PRECONDITION, "the only expectation met is 100-continue")                 \
	REFUSAL(TARGET_TOO_LONG, 414, ERR_INVALID_ARGUMENT, "the path is longer than 8 KiB")                               \
	REFUSAL(TOO_MANY_FIELDS, 431, ERR_RESOURCE_EXHAUSTED, "the head has more than 64 fields")                          \
	REFUSAL(HEAD_TOO_LARGE, 431, ERR_RESOURCE_EXHAUSTED, "the head has more than 16 KiB")                              \
	REFUSAL(BAD_CHUNK, 400, ERR_INVALID_ARGUMENT, "the body is not well chunked")                                      \
	REFUSAL(BODY_TOO_LARGE, 413, ERR_RESOURCE_EXHAUSTED, "the body has more than 1 MiB")                               \
	REFUSAL(BODY_TOO_SLOW, 408, ERR_DEADLINE_EXCEEDED, "the body did not come within 15 seconds")

enum refusal {
	REFUSAL_NONE,
#define REFUSAL_ENUM(NAME, status, code, text) REFUSAL_##NAME,
	REFUSAL_LIST(REFUSAL_ENUM)
#undef REFUSAL_ENUM
	    REFUSAL_COUNT,
};

/* Sets the fault and returns the HTTP status of the answer. `refusal` is not REFUSAL_NONE. */
int refusal_explain(enum refusal refusal, struct fault *fault);

/* The whole answer as bytes for a connection that is closed behind it; for refusals in the middle of a body. Returns
 * the length, 0 if it does not fit. */
size_t refusal_write(enum refusal refusal, char *out, size_t room);

#endif
