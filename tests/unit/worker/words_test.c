#include <criterion/criterion.h>

#include "words.h"

Test(words_between, counts_a_word_where_its_middle_is)
{
	struct words words = {0};
	for (int i = 0; i < 1000; i++) {
		struct word word = {.text = "w", .start = i, .end = i + 1};
		cr_assert(words_add(&words, &word));
	}
	size_t count;
	cr_assert_eq(words_between(&words, 10.4, 12.4, &count), 10);
	cr_assert_eq(count, 2);
	cr_assert_eq(words_between(&words, 10.6, 12.6, &count), 11);
	cr_assert_eq(count, 2);
	words_between(&words, 5000, 6000, &count);
	cr_assert_eq(count, 0);
	words_between(&words, 20, 10, &count);
	cr_assert_eq(count, 0);
	words_clear(&words);
	cr_assert_eq(words.count, 0);
}
