/* Decides which strings from outside are let in. */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Length of the character that starts here, 2 to 4, or 0 if none that is allowed does. The second byte tells overlong
 * forms, surrogates, C1 controls and what lies above U+10FFFF from the rest. */
static size_t wide_character(const unsigned char *at, size_t left)
{
	unsigned char first = at[0];
	unsigned char second = left > 1 ? at[1] : 0;
	unsigned char low = 0x80, high = 0xbf;
	size_t length;
	if (first >= 0xc2 && first <= 0xdf) {
		length = 2;
		low = first == 0xc2 ? 0xa0 : low;
	} else if (first >= 0xe0 && first <= 0xef) {
		length = 3;
		low = first == 0xe0 ? 0xa0 : low;
		high = first == 0xed ? 0x9f : high;
	} else if (first >= 0xf0 && first <= 0xf4) {
		length = 4;
		low = first == 0xf0 ? 0x90 : low;
		high = first == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (left < length || second < low || second > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(at[i]))
			return 0;
	return length;
}

/* Whether the eight bytes are all printable ASCII; a borrow or carry between them only makes it say no too often. */
static bool is_printable_ascii(const unsigned char at[8])
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	uint64_t below_space = word - UINT64_C(0x2020202020202020);
	uint64_t above_tilde = word + UINT64_C(0x0101010101010101);
	return ((word | below_space | above_tilde) & UINT64_C(0x8080808080808080)) == 0;
}

bool text_is_clean(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	size_t i = 0;
	while (i < length) {
		if (length - i >= 8 && is_printable_ascii(at + i)) {
			i += 8;
			continue;
		}
		if (at[i] < 0x80) {
			if (at[i] < 0x20 || at[i] == 0x7f)
				return false;
			i++;
			continue;
		}
		size_t step = wide_character(at + i, length - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether the string has 1 to `length_max` characters, each a letter, a digit or one of `others`. */
static bool consists_of(const char *string, const char *others, size_t length_max)
{
	size_t length = 0;
	for (; string[length] != '\0'; length++)
		if (length == length_max || (!is_alphanumeric(string[length]) && strchr(others, string[length]) == NULL))
			return false;
	return length > 0;
}

bool text_is_name(const char *string)
{
	return is_alphanumeric(string[0]) && consists_of(string, "._:-", 128);
}

bool text_is_key(const char *string)
{
	return consists_of(string, "_.-", 64);
}

size_t text_whole_characters(const char *string, size_t length)
{
	size_t whole = strnlen(string, length);
	if (whole < length || string[whole] == '\0')
		return whole;
	/* A character has at most three continuation bytes: more of them are no character that could be cut. */
	for (size_t back = 0; back <= 3 && back <= whole; back++)
		if (!is_continuation((unsigned char)string[whole - back]))
			return whole - back;
	return whole;
}
