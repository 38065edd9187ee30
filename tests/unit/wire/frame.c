/* The frames by hand are the frames of protobuf-c. */
#include "wire/frame.h"

#include <criterion/criterion.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <string.h>

#include "bytes.h"
#include "support/random.h"

static struct bytes bytes;
static struct arena arena;
static struct fault fault;
static struct frame_call call;

static void start(void)
{
	arena_init(&arena, 1 << 20);
}

static void finish(void)
{
	arena_finish(&arena);
}

TestSuite(frame_open_call, .init = start, .fini = finish);

static enum err open_call(void)
{
	call = (struct frame_call){0};
	fault = (struct fault){0};
	return frame_open_call(bytes.at, bytes.length, &arena, &call, &fault);
}

static void expect_refused(enum err code, const char *text_part)
{
	cr_assert_eq(open_call(), code);
	cr_assert_eq(fault.code, code);
	cr_assert(strstr(fault.text, text_part) != NULL, "\"%s\" in \"%s\"", text_part, fault.text);
}

static void fill_letters(char *letters, size_t length)
{
	memset(letters, 'x', length);
	letters[length] = '\0';
}

Test(frame_open_call, agrees_with_protobuf_c_on_random_calls)
{
	struct random random;
	random_start(&random, "frame_open_call");
	static char method[FRAME_METHOD_BYTES_MAX + 1], authorization[FRAME_AUTHORIZATION_BYTES_MAX + 1];
	static uint8_t request[70000];
	static char key[] = "traceparent", value[] = "00-ab";
	Progress__Rpc__V1__Call__MetadataEntry entry = PROGRESS__RPC__V1__CALL__METADATA_ENTRY__INIT;
	entry.key = key;
	entry.value = value;
	Progress__Rpc__V1__Call__MetadataEntry *entries[] = {&entry};
	for (int round = 0; round < 2000; round++) {
		Progress__Rpc__V1__Call packed = PROGRESS__RPC__V1__CALL__INIT;
		fill_letters(method, 1 + random_below(&random, FRAME_METHOD_BYTES_MAX));
		fill_letters(authorization, random_below(&random, random_below(&random, 2) == 0 ? 2 : 2000));
		packed.method = method;
		packed.authorization = authorization;
		packed.request.data = request;
		packed.request.len = random_below(&random, random_below(&random, 2) == 0 ? 10 : sizeof request);
		packed.timeout_ms = (uint32_t)random_below(&random, random_below(&random, 2) == 0 ? 2 : 1ull << 32);
		packed.metadata = entries;
		packed.n_metadata = random_below(&random, 2);
		bytes_pack(&bytes, &packed.base);
		cr_assert_eq(open_call(), ERR_OK, "%s", fault.text);
		cr_assert_str_eq(call.method, method);
		cr_assert_str_eq(call.authorization, authorization);
		cr_assert_eq(call.timeout_ms, packed.timeout_ms);
		cr_assert_eq(call.request.length, packed.request.len);
		cr_assert_eq(memcmp(call.request.at, request, packed.request.len), 0);
		arena_reset(&arena);
	}
}

Test(frame_open_call, borrows_the_request)
{
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	bytes_add_text(&bytes, 2, "request");
	cr_assert_eq(open_call(), ERR_OK);
	cr_assert_eq(call.request.at, bytes.at + bytes.length - 7);
	cr_assert_eq(call.request.length, 7);
	cr_assert_str_eq(call.authorization, "");
	cr_assert_eq(call.timeout_ms, 0);
}

Test(frame_open_call, gives_an_empty_request_that_is_not_null)
{
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	cr_assert_eq(open_call(), ERR_OK);
	cr_assert_eq(call.request.length, 0);
	cr_assert_not_null(call.request.at);
}

Test(frame_open_call, lets_the_last_of_a_repeated_field_count_and_skips_unknown_ones)
{
	bytes.length = 0;
	bytes_add_text(&bytes, 2, "first");
	bytes_add_text(&bytes, 1, "/a.B/C");
	bytes_add_text(&bytes, 99, "\xff");
	bytes_add_text(&bytes, 1, "/a.B/D");
	bytes_add_text(&bytes, 2, "second");
	cr_assert_eq(open_call(), ERR_OK);
	cr_assert_str_eq(call.method, "/a.B/D");
	cr_assert_eq(memcmp(call.request.at, "second", 6), 0);
}

Test(frame_open_call, refuses_a_call_without_a_method)
{
	bytes.length = 0;
	expect_refused(ERR_INVALID_ARGUMENT, "method: ");
	cr_assert_eq(frame_open_call(NULL, 0, &arena, &call, &fault), ERR_INVALID_ARGUMENT);
	bytes_add_text(&bytes, 2, "request");
	expect_refused(ERR_INVALID_ARGUMENT, "method: ");
}

