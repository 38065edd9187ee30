/* Memory for tests of the JSON mapping, and what they all do. */
#include "json_text.h"

#include <criterion/criterion.h>
#include <string.h>

#include "wire/json.h"

struct arena json_text_arena;
struct fault json_text_fault;

void json_text_start(void)
{
	arena_init(&json_text_arena, 64 << 20);
}

void json_text_finish(void)
{
	arena_finish(&json_text_arena);
}

struct wire_bytes json_text_open(const ProtobufCMessageDescriptor *type, const char *text, bool ignores_unknown)
{
	struct wire_bytes packed = {0};
	enum err err = json_open(type, text, strlen(text), ignores_unknown, &json_text_arena, &packed, &json_text_fault);
	cr_assert_eq(err, ERR_OK, "%s: %s", text, json_text_fault.text);
	return packed;
}

const char *json_text_seal(const ProtobufCMessageDescriptor *type, struct wire_bytes packed, bool shows_defaults)
{
	struct json_options options = {.shows_defaults = shows_defaults};
	struct buffer out;
	buffer_init(&out, 1 << 20);
	enum err err = json_seal(type, packed.at, packed.length, &options, &out, &json_text_fault);
	cr_assert_eq(err, ERR_OK, "%s", json_text_fault.text);
	buffer_put_char(&out, '\0');
	const char *text = arena_copy_string(&json_text_arena, out.at);
	buffer_finish(&out);
	return text;
}

const char *json_text_again(const ProtobufCMessageDescriptor *type, const char *text)
{
	return json_text_seal(type, json_text_open(type, text, false), false);
}

void json_text_expect_refusal(const ProtobufCMessageDescriptor *type, const char *text, enum err code,
                              const char *reason, const char *part)
{
	struct wire_bytes packed = {0};
	json_text_fault = (struct fault){0};
	enum err err = json_open(type, text, strlen(text), false, &json_text_arena, &packed, &json_text_fault);
	cr_assert_eq(err, code, "%.80s: %d %s", text, err, json_text_fault.text);
	cr_assert_eq(json_text_fault.code, code);
	cr_assert_str_eq(json_text_fault.reason, reason, "%.80s", text);
	cr_assert(strstr(json_text_fault.text, part) != NULL, "\"%s\" in \"%s\"", part, json_text_fault.text);
	cr_assert_null(packed.at);
}
