/* What is remembered of the job that was last written. */
#include "http/memo.h"

#include <criterion/criterion.h>

static struct memo memo;
static struct buffer out;

static void prepare(void)
{
	buffer_init(&out, 1024);
}

static void finish(void)
{
	memo_finish(&memo);
	buffer_finish(&out);
}

TestSuite(memo, .init = prepare, .fini = finish);

static struct wire_bytes bytes_of(const char *string)
{
	return (struct wire_bytes){(const uint8_t *)string, strlen(string)};
}

static void remember(const char *info, const char *text)
{
	memo_remember(&memo, bytes_of(info), text, strlen(text));
}

static void expect(const char *info, const char *text)
{
	cr_assert(memo_recall(&memo, bytes_of(info), &out));
	cr_assert_eq(out.length, strlen(text));
	cr_assert_arr_eq(out.at, text, out.length);
	buffer_clear(&out);
}

Test(memo, recalls_nothing_at_first)
{
	cr_assert_not(memo_recall(&memo, bytes_of(""), &out));
	cr_assert_not(memo_recall(&memo, bytes_of("job"), &out));
	cr_assert_eq(out.length, 0);
}

Test(memo, recalls_the_last_text_for_the_same_bytes_only)
{
	remember("one", "{\"first\":1}");
	expect("one", "{\"first\":1}");
	cr_assert_not(memo_recall(&memo, bytes_of("two"), &out));
	remember("two", "{}");
	expect("two", "{}");
	cr_assert_not(memo_recall(&memo, bytes_of("one"), &out));
}

Test(memo, forgets_what_came_before_something_too_large)
{
	static char large[(1 << 20) + 1];
	remember("one", "{}");
	memo_remember(&memo, bytes_of("two"), large, sizeof large);
	cr_assert_not(memo_recall(&memo, bytes_of("one"), &out));
	cr_assert_not(memo_recall(&memo, bytes_of("two"), &out));
	remember("one", "{}");
	expect("one", "{}");
}
