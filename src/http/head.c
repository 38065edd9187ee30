/* One pass over the lines; each field is looked at once. */
#include "http/head.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { METHOD_BYTES_MAX = 16, LENGTH_DIGITS_MAX = 18 };

struct text {
	const char *at;
	size_t length;
};

/* What the fields seen so far say. */
struct summary {
	struct head head;
	int hosts, lengths, codings, fields;
	bool is_http_1_0;
};

size_t head_length(const char *bytes, size_t length, size_t seen)
{
	/* The empty line may have begun in what was seen. */
	size_t place = seen > 2 ? seen - 2 : 0;
	while (place < length) {
		const char *line_end = memchr(bytes + place, '\n', length - place);
		if (line_end == NULL)
			return 0;
		size_t next = (size_t)(line_end - bytes) + 1;
		if (next < length && bytes[next] == '\n')
			return next + 1;
		if (next + 1 < length && bytes[next] == '\r' && bytes[next + 1] == '\n')
			return next + 2;
		place = next;
	}
	return 0;
}

/* tchar of RFC 9110 */
static bool is_name_character(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_value_character(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool is_text(struct text text, const char *wanted)
{
	return strlen(wanted) == text.length && strncasecmp(text.at, wanted, text.length) == 0;
}

/* The next line without its end. False: it does not end with CRLF, or has one of the two alone in it. */
static bool next_line(struct text *rest, struct text *ret_line)
{
	const char *line_end = memchr(rest->at, '\n', rest->length);
	if (line_end == NULL || line_end == rest->at || line_end[-1] != '\r')
		return false;
	ret_line->at = rest->at;
	ret_line->length = (size_t)(line_end - rest->at) - 1;
	rest->length -= ret_line->length + 2;
	rest->at = line_end + 1;
	return memchr(ret_line->at, '\r', ret_line->length) == NULL;
}

static enum refusal check_target(struct text target)
{
	if (target.length == 0 || target.at[0] != '/')
		return REFUSAL_BAD_REQUEST_LINE;
	if (target.length > HEAD_TARGET_BYTES_MAX)
		return REFUSAL_TARGET_TOO_LONG;
	for (size_t i = 0; i < target.length; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~' || target.at[i] == '#')
			return REFUSAL_BAD_CHARACTER;
	return REFUSAL_NONE;
}

static enum refusal check_version(struct text version, struct summary *summary)
{
	summary->is_http_1_0 = version.length == 8 && memcmp(version.at, "HTTP/1.0", 8) == 0;
	if (summary->is_http_1_0 || (version.length == 8 && memcmp(version.at, "HTTP/1.1", 8) == 0))
		return REFUSAL_NONE;
	return version.length > 5 && memcmp(version.at, "HTTP/", 5) == 0 ? REFUSAL_BAD_VERSION : REFUSAL_BAD_REQUEST_LINE;
}

static enum refusal check_request_line(struct text line, struct summary *summary)
{
	size_t method_bytes = 0;
	while (method_bytes < line.length && line.at[method_bytes] >= 'A' && line.at[method_bytes] <= 'Z')
		method_bytes++;
	if (method_bytes == 0 || method_bytes > METHOD_BYTES_MAX || method_bytes == line.length ||
	    line.at[method_bytes] != ' ')
		return REFUSAL_BAD_REQUEST_LINE;
	struct text target = {line.at + method_bytes + 1, line.length - method_bytes - 1};
	const char *space = memchr(target.at, ' ', target.length);
	if (space == NULL)
		return REFUSAL_BAD_REQUEST_LINE;
	struct text version = {space + 1, target.length - (size_t)(space - target.at) - 1};
	target.length = (size_t)(space - target.at);
	enum refusal refusal = check_version(version, summary);
	return refusal != REFUSAL_NONE ? refusal : check_target(target);
}

static enum refusal read_length(struct text value, struct summary *summary)
{
	if (value.length == 0 || value.length > LENGTH_DIGITS_MAX)
		return REFUSAL_BAD_LENGTH;
	uint64_t length = 0;
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return REFUSAL_BAD_LENGTH;
		length = length * 10 + (uint64_t)(value.at[i] - '0');
	}
	summary->lengths++;
	summary->head.body = length > 0 ? HEAD_BODY_LENGTH : HEAD_BODY_NONE;
	summary->head.body_bytes = length;
	return REFUSAL_NONE;
}

static enum refusal take_field(struct text name, struct text value, struct summary *summary)
{
	if (is_text(name, "host")) {
		summary->hosts++;
	} else if (is_text(name, "content-length")) {
		return read_length(value, summary);
	} else if (is_text(name, "transfer-encoding")) {
		summary->codings++;
		if (!is_text(value, "chunked"))
			return REFUSAL_BAD_CODING;
	} else if (is_text(name, "expect") && !is_text(value, "100-continue")) {
		return REFUSAL_BAD_EXPECTATION;
	}
	return REFUSAL_NONE;
}

static struct text trim(struct text value)
{
	while (value.length > 0 && (*value.at == ' ' || *value.at == '\t')) {
		value.at++;
		value.length--;
	}
	while (value.length > 0 && (value.at[value.length - 1] == ' ' || value.at[value.length - 1] == '\t'))
		value.length--;
	return value;
}

static enum refusal check_field(struct text line, struct summary *summary)
{
	struct text name = {line.at, 0};
	if (++summary->fields > HEAD_FIELDS_MAX)
		return REFUSAL_TOO_MANY_FIELDS;
	while (name.length < line.length && is_name_character((unsigned char)line.at[name.length]))
		name.length++;
	if (name.length == 0 || name.length == line.length || line.at[name.length] != ':')
		return REFUSAL_BAD_FIELD;
	struct text value = {line.at + name.length + 1, line.length - name.length - 1};
	for (size_t i = 0; i < value.length; i++)
		if (!is_value_character((unsigned char)value.at[i]))
			return REFUSAL_BAD_CHARACTER;
	return take_field(name, trim(value), summary);
}

/* What the fields say together. */
static enum refusal check_summary(struct summary *summary)
{
	if (summary->hosts != 1)
		return REFUSAL_NO_HOST;
	if (summary->lengths + summary->codings > 1)
		return REFUSAL_TWO_LENGTHS;
	if (summary->codings == 1 && summary->is_http_1_0)
		return REFUSAL_BAD_CODING;
	if (summary->codings == 1)
		summary->head.body = HEAD_BODY_CHUNKED;
	return REFUSAL_NONE;
}

enum refusal head_check(const char *bytes, size_t length, struct head *ret_head)
{
	struct text rest = {bytes, length}, line;
	struct summary summary = {0};
	if (!next_line(&rest, &line))
		return REFUSAL_BARE_LF;
	enum refusal refusal = check_request_line(line, &summary);
	while (refusal == REFUSAL_NONE && rest.length > 0) {
		if (!next_line(&rest, &line))
			return REFUSAL_BARE_LF;
		if (line.length == 0)
			break;
		refusal = check_field(line, &summary);
	}
	if (refusal == REFUSAL_NONE)
		refusal = check_summary(&summary);
	if (refusal == REFUSAL_NONE)
		*ret_head = summary.head;
	return refusal;
}
