/*
 * Memory of one request: taken piece by piece, given back all at once, never more than a set number of bytes.
 * Not safe for use by two threads at once.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first; the last one is kept by arena_reset if it has the usual size */
	size_t bytes_taken;         /* of all blocks, never above bytes_max */
	size_t bytes_max;
};

/* Makes an empty arena; takes no memory yet. */
void arena_init(struct arena *arena, size_t bytes_max);

/* What a piece of so many bytes takes up in an arena. */
size_t arena_piece_bytes(size_t bytes);

/* Makes an arena with room for pieces that take up so many bytes in all, and takes the memory for just these. More is
 * taken as usual. False: no memory, or more than bytes_max. */
bool arena_init_exact(struct arena *arena, size_t bytes_max, size_t bytes);

/* Gives all memory back. */
void arena_finish(struct arena *arena);

/* Forgets everything taken but keeps the first block for the next request, if it has the usual size. */
void arena_reset(struct arena *arena);

/* Memory aligned for any type, not zeroed. NULL when the arena's limit or the machine's memory is reached. */
void *arena_take(struct arena *arena, size_t bytes);

/* The same, zeroed. */
void *arena_take_zeroed(struct arena *arena, size_t bytes);

/* A copy of the string, or NULL as above. */
char *arena_copy_string(struct arena *arena, const char *string);

#endif
