/* Decides which texts are base64. */
#include "wire/json_base64.h"

/* The six bits that the character stands for, or -1. */
static int bits_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* The length without padding; padding that does not fill up the last group of four stays. */
static size_t without_padding(const char *text, size_t length)
{
	if (length == 0 || length % 4 != 0 || text[length - 1] != '=')
		return length;
	return length - (text[length - 2] == '=' ? 2 : 1);
}

bool json_read_base64(struct buffer *out, const char *text, size_t length)
{
	unsigned gathered = 0, bits = 0;
	length = without_padding(text, length);
	if (length % 4 == 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		int more = bits_of(text[i]);
		if (more < 0)
			return false;
		gathered = gathered << 6 | (unsigned)more;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buffer_put_char(out, (char)(unsigned char)(gathered >> bits));
			gathered &= (1U << bits) - 1;
		}
	}
	return true;
}

void json_put_base64(struct buffer *out, const uint8_t *bytes, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned group = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
		                 (left > 2 ? (unsigned)bytes[i + 2] : 0);
		char four[] = {alphabet[group >> 18], alphabet[group >> 12 & 63], '=', '='};
		if (left > 1)
			four[2] = alphabet[group >> 6 & 63];
		if (left > 2)
			four[3] = alphabet[group & 63];
		buffer_put(out, four, sizeof four);
	}
}
