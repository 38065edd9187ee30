/* How a buffer grows, and what it does at its limit. */
#include "base/buffer.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

Test(buffer_put, keeps_all_that_is_put_up_to_the_limit)
{
	struct buffer buffer;
	buffer_init(&buffer, 10000);
	for (size_t i = 0; i < 10000; i++)
		buffer_put_char(&buffer, (char)('a' + i % 26));
	cr_assert(!buffer.is_full);
	cr_assert_eq(buffer.length, 10000);
	for (size_t i = 0; i < 10000; i++)
		cr_assert_eq(buffer.at[i], 'a' + i % 26);
	buffer_finish(&buffer);
}

Test(buffer_put, puts_all_of_a_piece_or_nothing)
{
	struct buffer buffer;
	buffer_init(&buffer, 5);
	buffer_put_string(&buffer, "abc");
	buffer_put_string(&buffer, "def");
	cr_assert(buffer.is_full);
	cr_assert_eq(buffer.length, 3);
	buffer_clear(&buffer);
	cr_assert(!buffer.is_full);
	buffer_put_string(&buffer, "defgh");
	cr_assert(!buffer.is_full);
	cr_assert_arr_eq(buffer.at, "defgh", 5);
	buffer_finish(&buffer);
	cr_assert_null(buffer.at);
	cr_assert_eq(buffer.bytes_max, 5);
}

Test(buffer_grow, refuses_what_goes_beyond_the_limit)
{
	struct buffer buffer;
	buffer_init(&buffer, 100);
	cr_assert(buffer_grow(&buffer, 100));
	cr_assert_geq(buffer.capacity, 100);
	cr_assert(!buffer_grow(&buffer, 101));
	cr_assert(!buffer_grow(&buffer, SIZE_MAX));
	buffer_finish(&buffer);
}

Test(buffer_release, moves_the_bytes_to_the_caller)
{
	struct buffer buffer;
	buffer_init(&buffer, 100);
	cr_assert_null(buffer_release(&buffer));
	buffer_put_string(&buffer, "mine");
	char *at = buffer_release(&buffer);
	cr_assert_arr_eq(at, "mine", 4);
	cr_assert_eq(buffer.length, 0);
	cr_assert_null(buffer.at);
	free(at);
}
