/* The walk over JSON text that writes a message: what it carries, and how it refuses. */
#ifndef WIRE_JSON_WALK_H
#define WIRE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/err.h"
#include "wire/json_path.h"
#include "wire/json_reader.h"
#include "wire/reader.h"

struct json_walk {
	struct json_reader reader;
	struct buffer out;
	bool ignores_unknown;
	struct fault *fault;
};

/* Each fills the fault with "updates[3].updateProgress.stage: what is wrong" and returns its code; "request" stands for
 * the outermost value. */
enum err json_refuse(const struct json_walk *walk, const struct json_path *path, enum err code, const char *reason,
                     const char *format, ...) MUST_USE __attribute__((format(printf, 5, 6)));

/* INVALID_ARGUMENT, INVALID_FIELD: the value is none of its field. */
enum err json_refuse_value(const struct json_walk *walk, const struct json_path *path, const char *what) MUST_USE;

/* What the reader has found, and where in the text. */
enum err json_refuse_text(const struct json_walk *walk, const struct json_path *path) MUST_USE;

void json_put_tag(struct buffer *out, uint32_t number, enum reader_type type);

/* Begins a part whose length is known only at its end; returns what json_end_part wants. */
size_t json_begin_part(struct buffer *out, uint32_t number);

/* Writes the part's length before it. */
void json_end_part(struct buffer *out, size_t start);

#endif
