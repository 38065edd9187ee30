/* The limit of an arena, what a reset keeps, and that pieces do not overlap. */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "support/random.h"

Test(arena_take, gives_aligned_pieces_that_do_not_overlap)
{
	struct random random;
	random_start(&random, "arena_take");
	struct arena arena;
	arena_init(&arena, 16 << 20);
	enum { PIECES = 2000 };
	static unsigned char *pieces[PIECES];
	static size_t sizes[PIECES];
	for (size_t i = 0; i < PIECES; i++) {
		sizes[i] = (size_t)random_below(&random, i % 100 == 0 ? 100000 : 200);
		pieces[i] = arena_take(&arena, sizes[i]);
		cr_assert_not_null(pieces[i]);
		cr_assert_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)(i % 251), sizes[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			cr_assert_eq(pieces[i][k], i % 251);
	arena_finish(&arena);
}

Test(arena_take, never_exceeds_its_limit)
{
	struct random random;
	random_start(&random, "arena_take");
	for (int round = 0; round < 200; round++) {
		struct arena arena;
		size_t bytes_max = (size_t)random_below(&random, 200000);
		arena_init(&arena, bytes_max);
		size_t given = 0, piece;
		do {
			piece = (size_t)random_below(&random, 3000);
			cr_assert_leq(arena.bytes_taken, bytes_max);
			given += piece;
		} while (arena_take(&arena, piece) != NULL);
		cr_assert_leq(given - piece, bytes_max);
		arena_finish(&arena);
		cr_assert_eq(arena.bytes_taken, 0);
	}
}

Test(arena_take, refuses_sizes_that_would_wrap_around)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	cr_assert_null(arena_take(&arena, SIZE_MAX));
	cr_assert_null(arena_take(&arena, SIZE_MAX - 8));
	cr_assert_null(arena_take(&arena, 1 << 20));
	cr_assert_not_null(arena_take(&arena, 1));
	arena_finish(&arena);
}

Test(arena_take, works_again_after_a_refusal)
{
	struct arena arena;
	arena_init(&arena, 10000);
	cr_assert_null(arena_take(&arena, 10001));
	cr_assert_not_null(arena_take(&arena, 6000));
	cr_assert_null(arena_take(&arena, 6000));
	cr_assert_not_null(arena_take(&arena, 1000));
	arena_finish(&arena);
}

Test(arena_reset, keeps_the_first_block_and_gives_the_rest_back)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	void *first = arena_take(&arena, 100);
	size_t small = arena.bytes_taken;
	cr_assert_not_null(arena_take(&arena, 500000));
	arena_reset(&arena);
	cr_assert_eq(arena.bytes_taken, small);
	cr_assert_eq(arena_take(&arena, 100), first);
	arena_finish(&arena);
}

Test(arena_reset, gives_a_large_first_block_back)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	cr_assert_not_null(arena_take(&arena, 500000));
	arena_reset(&arena);
	cr_assert_eq(arena.bytes_taken, 0);
	arena_reset(&arena);
	arena_finish(&arena);
}

Test(arena_take_zeroed, zeroes_memory_that_was_used_before)
{
	struct arena arena;
	arena_init(&arena, 1 << 16);
	memset(arena_take(&arena, 1000), 0xff, 1000);
	arena_reset(&arena);
	unsigned char *piece = arena_take_zeroed(&arena, 1000);
	for (size_t i = 0; i < 1000; i++)
		cr_assert_eq(piece[i], 0);
	arena_finish(&arena);
}

Test(arena_copy_string, copies_and_refuses_when_full)
{
	struct arena arena;
	arena_init(&arena, 200);
	const char *copy = arena_copy_string(&arena, "hello");
	cr_assert_str_eq(copy, "hello");
	char letters[300];
	memset(letters, 'x', sizeof letters - 1);
	letters[sizeof letters - 1] = '\0';
	cr_assert_null(arena_copy_string(&arena, letters));
	arena_finish(&arena);
}

Test(arena_init_exact, takes_no_more_than_it_was_told)
{
	struct arena arena;
	size_t bytes = arena_piece_bytes(100) + arena_piece_bytes(1);
	cr_assert(arena_init_exact(&arena, 1 << 20, bytes));
	size_t taken = arena.bytes_taken;
	cr_assert_leq(taken, bytes + 64);
	cr_assert_not_null(arena_take(&arena, 100));
	cr_assert_not_null(arena_take(&arena, 1));
	cr_assert_eq(arena.bytes_taken, taken);
	cr_assert_not_null(arena_take(&arena, 1), "it grows as any other");
	cr_assert_gt(arena.bytes_taken, taken);
	arena_reset(&arena);
	cr_assert_eq(arena.bytes_taken, 0, "a block of an odd size is not kept");
	arena_finish(&arena);
}

Test(arena_init_exact, refuses_what_is_beyond_the_limit)
{
	struct arena arena;
	cr_assert_not(arena_init_exact(&arena, 100, 100));
	arena_finish(&arena);
}
