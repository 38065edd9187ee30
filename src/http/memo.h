/* The job that was last written as JSON, and its text: many streams are told of the same change, one after the other.
 */
#ifndef HTTP_MEMO_H
#define HTTP_MEMO_H

#include "base/buffer.h"
#include "base/err.h"
#include "wire/open.h"

/* All zero: empty. */
struct memo {
	struct buffer info; /* a serialized ProgressInfo */
	struct buffer text;
};

void memo_finish(struct memo *memo);

/* Appends the serialized ProgressInfo as JSON with all members. Errors as json_seal. */
enum err memo_put_info(struct memo *memo, struct wire_bytes info, struct buffer *out, struct fault *fault) MUST_USE;

#endif
