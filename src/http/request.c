/* The wire format of Protocol Buffers, as far as requests need it. */
#include "http/request.h"

#include <string.h>

#include "http/answer.h"

enum { CAPACITY_FIRST = 256, VARINT_BYTES_MAX = 10, WIRE_VARINT = 0, WIRE_BYTES = 2 };

void request_init(struct request *request, struct arena *arena)
{
	*request = (struct request){.arena = arena};
}

static bool has_room(struct request *request, size_t more)
{
	if (request->is_full || request->length + more <= request->capacity)
		return !request->is_full;
	size_t capacity = request->capacity * 2 + CAPACITY_FIRST;
	if (capacity < request->length + more)
		capacity = request->length + more;
	uint8_t *at = arena_take(request->arena, capacity);
	request->is_full = at == NULL;
	if (request->is_full)
		return false;
	if (request->length > 0)
		memcpy(at, request->at, request->length);
	request->at = at;
	request->capacity = capacity;
	return true;
}

void request_append(struct request *request, const void *bytes, size_t length)
{
	if (length == 0 || !has_room(request, length))
		return;
	memcpy(request->at + request->length, bytes, length);
	request->length += length;
}

static void put_varint(struct request *request, uint64_t number)
{
	uint8_t bytes[VARINT_BYTES_MAX];
	size_t length = 0;
	for (; number > 0x7f; number >>= 7)
		bytes[length++] = (uint8_t)(number | 0x80);
	bytes[length++] = (uint8_t)number;
	request_append(request, bytes, length);
}

void request_put_number(struct request *request, uint32_t field, uint64_t number)
{
	if (number == 0)
		return;
	put_varint(request, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(request, number);
}

void request_put_bytes(struct request *request, uint32_t field, const void *bytes, size_t length)
{
	put_varint(request, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(request, length);
	request_append(request, bytes, length);
}

void request_put_text(struct request *request, uint32_t field, const char *text)
{
	if (text != NULL && *text != '\0')
		request_put_bytes(request, field, text, strlen(text));
}

void request_make(struct request *request, struct exchange *exchange, const char *method,
                  void (*finish)(struct exchange *exchange))
{
	struct request name;
	request_init(&name, &exchange->arena);
	request_append(&name, REQUEST_SERVICE, strlen(REQUEST_SERVICE));
	request_append(&name, method, strlen(method) + 1);
	if (request->is_full || name.is_full) {
		struct fault fault = {0};
		fault_set(&fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the request");
		answer_fault_of(exchange, &fault);
		return;
	}
	/* An empty message still has a place. */
	const uint8_t *at = request->at != NULL ? request->at : (const uint8_t *)"";
	exchange_call(exchange, (const char *)name.at, (struct wire_bytes){at, request->length}, 0, finish);
}
