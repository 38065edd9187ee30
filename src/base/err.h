/*
 * The one list of error codes (google.rpc.Code) and what they mean to HTTP and to retrying callers, and the fault: the
 * full account of an error, filled once by the room that noticed it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* ERR(NAME, number, text, HTTP status, may be retried) */
#define ERR_LIST(ERR)                                                                                                  \
	ERR(OK, 0, "ok", 200, false)                                                                                       \
	ERR(CANCELLED, 1, "canceled", 499, false)                                                                          \
	ERR(UNKNOWN, 2, "unknown", 500, false)                                                                             \
	ERR(INVALID_ARGUMENT, 3, "invalid_argument", 400, false)                                                           \
	ERR(DEADLINE_EXCEEDED, 4, "deadline_exceeded", 504, false)                                                         \
	ERR(NOT_FOUND, 5, "not_found", 404, false)                                                                         \
	ERR(ALREADY_EXISTS, 6, "already_exists", 409, false)                                                               \
	ERR(PERMISSION_DENIED, 7, "permission_denied", 403, false)                                                         \
	ERR(RESOURCE_EXHAUSTED, 8, "resource_exhausted", 429, true)                                                        \
	ERR(FAILED_PRECONDITION, 9, "failed_precondition", 400, false)                                                     \
	ERR(ABORTED, 10, "aborted", 409, false)                                                                            \
	ERR(OUT_OF_RANGE, 11, "out_of_range", 400, false)                                                                  \
	ERR(UNIMPLEMENTED, 12, "unimplemented", 501, false)                                                                \
	ERR(INTERNAL, 13, "internal", 500, false)                                                                          \
	ERR(UNAVAILABLE, 14, "unavailable", 503, true)                                                                     \
	ERR(DATA_LOSS, 15, "data_loss", 500, false)                                                                        \
	ERR(UNAUTHENTICATED, 16, "unauthenticated", 401, false)

enum err {
#define ERR_ENUM(NAME, number, text, http, retry) ERR_##NAME = number,
	ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* An error with its reasons. All zero: no error. */
struct fault {
	enum err code;
	char reason[36]; /* for programs: UPPER_SNAKE, stable */
	char text[400];  /* for people: the field, what was wrong, what is allowed */
};

/* Fills `fault` and returns `code`, so that a function can notice and leave in one line. `code` must not be ERR_OK. A
 * text that does not fit is cut at a character's start. */
enum err fault_set(struct fault *fault, enum err code, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The code's name in lower case as Connect spells it, "not_found"; "unknown" for a number that is no code. */
const char *err_text(enum err code);

/* The HTTP status for the code; 500 for a number that is no code. */
int err_http_status(enum err code);

/* Whether the same call may succeed when it is simply made again later. */
bool err_is_retryable(enum err code);

#endif
