/* A step for each byte, but for the bytes of a chunk, which are counted. */
#include "http/chunks.h"

#include <string.h>

enum { DIGITS_MAX = 8 };

void chunks_init(struct chunks *chunks)
{
	*chunks = (struct chunks){.place = CHUNKS_SIZE};
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum chunks_place step_in_size(struct chunks *chunks, char c)
{
	int digit = hex_digit(c);
	if (c == '\r' && chunks->digits > 0)
		return CHUNKS_SIZE_END;
	if (digit < 0 || chunks->digits == DIGITS_MAX)
		return CHUNKS_BROKEN;
	chunks->digits++;
	chunks->left = chunks->left * 16 + (uint64_t)digit;
	return CHUNKS_SIZE;
}

static enum chunks_place step(struct chunks *chunks, char c)
{
	switch (chunks->place) {
	case CHUNKS_SIZE:
		return step_in_size(chunks, c);
	case CHUNKS_SIZE_END:
		chunks->digits = 0;
		if (c != '\n')
			return CHUNKS_BROKEN;
		return chunks->left > 0 ? CHUNKS_BYTES : CHUNKS_LAST;
	case CHUNKS_BYTES_END:
		return c == '\r' ? CHUNKS_BYTES_LF : CHUNKS_BROKEN;
	case CHUNKS_BYTES_LF:
		return c == '\n' ? CHUNKS_SIZE : CHUNKS_BROKEN;
	case CHUNKS_LAST:
		return c == '\r' ? CHUNKS_LAST_LF : CHUNKS_BROKEN;
	case CHUNKS_LAST_LF:
		return c == '\n' ? CHUNKS_OVER : CHUNKS_BROKEN;
	default:
		return CHUNKS_BROKEN;
	}
}

static size_t skip_bytes(struct chunks *chunks, size_t length)
{
	size_t skipped = length < chunks->left ? length : (size_t)chunks->left;
	chunks->left -= skipped;
	if (chunks->left == 0)
		chunks->place = CHUNKS_BYTES_END;
	return skipped;
}

size_t chunks_follow(struct chunks *chunks, const char *bytes, size_t length)
{
	size_t place = 0;
	while (place < length && chunks->place != CHUNKS_OVER) {
		if (chunks->place == CHUNKS_BYTES) {
			place += skip_bytes(chunks, length - place);
			continue;
		}
		chunks->place = step(chunks, bytes[place]);
		if (chunks->place == CHUNKS_BROKEN)
			break;
		place++;
	}
	return place;
}
