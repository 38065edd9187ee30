/* Answers: what goes out, with the fields that all answers have. Each ends its exchange; those that fail for want of
 * memory leave it unanswered, and the connection is closed. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "http/exchange.h"

#define ANSWER_JSON "application/json"

/* exchange->text as the body. */
void answer_text(struct exchange *exchange, int status, const char *type);

/* The same with further fields: pairs of names and values, closed by one NULL. */
void answer_text_with(struct exchange *exchange, int status, const char *type, const char *const *fields);

/* {"code":"not_found","message":"…"} with the code's HTTP status. */
void answer_fault_of(struct exchange *exchange, const struct fault *fault);

/* The same with another HTTP status. */
void answer_fault_as(struct exchange *exchange, int status, const struct fault *fault);
void answer_fault_with(struct exchange *exchange, int status, const struct fault *fault, const char *const *fields);

/* A response that was made elsewhere; it is taken. */
void answer_response(struct exchange *exchange, int status, struct MHD_Response *response);

/* Appends the error as JSON to `out`. */
void answer_write_fault(struct buffer *out, const struct fault *fault);

/* The fields that every answer gets. `response` may be NULL. */
void answer_add_common(const struct exchange *exchange, struct MHD_Response *response);

#endif
