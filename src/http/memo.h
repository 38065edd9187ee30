/* The job that was last written as JSON, and its text: many streams are told of the same change, one after the other,
 * and many front ends ask for the same job. */
#ifndef HTTP_MEMO_H
#define HTTP_MEMO_H

#include "base/buffer.h"
#include "base/err.h"
#include "wire/open.h"

/* All zero: empty. */
struct memo {
	struct buffer info; /* a serialized ProgressInfo, or an answer that holds one */
	struct buffer text;
};

void memo_finish(struct memo *memo);

/* Appends the text that was remembered for these very bytes. False: there is none. */
bool memo_recall(const struct memo *memo, struct wire_bytes info, struct buffer *out);

/* Remembers the text instead of the one before. What is too large, or finds no memory, is not remembered. */
void memo_remember(struct memo *memo, struct wire_bytes info, const char *text, size_t length);

/* Appends the serialized ProgressInfo as JSON with all members. Errors as json_seal. */
enum err memo_put_info(struct memo *memo, struct wire_bytes info, struct buffer *out, struct fault *fault) MUST_USE;

#endif
