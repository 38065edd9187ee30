/* Where in JSON text a value stands, for what is said about it: "updates[3].updateProgress.metadata[\"a\"]". */
#ifndef WIRE_JSON_PATH_H
#define WIRE_JSON_PATH_H

#include <stddef.h>

#include "base/buffer.h"

/* One step of the way; lies on the stack of the function that takes it. */
struct json_path {
	const struct json_path *outer; /* NULL: the first step */
	const char *field;             /* name in the schema; NULL: an element or an entry */
	const char *key;               /* of an entry; NULL: an element */
	size_t key_bytes;
	size_t index; /* of an element */
};

/* Appends the way to the value; nothing for NULL, the outermost one. */
void json_put_path(struct buffer *out, const struct json_path *path);

/* Appends a text from outside with quotes, cut if it is long; one that is no clean UTF-8 is not shown. */
void json_put_quoted(struct buffer *out, const char *text, size_t length);

#endif
