/* Decides how a field is called in JSON, as protoc does: an underscore goes, and the letter behind it is a capital. */
#include "wire/json_name.h"

#include <string.h>

/* The next character of the camel-cased name at *at, which it moves on; NUL at the end. */
static char next_of_camel(const char **at, bool starts_a_word)
{
	for (; **at == '_'; (*at)++)
		starts_a_word = true;
	char c = **at;
	if (c != '\0')
		(*at)++;
	if (starts_a_word && c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	return c;
}

void json_put_name(struct buffer *out, const char *name)
{
	char camel[128];
	size_t length = 0;
	for (char c = next_of_camel(&name, false); c != '\0'; c = next_of_camel(&name, false)) {
		if (length == sizeof camel) {
			buffer_put(out, camel, length);
			length = 0;
		}
		camel[length++] = c;
	}
	buffer_put(out, camel, length);
}

/* Whether the text is the field's name in camel case, the first letter large if it starts a word. */
static bool is_camel(const char *field, bool starts_a_word, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, starts_a_word = false)
		if (text[i] == '\0' || next_of_camel(&field, starts_a_word) != text[i])
			return false;
	return next_of_camel(&field, false) == '\0';
}

static bool is_same(const char *field, const char *text, size_t length)
{
	return strncmp(field, text, length) == 0 && field[length] == '\0';
}

/* Rules most fields out at their first letter, which both forms share unless an underscore comes before it. */
static bool may_be(const char *field, const char *text)
{
	return field[0] == text[0] || field[0] == '_';
}

const ProtobufCFieldDescriptor *json_find_field(const ProtobufCMessageDescriptor *type, const char *name, size_t length)
{
	for (unsigned i = 0; length > 0 && i < type->n_fields; i++) {
		const char *field = type->fields[i].name;
		if (may_be(field, name) && (is_camel(field, false, name, length) || is_same(field, name, length)))
			return &type->fields[i];
	}
	return NULL;
}

static bool is_nested(const ProtobufCMessageDescriptor *outer, const ProtobufCMessageDescriptor *inner)
{
	size_t length = strlen(outer->name);
	return strncmp(inner->name, outer->name, length) == 0 && inner->name[length] == '.' &&
	       strcmp(inner->name + length + 1, inner->short_name) == 0;
}

bool json_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	static const char suffix[] = "Entry";
	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	bool is_pair = entry->n_fields == 2 && entry->fields[0].id == 1 && strcmp(entry->fields[0].name, "key") == 0 &&
	               entry->fields[1].id == 2 && strcmp(entry->fields[1].name, "value") == 0;
	if (!is_pair || !is_nested(type, entry))
		return false;
	size_t length = strlen(entry->short_name);
	return length > strlen(suffix) && strcmp(entry->short_name + length - strlen(suffix), suffix) == 0 &&
	       is_camel(field->name, true, entry->short_name, length - strlen(suffix));
}
