/*
 * Bytes that are put together piece by piece, on the heap, up to a set number. What no longer fits is dropped and
 * remembered, so that a writer of many pieces looks once, at its end:
 *     buffer_init(&buffer, 1 << 20);
 *     buffer_put(&buffer, "data: ", 6);
 *     if (buffer.is_full) …
 * Not safe for use by two threads at once.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
	char *at; /* NULL while nothing was put; no NUL at its end */
	size_t length;
	size_t capacity;
	size_t bytes_max; /* length never goes above */
	bool is_full;     /* something was dropped, for bytes_max or for want of memory; only buffer_clear forgets it */
};

/* Makes an empty buffer; takes no memory yet. */
void buffer_init(struct buffer *buffer, size_t bytes_max);

/* Gives the memory back; the buffer is as new. */
void buffer_finish(struct buffer *buffer);

/* Forgets the bytes but keeps the memory for the next ones. */
void buffer_clear(struct buffer *buffer);

/* Moves the bytes to the caller, who frees them; the buffer is as new. NULL: there are none. */
char *buffer_release(struct buffer *buffer);

/* Makes room for so many bytes more, at buffer->at + buffer->length. False: is_full is set. */
bool buffer_grow(struct buffer *buffer, size_t bytes);

/* Appends the bytes, all of them or none. */
static inline void buffer_put(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0 || (length > buffer->capacity - buffer->length && !buffer_grow(buffer, length)))
		return;
	memcpy(buffer->at + buffer->length, bytes, length);
	buffer->length += length;
}

static inline void buffer_put_char(struct buffer *buffer, char c)
{
	buffer_put(buffer, &c, 1);
}

static inline void buffer_put_string(struct buffer *buffer, const char *string)
{
	buffer_put(buffer, string, strlen(string));
}

#endif
