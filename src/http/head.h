/*
 * The head of a request, looked over byte by byte before the HTTP library reads it. What two readers could understand
 * in two ways is refused: so nobody can hide a second request inside the first one.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "http/refusal.h"

enum { HEAD_BYTES_MAX = 16 * 1024, HEAD_FIELDS_MAX = 64, HEAD_TARGET_BYTES_MAX = 8 * 1024 };

enum head_body { HEAD_BODY_NONE, HEAD_BODY_LENGTH, HEAD_BODY_CHUNKED };

/* What follows the head. */
struct head {
	enum head_body body;
	uint64_t body_bytes; /* of HEAD_BODY_LENGTH, above 0 */
};

/* Where the head that begins at `bytes` ends: the number of bytes up to and with its empty line, 0 if that has not come
 * yet. `seen` bytes were looked at in vain before. */
size_t head_length(const char *bytes, size_t length, size_t seen);

/* Whether a whole head is well formed: the first line, every field, and what is said about the body. */
enum refusal head_check(const char *bytes, size_t length, struct head *ret_head);

#endif
