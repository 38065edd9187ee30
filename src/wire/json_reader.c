/* Decides what counts as JSON text, and when there is too much of it. */
#include "wire/json_reader.h"

#include <stdint.h>
#include <string.h>

#include "wire/guard.h"
#include "wire/json.h"
#include "wire/open.h"

static bool refuse_with(struct json_reader *reader, enum err code, const char *reason, const char *text)
{
	reader->trouble.code = code;
	reader->trouble.reason = reason;
	reader->trouble.text = text;
	return false;
}

static bool refuse(struct json_reader *reader, const char *text)
{
	return refuse_with(reader, ERR_INVALID_ARGUMENT, "MALFORMED_JSON", text);
}

void json_reader_init(struct json_reader *reader, const char *text, size_t length, struct arena *arena)
{
	*reader = (struct json_reader){
	    .start = text,
	    .at = text,
	    .end = text + length,
	    .arena = arena,
	    .values_left = guard_limits_default.parts_max,
	    .depth_left = JSON_DEPTH_MAX,
	};
}

static void skip_space(struct json_reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
		reader->at++;
}

/* Takes the character if it is the next one, after white space. */
static bool take(struct json_reader *reader, char c)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/* Beyond the fraction that begins here; `at` itself if there is none, NULL if it is cut off. */
static const char *skip_fraction(const char *at, const char *end)
{
	if (at == end || *at != '.')
		return at;
	const char *after = skip_digits(at + 1, end);
	return after == at + 1 ? NULL : after;
}

static const char *skip_exponent(const char *at, const char *end)
{
	if (at == end || (*at != 'e' && *at != 'E'))
		return at;
	const char *digits = at + 1;
	if (digits < end && (*digits == '+' || *digits == '-'))
		digits++;
	const char *after = skip_digits(digits, end);
	return after == digits ? NULL : after;
}

size_t json_number_length(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	if (at < end && *at == '-')
		at++;
	const char *digits = at;
	at = skip_digits(at, end);
	if (at == digits || (*digits == '0' && at - digits > 1))
		return 0;
	at = skip_fraction(at, end);
	if (at != NULL)
		at = skip_exponent(at, end);
	return at == NULL ? 0 : (size_t)(at - text);
}

static bool read_number(struct json_reader *reader, struct json_value *ret_value)
{
	size_t length = json_number_length(reader->at, (size_t)(reader->end - reader->at));
	if (length == 0)
		return refuse(reader, "a value is missing or no JSON");
	*ret_value = (struct json_value){JSON_NUMBER, reader->at, length};
	reader->at += length;
	return true;
}

static bool read_word(struct json_reader *reader, const char *word, enum json_kind kind, struct json_value *ret_value)
{
	size_t length = strlen(word);
	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return refuse(reader, "a value is missing or no JSON");
	*ret_value = (struct json_value){kind, reader->at, length};
	reader->at += length;
	return true;
}

/* The four hexadecimal digits as a number, or -1. */
static int32_t read_hex(const char *at, const char *end)
{
	int32_t number = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i], lower = (char)(c | 0x20);
		if (is_digit(c))
			number = number * 16 + (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			number = number * 16 + (lower - 'a' + 10);
		else
			return -1;
	}
	return number;
}

static char *put_utf8(char *out, uint32_t character)
{
	if (character < 0x80) {
		*out++ = (char)character;
		return out;
	}
	int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const unsigned char firsts[] = {0, 0xc0, 0xe0, 0xf0};
	*out++ = (char)(firsts[more] | character >> 6 * more);
	while (more-- > 0)
		*out++ = (char)(0x80 | (character >> 6 * more & 0x3f));
	return out;
}

/* Decodes the escape whose backslash is at reader->at and steps over it. It is never shorter than what comes out. */
static bool decode_unicode(struct json_reader *reader, char **out)
{
	int32_t first = read_hex(reader->at + 2, reader->end);
	if (first < 0)
		return refuse(reader, "\\u must be followed by four hexadecimal digits");
	reader->at += 6;
	if (first < 0xd800 || first > 0xdfff) {
		*out = put_utf8(*out, (uint32_t)first);
		return true;
	}
	bool has_second = first < 0xdc00 && reader->end - reader->at >= 6 && reader->at[0] == '\\' && reader->at[1] == 'u';
	int32_t second = has_second ? read_hex(reader->at + 2, reader->end) : -1;
	if (second < 0xdc00 || second > 0xdfff)
		return refuse(reader, "half of a surrogate pair is missing");
	*out = put_utf8(*out, 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00));
	reader->at += 6;
	return true;
}

