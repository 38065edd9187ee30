/* Decides how places in JSON text are written. */
#include "wire/json_path.h"

#include "base/text.h"
#include "wire/json_name.h"
#include "wire/json_number.h"

enum { QUOTED_BYTES_MAX = 40 };

void json_put_quoted(struct buffer *out, const char *text, size_t length)
{
	if (!text_is_clean(text, length)) {
		buffer_put_string(out, "(unreadable)");
		return;
	}
	size_t shown = length <= QUOTED_BYTES_MAX ? length : text_whole_characters(text, QUOTED_BYTES_MAX);
	buffer_put_char(out, '"');
	buffer_put(out, text, shown);
	buffer_put_string(out, shown < length ? "…\"" : "\"");
}

void json_put_path(struct buffer *out, const struct json_path *path)
{
	if (path == NULL)
		return;
	json_put_path(out, path->outer);
	if (path->field != NULL) {
		if (path->outer != NULL)
			buffer_put_char(out, '.');
		json_put_name(out, path->field);
		return;
	}
	buffer_put_char(out, '[');
	if (path->key != NULL)
		json_put_quoted(out, path->key, path->key_bytes);
	else
		json_put_unsigned(out, path->index);
	buffer_put_char(out, ']');
}
