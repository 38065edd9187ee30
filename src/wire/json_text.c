/* Decides which characters of a string are escaped. Beside those that JSON asks for, these are: <, > and &, which would
 * mean something in HTML, and U+2028 and U+2029, which end a line in older JavaScript. */
#include <stdint.h>
#include <stdio.h>

#include "wire/json.h"

/* Printing characters that do not stand for themselves, or may not: 0xe2 begins the two ends of a line. */
static const bool is_special[256] = {
    ['"'] = true, ['\\'] = true, ['<'] = true, ['>'] = true, ['&'] = true, [0xe2] = true,
};

static void put_escape(struct buffer *out, unsigned character)
{
	char text[8];
	snprintf(text, sizeof text, "\\u%04x", character);
	buffer_put_string(out, text);
}

/* Puts the character that does not stand for itself; how many bytes of the string it was. */
static size_t put_special(struct buffer *out, const unsigned char *at, size_t left)
{
	static const char letters[] = {
	    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
	unsigned char c = *at;
	if (c == 0xe2 && left >= 3 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9)) {
		put_escape(out, 0x2000U + (at[2] & 0x3fU));
		return 3;
	}
	if (c == 0xe2) {
		buffer_put(out, at, 1);
	} else if (c < sizeof letters && letters[c] != '\0') {
		buffer_put_char(out, '\\');
		buffer_put_char(out, letters[c]);
	} else {
		put_escape(out, c);
	}
	return 1;
}

void json_put_string(struct buffer *out, const char *string, size_t length)
{
	const unsigned char *at = (const unsigned char *)string, *end = at + length;
	buffer_put_char(out, '"');
	while (at < end) {
		const unsigned char *plain = at;
		while (at < end && *at >= 0x20 && !is_special[*at])
			at++;
		buffer_put(out, plain, (size_t)(at - plain));
		if (at < end)
			at += put_special(out, at, (size_t)(end - at));
	}
	buffer_put_char(out, '"');
}
