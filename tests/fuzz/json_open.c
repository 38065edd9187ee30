/*
 * JSON of all methods' messages: the first byte chooses the type and whether unknown members are skipped, the rest is
 * text. What opens must stay within its arena, seal, and open again to the same bytes; what is refused must say why.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "wire/guard.h"
#include "wire/json.h"
#include "wire/method.h"

enum { ARENA_BYTES_MAX = 8 << 20, TEXT_BYTES_MAX = 8 << 20, IGNORES_UNKNOWN = 0x80, IS_OUTPUT = 0x40 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

static const ProtobufCMessageDescriptor *choose_type(uint8_t choice)
{
	size_t count = 0;
	while (method_at(count) != NULL)
		count++;
	const struct method *method = method_at((choice & 0x3fU) % count);
	return (choice & IS_OUTPUT) != 0 ? method->output : method->input;
}

static void seal_and_open_again(const ProtobufCMessageDescriptor *type, struct wire_bytes first, struct arena *arena)
{
	struct buffer text, text_again;
	struct fault fault;
	struct wire_bytes second;
	buffer_init(&text, TEXT_BYTES_MAX);
	buffer_init(&text_again, TEXT_BYTES_MAX);
	enum err err = json_seal(type, first.at, first.length, &json_options_default, &text, &fault);
	assert(err == ERR_OK);
	if (json_open(type, text.at, text.length, false, arena, &second, &fault) == ERR_OK) {
		err = json_seal(type, second.at, second.length, &json_options_default, &text_again, &fault);
		assert(err == ERR_OK && text_again.length == text.length && memcmp(text_again.at, text.at, text.length) == 0);
	} else {
		assert(fault.code == ERR_RESOURCE_EXHAUSTED);
	}
	buffer_finish(&text);
	buffer_finish(&text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	if (length == 0)
		return 0;
	const ProtobufCMessageDescriptor *type = choose_type(input[0]);
	struct fault fault = {0};
	struct arena arena;
	struct wire_bytes packed;
	arena_init(&arena, ARENA_BYTES_MAX);
	enum err err = json_open(type, (const char *)input + 1, length - 1, (input[0] & IGNORES_UNKNOWN) != 0, &arena,
	                         &packed, &fault);
	assert(err == fault.code && arena.bytes_taken <= ARENA_BYTES_MAX);
	if (err == ERR_OK) {
		err = guard_check(type, packed.at, packed.length, &guard_limits_default, &fault);
		assert(err == ERR_OK);
		seal_and_open_again(type, packed, &arena);
	} else {
		assert(text_is_clean(fault.text, strlen(fault.text)) && fault.text[0] != '\0');
	}
	arena_finish(&arena);
	return 0;
}
