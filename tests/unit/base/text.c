/* Which strings are clean, are names or are keys. The model of UTF-8 decodes to code points and looks at those. */
#include "base/text.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "support/random.h"

static bool is_clean(const char *string)
{
	return text_is_clean(string, strlen(string));
}

Test(text_is_clean, accepts_text)
{
	cr_assert(is_clean(""));
	cr_assert(is_clean("plain ~!"));
	cr_assert(is_clean("\xc2\xa0\xc3\xa9\xdf\xbf"));
	cr_assert(is_clean("\xe0\xa0\x80\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd"));
	cr_assert(is_clean("\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"));
}

Test(text_is_clean, refuses_overlong_forms)
{
	cr_assert_not(is_clean("\xc0\x80"));
	cr_assert_not(is_clean("\xc1\xbf"));
	cr_assert_not(is_clean("\xe0\x80\x80"));
	cr_assert_not(is_clean("\xe0\x9f\xbf"));
	cr_assert_not(is_clean("\xf0\x80\x80\x80"));
	cr_assert_not(is_clean("\xf0\x8f\xbf\xbf"));
}

Test(text_is_clean, refuses_surrogates_and_what_lies_above_unicode)
{
	cr_assert_not(is_clean("\xed\xa0\x80"));
	cr_assert_not(is_clean("\xed\xbf\xbf"));
	cr_assert_not(is_clean("\xf4\x90\x80\x80"));
	cr_assert_not(is_clean("\xf5\x80\x80\x80"));
	cr_assert_not(is_clean("\xff"));
}

Test(text_is_clean, refuses_truncated_and_stray_bytes)
{
	cr_assert_not(is_clean("\x80"));
	cr_assert_not(is_clean("a\xc3"));
	cr_assert_not(is_clean("\xe2\x82"));
	cr_assert_not(is_clean("\xe2\x82z"));
	cr_assert_not(is_clean("\xf0\x9f\x98"));
	cr_assert_not(is_clean("\xc3\xc3\xa9"));
	/* Looks whole to one who reads beyond the length. */
	cr_assert_not(text_is_clean("\xe2\x82\xac", 2));
}

Test(text_is_clean, refuses_control_characters)
{
	for (unsigned char c = 0; c < 0x20; c++)
		cr_assert_not(text_is_clean(&c, 1), "byte %u", c);
	cr_assert_not(is_clean("\x7f"));
	for (unsigned char c = 0x80; c < 0xa0; c++)
		cr_assert_not(text_is_clean((unsigned char[]){0xc2, c}, 2), "U+%04X", c);
}

/* Writes the code point as UTF-8 would have it with `length` bytes, whether that is allowed or not. */
static void encode(uint32_t point, size_t length, unsigned char *out)
{
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = length - 1; i > 0; i--, point >>= 6)
		out[i] = (unsigned char)(0x80 | (point & 0x3f));
	out[0] = (unsigned char)(leads[length] | point);
}

Test(text_is_clean, agrees_with_the_definition_for_every_code_point)
{
	static const uint32_t ends[] = {0, 0x80, 0x800, 0x10000, 0x200000};
	for (size_t length = 1; length <= 4; length++) {
		for (uint32_t point = 0; point < ends[length]; point += point < 0x11000 ? 1 : 61) {
			unsigned char bytes[4];
			encode(point, length, bytes);
			bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
			bool is_scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
			bool expected = point >= ends[length - 1] && is_scalar && !is_control;
			cr_assert_eq(text_is_clean(bytes, length), expected, "U+%04X in %zu bytes", point, length);
		}
	}
}

Test(text_is_name, takes_the_letters_of_the_contract_up_to_128)
{
	cr_assert(text_is_name("a"));
	cr_assert(text_is_name("Job-1.b_c:D"));
	cr_assert_not(text_is_name(""));
	cr_assert_not(text_is_name("-a"));
	cr_assert_not(text_is_name("a b"));
	cr_assert_not(text_is_name("a/b"));
	cr_assert_not(text_is_name("\xc3\xa9"));
	char letters[130];
	memset(letters, 'x', sizeof letters);
	letters[129] = '\0';
	cr_assert_not(text_is_name(letters));
	letters[128] = '\0';
	cr_assert(text_is_name(letters));
}

Test(text_is_key, takes_up_to_64_letters_and_no_colon)
{
	cr_assert(text_is_key(".video_id-1"));
	cr_assert_not(text_is_key(""));
	cr_assert_not(text_is_key("a:b"));
	char letters[66];
	memset(letters, 'x', sizeof letters);
	letters[65] = '\0';
	cr_assert_not(text_is_key(letters));
	letters[64] = '\0';
	cr_assert(text_is_key(letters));
}

Test(text_whole_characters, cuts_between_characters_only)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
	for (size_t length = 0; length < sizeof expected / sizeof expected[0]; length++)
		cr_assert_eq(text_whole_characters(text, length), expected[length], "of %zu", length);
}

Test(text_whole_characters, leaves_a_clean_prefix_of_any_clean_text)
{
	struct random random;
	random_start(&random, "text_whole_characters");
	for (int round = 0; round < 1000; round++) {
		char text[200] = "";
		while (strlen(text) < 150) {
			static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
			strcat(text, characters[random_below(&random, 4)]);
		}
		size_t length = (size_t)random_below(&random, 160);
		size_t whole = text_whole_characters(text, length);
		cr_assert_leq(whole, length);
		cr_assert(whole == strlen(text) || whole + 4 > length);
		cr_assert(text_is_clean(text, whole));
	}
}
