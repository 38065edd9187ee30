/* Decides where protobuf-c takes its memory from: an arena, and not more of it than one message may cost. */
#include "wire/open.h"

#include <assert.h>

#include "wire/guard.h"

struct purse {
	struct arena *arena;
	size_t left;
};

static void *take(void *context, size_t bytes)
{
	struct purse *purse = context;
	if (bytes > purse->left)
		return NULL;
	purse->left -= bytes;
	return arena_take(purse->arena, bytes);
}

/* protobuf-c gives its notes back, and what a repeated field replaces; in an arena all that waits for the end. */
static void keep(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

enum err wire_open(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length, struct arena *arena,
                   ProtobufCMessage **ret_message, struct fault *fault)
{
	enum err err = guard_check(type, bytes, length, &guard_limits_default, fault);
	if (err != ERR_OK)
		return err;
	struct purse purse = {arena, WIRE_OPEN_BYTES_MAX};
	ProtobufCAllocator allocator = {.alloc = take, .free = keep, .allocator_data = &purse};
	/* What has passed the guard is well formed, so only memory can be missing. */
	ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, length, bytes);
	if (message == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL,
		                 "%s: opening the message takes too much memory", type->name);
	*ret_message = message;
	return ERR_OK;
}

enum err wire_seal(const ProtobufCMessage *message, struct arena *arena, struct wire_bytes *ret_bytes,
                   struct fault *fault)
{
	size_t length = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_take(arena, length);
	if (bytes == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "%s: no memory to pack %zu bytes",
		                 message->descriptor->name, length);
	size_t written = protobuf_c_message_pack(message, bytes);
	assert(written == length);
	*ret_bytes = (struct wire_bytes){bytes, length};
	return ERR_OK;
}
