/* Decides how a refusal of JSON text reads, and writes the parts of a message whose length comes before them. */
#include "wire/json_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/json_scalar.h"
#include "wire/writer.h"

enum { WHAT_BYTES_MAX = 1024 }; /* more than a fault's text, so that the fault does the cutting, between characters */

enum err json_refuse(const struct json_walk *walk, const struct json_path *path, enum err code, const char *reason,
                     const char *format, ...)
{
	char what[WHAT_BYTES_MAX];
	struct buffer place;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	buffer_init(&place, sizeof walk->fault->text / 2);
	if (path == NULL)
		buffer_put_string(&place, "request");
	json_put_path(&place, path);
	fault_set(walk->fault, code, reason, "%.*s: %s", (int)place.length, place.length > 0 ? place.at : "", what);
	buffer_finish(&place);
	return code;
}

enum err json_refuse_value(const struct json_walk *walk, const struct json_path *path, const char *what)
{
	return json_refuse(walk, path, ERR_INVALID_ARGUMENT, "INVALID_FIELD", "%s", what);
}

enum err json_refuse_text(const struct json_walk *walk, const struct json_path *path)
{
	const struct json_reader *reader = &walk->reader;
	return json_refuse(walk, path, reader->trouble.code, reader->trouble.reason, "%s (JSON, byte %zu)",
	                   reader->trouble.text, (size_t)(reader->at - reader->start));
}

void json_put_tag(struct buffer *out, uint32_t number, enum reader_type type)
{
	json_put_varint(out, (uint64_t)number << 3 | (uint64_t)type);
}

size_t json_begin_part(struct buffer *out, uint32_t number)
{
	json_put_tag(out, number, READER_BYTES);
	buffer_put_char(out, 0);
	return out->length;
}

/* The part moves if its length takes more than the one byte that was left for it. */
void json_end_part(struct buffer *out, size_t start)
{
	size_t length = out->length - start;
	size_t more = writer_varint_bytes(length) - 1;
	if (out->is_full || !buffer_grow(out, more))
		return;
	memmove(out->at + start + more, out->at + start, length);
	out->length = start - 1;
	json_put_varint(out, length);
	out->length += length;
}
