/*
 * Requests of all methods: the first byte chooses the method, the rest is its request. What is opened must stay within
 * its arena, and give bytes that open again to the same.
 */
#include <assert.h>
#include <progress/v1/progress_service.pb-c.h>
#include <string.h>

#include "wire/guard.h"
#include "wire/open.h"

enum {
	ARENA_BYTES_MAX = 32 << 20,
	SMALL_BYTES = 4096, /* what passes the guard and is not larger always opens */
};

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

static void open_again(const ProtobufCMessage *message, struct arena *arena)
{
	struct fault fault;
	struct wire_bytes first, second;
	enum err err = wire_seal(message, arena, &first, &fault);
	assert(err == ERR_OK);
	ProtobufCMessage *again;
	if (wire_open(message->descriptor, first.at, first.length, arena, &again, &fault) != ERR_OK)
		return;
	err = wire_seal(again, arena, &second, &fault);
	assert(err == ERR_OK && first.length == second.length && memcmp(first.at, second.at, first.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	if (length == 0)
		return 0;
	const ProtobufCServiceDescriptor *service = &progress__v1__progress_tracker_service__descriptor;
	const ProtobufCMessageDescriptor *type = service->methods[input[0] % service->n_methods].input;
	struct fault fault = {0};
	enum err guarded = guard_check(type, input + 1, length - 1, &guard_limits_default, &fault);
	assert(guarded == fault.code);

	struct arena arena;
	arena_init(&arena, ARENA_BYTES_MAX);
	ProtobufCMessage *message;
	enum err err = wire_open(type, input + 1, length - 1, &arena, &message, &fault);
	assert(err == guarded || (err == ERR_RESOURCE_EXHAUSTED && length > SMALL_BYTES));
	assert(arena.bytes_taken <= ARENA_BYTES_MAX);
	if (err == ERR_OK)
		open_again(message, &arena);
	arena_finish(&arena);
	return 0;
}
