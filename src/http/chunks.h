/* The chunked body of a request, followed byte by byte: sizes, data, and nothing else. Chunk extensions and trailers
 * are refused: no client of ours sends them, and readers do not agree about them. */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunks_place {
	CHUNKS_SIZE,
	CHUNKS_SIZE_END, /* the LF behind a size */
	CHUNKS_BYTES,
	CHUNKS_BYTES_END, /* the CR behind the bytes of a chunk */
	CHUNKS_BYTES_LF,
	CHUNKS_LAST, /* the CR of the empty line at the end */
	CHUNKS_LAST_LF,
	CHUNKS_OVER,
	CHUNKS_BROKEN,
};

struct chunks {
	enum chunks_place place;
	int digits;    /* of the size that is being read */
	uint64_t left; /* of the present chunk */
};

/* Before the first byte of a body; all zero, too. */
void chunks_init(struct chunks *chunks);

/* Follows the bytes. Returns how many of them belong to the body; fewer than `length` only when it is over or broken.
 */
size_t chunks_follow(struct chunks *chunks, const char *bytes, size_t length);

#endif
