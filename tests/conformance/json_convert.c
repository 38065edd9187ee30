/*
 * Converts messages for a comparison with another implementation of the JSON mapping. Each line of stdin is a request,
 * each line of stdout its answer; bytes are hexadecimal: types                       → type names, with spaces between
 * them open TYPE TEXT              → ok BYTES, or CODE TEXT seal TYPE BYTES             → ok JSON, or CODE TEXT
 *     seal-defaults TYPE BYTES    → the same with default values
 * TEXT is JSON in hexadecimal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/types.h"
#include "wire/json.h"

enum { ARENA_BYTES_MAX = 16 << 20, TEXT_BYTES_MAX = 16 << 20 };

/* Turns hexadecimal digits into bytes, in place; how many. */
static size_t from_hex(char *hex)
{
	size_t count = strlen(hex) / 2;
	for (size_t i = 0; i < count; i++) {
		char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};
		hex[i] = (char)(unsigned char)strtoul(pair, NULL, 16);
	}
	return count;
}

static void tell_fault(const struct fault *fault)
{
	printf("%s %s\n", err_text(fault->code), fault->text);
}

static void convert_open(const ProtobufCMessageDescriptor *type, char *hex)
{
	struct arena arena;
	struct wire_bytes packed;
	struct fault fault;
	size_t length = from_hex(hex);
	arena_init(&arena, ARENA_BYTES_MAX);
	if (json_open(type, hex, length, false, &arena, &packed, &fault) != ERR_OK) {
		tell_fault(&fault);
	} else {
		printf("ok ");
		for (size_t i = 0; i < packed.length; i++)
			printf("%02x", packed.at[i]);
		printf("\n");
	}
	arena_finish(&arena);
}

static void convert_seal(const ProtobufCMessageDescriptor *type, char *hex, bool shows_defaults)
{
	struct json_options options = {.shows_defaults = shows_defaults};
	struct buffer text;
	struct fault fault;
	size_t length = from_hex(hex);
	buffer_init(&text, TEXT_BYTES_MAX);
	if (json_seal(type, (const uint8_t *)hex, length, &options, &text, &fault) != ERR_OK)
		tell_fault(&fault);
	else
		printf("ok %.*s\n", (int)text.length, text.at);
	buffer_finish(&text);
}

static void tell_types(const struct types *types)
{
	for (size_t i = 0; i < types->count; i++)
		printf("%s%s", i == 0 ? "" : " ", types->at[i]->name);
	printf("\n");
}

static void answer(const struct types *types, char *line)
{
	char *rest = line;
	const char *verb = strsep(&rest, " "), *name = strsep(&rest, " ");
	const ProtobufCMessageDescriptor *type = name != NULL ? types_find(types, name) : NULL;
	if (strcmp(verb, "types") == 0)
		tell_types(types);
	else if (type == NULL || rest == NULL)
		printf("unknown request\n");
	else if (strcmp(verb, "open") == 0)
		convert_open(type, rest);
	else
		convert_seal(type, rest, strcmp(verb, "seal-defaults") == 0);
	fflush(stdout);
}

int main(void)
{
	static struct types types;
	char *line = NULL;
	size_t room_bytes = 0;
	types_collect(&types);
	while (getline(&line, &room_bytes, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		answer(&types, line);
	}
	free(line);
	return 0;
}
