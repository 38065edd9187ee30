/* Bytes that may be no message at all, as JSON: the first byte chooses the type. What seals must be JSON. */
#include <assert.h>

#include "wire/json.h"
#include "wire/json_reader.h"
#include "wire/method.h"

enum { ARENA_BYTES_MAX = 8 << 20, TEXT_BYTES_MAX = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

static void check_text(const struct buffer *text)
{
	struct arena arena;
	struct json_reader reader;
	struct json_value value;
	arena_init(&arena, ARENA_BYTES_MAX);
	json_reader_init(&reader, text->at, text->length, &arena);
	bool is_json = json_read_value(&reader, &value) && json_skip(&reader, &value) && json_read_end(&reader);
	assert(is_json || reader.trouble.code == ERR_RESOURCE_EXHAUSTED);
	arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	if (length == 0)
		return 0;
	size_t count = 0;
	while (method_at(count) != NULL)
		count++;
	const struct method *method = method_at((input[0] & 0x3fU) % count);
	struct json_options options = {.shows_defaults = (input[0] & 0x80) != 0};
	struct fault fault;
	struct buffer text;
	buffer_init(&text, TEXT_BYTES_MAX);
	const ProtobufCMessageDescriptor *type = (input[0] & 0x40) != 0 ? method->output : method->input;
	if (json_seal(type, input + 1, length - 1, &options, &text, &fault) == ERR_OK)
		check_text(&text);
	else
		assert(text.length == 0 && (fault.code == ERR_INTERNAL || fault.code == ERR_RESOURCE_EXHAUSTED));
	buffer_finish(&text);
	return 0;
}
