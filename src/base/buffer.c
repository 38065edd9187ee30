/* Decides how a buffer grows: to twice its size, within its limit. */
#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 256 };

void buffer_init(struct buffer *buffer, size_t bytes_max)
{
	*buffer = (struct buffer){.bytes_max = bytes_max};
}

void buffer_finish(struct buffer *buffer)
{
	free(buffer->at);
	buffer_init(buffer, buffer->bytes_max);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->is_full = false;
}

char *buffer_release(struct buffer *buffer)
{
	char *at = buffer->at;
	buffer_init(buffer, buffer->bytes_max);
	return at;
}

static size_t next_capacity(const struct buffer *buffer, size_t need)
{
	size_t twice = buffer->capacity < CAPACITY_MIN / 2 ? CAPACITY_MIN : buffer->capacity * 2;
	size_t wish = twice < need ? need : twice;
	return wish < buffer->bytes_max ? wish : buffer->bytes_max;
}

bool buffer_grow(struct buffer *buffer, size_t bytes)
{
	assert(buffer->length <= buffer->capacity && buffer->capacity <= buffer->bytes_max);
	if (bytes <= buffer->capacity - buffer->length)
		return true;
	if (bytes > buffer->bytes_max - buffer->length) {
		buffer->is_full = true;
		return false;
	}
	size_t capacity = next_capacity(buffer, buffer->length + bytes);
	char *at = realloc(buffer->at, capacity);
	if (at == NULL) {
		buffer->is_full = true;
		return false;
	}
	buffer->at = at;
	buffer->capacity = capacity;
	return true;
}
