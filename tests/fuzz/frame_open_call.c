/* Calls: what is opened by hand is what protobuf-c would have unpacked. */
#include "wire/frame.h"

#include <assert.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 64 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

static void compare(const struct frame_call *call, const uint8_t *input, size_t length)
{
	Progress__Rpc__V1__Call *unpacked = progress__rpc__v1__call__unpack(NULL, length, input);
	assert(unpacked != NULL);
	assert(strcmp(call->method, unpacked->method) == 0);
	assert(strcmp(call->authorization, unpacked->authorization) == 0);
	assert(call->timeout_ms == unpacked->timeout_ms);
	assert(call->request.length == unpacked->request.len);
	assert(call->request.length == 0 || memcmp(call->request.at, unpacked->request.data, call->request.length) == 0);
	progress__rpc__v1__call__free_unpacked(unpacked, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	struct arena arena;
	arena_init(&arena, ARENA_BYTES_MAX);
	struct frame_call call;
	struct fault fault = {0};
	enum err err = frame_open_call(input, length, &arena, &call, &fault);
	assert(err == fault.code);
	if (err == ERR_OK)
		compare(&call, input, length);
	arena_finish(&arena);
	return 0;
}
