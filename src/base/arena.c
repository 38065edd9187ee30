/* Decides how an arena takes memory from the machine: in blocks that grow, small ones first, within its limit. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BLOCK_BYTES = 2000, /* an update and its answer fit */
	BLOCK_BYTES_MAX = 64 * 1024,
};

struct arena_block {
	struct arena_block *older;
	size_t bytes; /* all of the block, this header included */
	size_t used;  /* likewise; a multiple of the strictest alignment */
	alignas(max_align_t) unsigned char room[];
};

static size_t aligned(size_t bytes)
{
	size_t step = alignof(max_align_t);
	return (bytes + step - 1) / step * step;
}

/* How large the next block should be to hold `need` bytes, header included; 0 when the limit does not allow it. */
static size_t next_block_bytes(const struct arena *arena, size_t need)
{
	size_t left = arena->bytes_max - arena->bytes_taken;
	if (need > left)
		return 0;
	size_t wish = arena->blocks == NULL ? FIRST_BLOCK_BYTES : arena->blocks->bytes * 2;
	if (wish > BLOCK_BYTES_MAX)
		wish = BLOCK_BYTES_MAX;
	if (wish < need)
		wish = need;
	return wish < left ? wish : left;
}

/* A block of so many bytes, header included. NULL: 0 bytes, or no memory. */
static struct arena_block *add_block(struct arena *arena, size_t block_bytes)
{
	struct arena_block *block = block_bytes == 0 ? NULL : malloc(block_bytes);
	if (block == NULL)
		return NULL;
	block->older = arena->blocks;
	block->bytes = block_bytes;
	block->used = sizeof *block;
	arena->blocks = block;
	arena->bytes_taken += block_bytes;
	return block;
}

static void drop_newest(struct arena *arena)
{
	struct arena_block *block = arena->blocks;
	arena->blocks = block->older;
	arena->bytes_taken -= block->bytes;
	free(block);
}

void arena_init(struct arena *arena, size_t bytes_max)
{
	assert(bytes_max <= SIZE_MAX / 2);
	*arena = (struct arena){.bytes_max = bytes_max};
}

size_t arena_piece_bytes(size_t bytes)
{
	return aligned(bytes == 0 ? 1 : bytes);
}

bool arena_init_exact(struct arena *arena, size_t bytes_max, size_t bytes)
{
	size_t block_bytes = sizeof(struct arena_block) + aligned(bytes);
	arena_init(arena, bytes_max);
	return block_bytes <= bytes_max && add_block(arena, block_bytes) != NULL;
}

void arena_finish(struct arena *arena)
{
	while (arena->blocks != NULL)
		drop_newest(arena);
	assert(arena->bytes_taken == 0);
}

void arena_reset(struct arena *arena)
{
	while (arena->blocks != NULL && arena->blocks->older != NULL)
		drop_newest(arena);
	if (arena->blocks == NULL)
		return;
	if (arena->blocks->bytes != FIRST_BLOCK_BYTES)
		drop_newest(arena);
	else
		arena->blocks->used = sizeof *arena->blocks;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	if (bytes > arena->bytes_max)
		return NULL;
	bytes = arena_piece_bytes(bytes);
	struct arena_block *block = arena->blocks;
	if (block == NULL || bytes > block->bytes - block->used)
		block = add_block(arena, next_block_bytes(arena, sizeof *block + bytes));
	if (block == NULL)
		return NULL;
	unsigned char *taken = (unsigned char *)block + block->used;
	block->used += bytes;
	assert(block->used <= block->bytes);
	return taken;
}

void *arena_take_zeroed(struct arena *arena, size_t bytes)
{
	void *taken = arena_take(arena, bytes);
	return taken == NULL ? NULL : memset(taken, 0, bytes);
}

char *arena_copy_string(struct arena *arena, const char *string)
{
	size_t bytes = strlen(string) + 1;
	char *copy = arena_take(arena, bytes);
	return copy == NULL ? NULL : memcpy(copy, string, bytes);
}
