/* One pass, in place of a copy. */
#include "http/query.h"

#include <string.h>

#include "base/text.h"
#include "wire/open.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that begins at the text, and how many characters it takes; 0: none. */
static size_t decode_one(const char *text, size_t length, char *ret_byte)
{
	*ret_byte = *text;
	if (*text != '%')
		return 1;
	int high = length > 2 ? hex_digit(text[1]) : -1;
	int low = length > 2 ? hex_digit(text[2]) : -1;
	*ret_byte = (char)(high * 16 + low);
	return high >= 0 && low >= 0 ? 3 : 0;
}

enum err query_decode(const char *text, size_t length, const char *what, struct arena *arena, const char **ret_text,
                      struct fault *fault)
{
	char *decoded = arena_take(arena, length + 1);
	if (decoded == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "%s: is too long", what);
	size_t out = 0, step = 0;
	for (size_t in = 0; in < length; in += step) {
		step = decode_one(text + in, length - in, &decoded[out++]);
		if (step == 0)
			return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ENCODING",
			                 "%s: %% must be followed by two hexadecimal digits", what);
	}
	decoded[out] = '\0';
	if (!text_is_clean(decoded, out))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ENCODING", "%s: must be UTF-8 without control characters",
		                 what);
	*ret_text = decoded;
	return ERR_OK;
}