Test(frame_open_call, refuses_broken_bytes)
{
	static const char *const broken[] = {"\x0a\x05xyz",  "\x0a\xff\xff\xff\xff\x07",
	                                     "\x0b",         "\x1a\x01x",
	                                     "\x08\x01",     "\x10\x01",
	                                     "\x22\x01\xff", "\x0a",
	                                     "\x18\xff",     "\x02"};
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		bytes.length = 0;
		bytes_add(&bytes, broken[i], strlen(broken[i]));
		cr_assert_eq(open_call(), ERR_INVALID_ARGUMENT, "case %zu", i);
	}
}

Test(frame_open_call, refuses_texts_that_are_unclean_or_too_long)
{
	static char letters[FRAME_AUTHORIZATION_BYTES_MAX + 2];
	bytes.length = 0;
	bytes_add_field(&bytes, 1, "/a\0b", 4);
	expect_refused(ERR_INVALID_ARGUMENT, "method: must be well-formed UTF-8");
	bytes.length = 0;
	fill_letters(letters, FRAME_METHOD_BYTES_MAX + 1);
	bytes_add_text(&bytes, 1, letters);
	expect_refused(ERR_INVALID_ARGUMENT, "method: at most 256 bytes");
	bytes.length = 0;
	fill_letters(letters, FRAME_AUTHORIZATION_BYTES_MAX + 1);
	bytes_add_text(&bytes, 4, letters);
	expect_refused(ERR_INVALID_ARGUMENT, "authorization: at most 8192 bytes");
}

Test(frame_open_call, checks_metadata_and_limits_it)
{
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	bytes_add_text(&bytes, 5, "\x0a\x01\xff");
	expect_refused(ERR_INVALID_ARGUMENT, "key: ");
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	for (int i = 0; i < FRAME_METADATA_ENTRIES_MAX; i++)
		bytes_add_text(&bytes, 5, "\x0a\x01k");
	cr_assert_eq(open_call(), ERR_OK);
	bytes_add_text(&bytes, 5, "\x0a\x01k");
	expect_refused(ERR_RESOURCE_EXHAUSTED, "metadata: at most 64");
}

Test(frame_open_call, limits_what_a_frame_has_beside_its_request)
{
	static char letters[20000];
	fill_letters(letters, sizeof letters - 1);
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	bytes_add_text(&bytes, 2, letters);
	cr_assert_eq(open_call(), ERR_OK);
	bytes_add_text(&bytes, 2, "the other is waste now");
	expect_refused(ERR_RESOURCE_EXHAUSTED, "beside the request");
}

Test(frame_open_call, is_refused_when_the_arena_is_full)
{
	struct arena small;
	arena_init(&small, 10);
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "/a.B/C");
	cr_assert_eq(frame_open_call(bytes.at, bytes.length, &small, &call, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(fault.reason, WIRE_ARENA_FULL);
	arena_finish(&small);
}

static void expect_same_reply(const struct frame_reply *reply)
{
	Progress__Rpc__V1__Reply packed = PROGRESS__RPC__V1__REPLY__INIT;
	static char message[20000], reason[100];
	packed.code = reply->code;
	if (reply->message != NULL)
		packed.message = strcpy(message, reply->message);
	if (reply->reason != NULL)
		packed.reason = strcpy(reason, reply->reason);
	static uint8_t response[70000];
	memcpy(response, reply->response.at, reply->response.length);
	packed.response.data = response;
	packed.response.len = reply->response.length;
	packed.durability = (Progress__Rpc__V1__Durability)reply->durability;
	bytes_pack(&bytes, &packed.base);

	static uint8_t sealed[100000];
	sealed[bytes.length] = 0xa5;
	cr_assert_eq(frame_reply_bytes(reply), bytes.length);
	frame_seal_reply(reply, sealed);
	cr_assert_eq(memcmp(sealed, bytes.at, bytes.length), 0);
	cr_assert_eq(sealed[bytes.length], 0xa5);
}

Test(frame_seal_reply, writes_what_protobuf_c_would_write)
{
	struct random random;
	random_start(&random, "frame_seal_reply");
	static char message[20000];
	static uint8_t response[70000];
	for (int round = 0; round < 2000; round++) {
		fill_letters(message, random_below(&random, random_below(&random, 2) == 0 ? 3 : sizeof message));
		struct frame_reply reply = {
		    .code = (int32_t)random_below(&random, 20) - 1,
		    .message = random_below(&random, 3) == 0 ? NULL : message,
		    .reason = random_below(&random, 2) == 0 ? NULL : "JOB_NOT_FOUND",
		    .response = {response, random_below(&random, random_below(&random, 2) == 0 ? 3 : sizeof response)},
		    .durability = (int)random_below(&random, 4),
		};
		expect_same_reply(&reply);
	}
}

Test(frame_seal_reply, writes_nothing_for_an_empty_success)
{
	struct frame_reply reply = {0};
	cr_assert_eq(frame_reply_bytes(&reply), 0);
	frame_seal_reply(&reply, bytes.at);
}