static bool decode_escape(struct json_reader *reader, char **out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	if (reader->end - reader->at < 2)
		return refuse(reader, "a string is cut off");
	char letter = reader->at[1];
	if (letter == 'u')
		return decode_unicode(reader, out);
	const char *known = letter == '\0' ? NULL : strchr(letters, letter);
	if (known == NULL)
		return refuse(reader, "an escape is unknown; allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
	*(*out)++ = meanings[known - letters];
	reader->at += 2;
	return true;
}

/* Beyond the characters that stand for themselves. */
static const char *skip_plain(const char *at, const char *end)
{
	while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
		at++;
	return at;
}

/* The rest of a string that begins at `text` and has its first escape at reader->at. */
static bool decode_rest(struct json_reader *reader, const char *text, size_t room_bytes, struct json_value *ret_value)
{
	char *room = arena_take(reader->arena, room_bytes);
	if (room == NULL)
		return refuse_with(reader, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "a string takes too much memory");
	char *out = room;
	const char *from = text;
	for (;;) {
		memcpy(out, from, (size_t)(reader->at - from));
		out += reader->at - from;
		if (reader->at == reader->end || *reader->at != '\\')
			break;
		if (!decode_escape(reader, &out))
			return false;
		from = reader->at;
		reader->at = skip_plain(reader->at, reader->end);
	}
	*ret_value = (struct json_value){JSON_STRING, room, (size_t)(out - room)};
	return true;
}

/* Where the string ends whose opening quote is behind us, or the end of the text: room enough for it decoded. */
static const char *find_quote(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return at;
}

static bool read_string(struct json_reader *reader, struct json_value *ret_value)
{
	const char *text = ++reader->at;
	reader->at = skip_plain(text, reader->end);
	if (reader->at < reader->end && *reader->at == '\\') {
		if (!decode_rest(reader, text, (size_t)(find_quote(reader->at, reader->end) - text), ret_value))
			return false;
	} else {
		*ret_value = (struct json_value){JSON_STRING, text, (size_t)(reader->at - text)};
	}
	if (reader->at == reader->end)
		return refuse(reader, "a string is cut off");
	if (*reader->at != '"')
		return refuse(reader, "a control character in a string must be escaped");
	reader->at++;
	return true;
}

static bool enter(struct json_reader *reader, enum json_kind kind, struct json_value *ret_value)
{
	if (reader->depth_left == 0)
		return refuse_with(reader, ERR_RESOURCE_EXHAUSTED, "TOO_DEEP",
		                   "arrays and objects are nested too deep, at most 32 levels are allowed");
	*ret_value = (struct json_value){kind, reader->at, 1};
	reader->depth_left--;
	reader->is_fresh = true;
	reader->at++;
	return true;
}

static void leave(struct json_reader *reader)
{
	reader->depth_left++;
	reader->is_fresh = false;
}

bool json_read_value(struct json_reader *reader, struct json_value *ret_value)
{
	skip_space(reader);
	if (reader->values_left == 0)
		return refuse_with(reader, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_PARTS",
		                   "too many values, at most 200000 are allowed");
	reader->values_left--;
	switch (reader->at < reader->end ? *reader->at : '\0') {
	case '{':
		return enter(reader, JSON_OBJECT, ret_value);
	case '[':
		return enter(reader, JSON_ARRAY, ret_value);
	case '"':
		return read_string(reader, ret_value);
	case 'n':
		return read_word(reader, "null", JSON_NULL, ret_value);
	case 't':
		return read_word(reader, "true", JSON_TRUE, ret_value);
	case 'f':
		return read_word(reader, "false", JSON_FALSE, ret_value);
	default:
		return read_number(reader, ret_value);
	}
}

/* Steps over the closing bracket, or the comma before the next part. */
static bool step(struct json_reader *reader, char closing, const char *expectation, bool *ret_is_over)
{
	if (take(reader, closing)) {
		leave(reader);
		*ret_is_over = true;
		return true;
	}
	if (!reader->is_fresh && !take(reader, ','))
		return refuse(reader, expectation);
	reader->is_fresh = false;
	*ret_is_over = false;
	return true;
}

bool json_read_element(struct json_reader *reader, bool *ret_is_over)
{
	return step(reader, ']', "a comma or ] is missing", ret_is_over);
}

bool json_read_member(struct json_reader *reader, struct json_value *ret_name, bool *ret_is_over)
{
	if (!step(reader, '}', "a comma or } is missing", ret_is_over))
		return false;
	if (*ret_is_over)
		return true;
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != '"')
		return refuse(reader, "the name of a member is missing");
	if (!read_string(reader, ret_name))
		return false;
	return take(reader, ':') || refuse(reader, "a colon is missing after a member's name");
}

bool json_skip(struct json_reader *reader, const struct json_value *value)
{
	struct json_value name, inner;
	bool is_over = value->kind != JSON_ARRAY && value->kind != JSON_OBJECT;
	while (!is_over) {
		bool is_read =
		    value->kind == JSON_ARRAY ? json_read_element(reader, &is_over) : json_read_member(reader, &name, &is_over);
		if (!is_read)
			return false;
		if (!is_over && !(json_read_value(reader, &inner) && json_skip(reader, &inner)))
			return false;
	}
	return true;
}

bool json_read_end(struct json_reader *reader)
{
	skip_space(reader);
	return reader->at == reader->end || refuse(reader, "there is more after the value");
}
