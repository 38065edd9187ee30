/* What opening costs, and that what was opened is what was sealed. */
#include "wire/open.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <progress/v1/progress_service.pb-c.h>
#include <string.h>

#include "sample.h"
#include "wire/guard.h"

#define BATCH &progress__v1__batch_update_progress_request__descriptor
#define LIST  &progress__v1__list_jobs_request__descriptor

enum { PLENTY = 64 << 20 };

static struct bytes bytes;
static struct arena arena;
static struct fault fault;

static enum err open_batch(size_t bytes_max, Progress__V1__BatchUpdateProgressRequest **ret_batch)
{
	ProtobufCMessage *message = NULL;
	arena_init(&arena, bytes_max);
	enum err err = wire_open(BATCH, bytes.at, bytes.length, &arena, &message, &fault);
	*ret_batch = (Progress__V1__BatchUpdateProgressRequest *)message;
	return err;
}

static void expect_full(enum err err)
{
	cr_assert_eq(err, ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(fault.reason, WIRE_ARENA_FULL);
}

Test(wire_open, gives_the_message_that_was_packed)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	sample_batch(&bytes, 3);
	cr_assert_eq(open_batch(PLENTY, &batch), ERR_OK);
	cr_assert_eq(batch->n_updates, 3);
	const Progress__V1__UpdateProgressRequest *update = batch->updates[0]->update_progress;
	cr_assert_str_eq(update->job_id, "job-12345");
	cr_assert_str_eq(update->metadata[0]->value, "v-1");
	cr_assert_eq(update->lease->seconds, 30);
	cr_assert_eq(batch->updates[2]->update_progress_incremental->fraction, 0.5);
	arena_finish(&arena);
}

Test(wire_open, gives_an_empty_message_for_no_bytes)
{
	ProtobufCMessage *message;
	arena_init(&arena, PLENTY);
	cr_assert_eq(wire_open(LIST, NULL, 0, &arena, &message, &fault), ERR_OK);
	cr_assert_str_eq(((Progress__V1__ListJobsRequest *)message)->page_token, "");
	arena_finish(&arena);
}

Test(wire_open, opens_a_full_batch)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	sample_batch(&bytes, 10000);
	cr_assert_geq(bytes.length, 600000);
	cr_assert_leq(bytes.length, guard_limits_default.bytes_max);
	cr_assert_eq(open_batch(PLENTY, &batch), ERR_OK, "%s", fault.text);
	cr_assert_eq(batch->n_updates, 10000);
	cr_assert_leq(arena.bytes_taken, WIRE_OPEN_BYTES_MAX * 2 / 3, "%zu bytes", arena.bytes_taken);
	arena_finish(&arena);
}

Test(wire_open, refuses_what_the_guard_refuses)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	bytes.length = 0;
	bytes_add(&bytes, "\x0a\x05", 2);
	cr_assert_eq(open_batch(PLENTY, &batch), ERR_INVALID_ARGUMENT);
	cr_assert_eq(arena.bytes_taken, 0);
	cr_assert_null(batch);
}

/* As many sub-messages as the guard lets pass, each as small as possible and as large as possible in memory. */
static void fill_with_sub_messages(void)
{
	bytes.length = 0;
	for (size_t i = 0; i < guard_limits_default.parts_max / 2; i++)
		bytes_add(&bytes, "\x0a\x02\x22\x00", 4);
}

Test(wire_open, takes_no_more_than_a_message_may_cost)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	fill_with_sub_messages();
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	expect_full(open_batch(PLENTY, &batch));
	size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
	cr_assert_leq(arena.bytes_taken, WIRE_OPEN_BYTES_MAX * 5 / 4);
	/* protobuf-c takes nothing behind the arena's back. */
	cr_assert(after <= before || after - before <= arena.bytes_taken + arena.bytes_taken / 8);
	arena_finish(&arena);
}

Test(wire_open, never_exceeds_its_arena)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	sample_batch(&bytes, 20);
	size_t bytes_max = 0;
	for (enum err err = ERR_UNKNOWN; err != ERR_OK; bytes_max += 64) {
		err = open_batch(bytes_max, &batch);
		if (err != ERR_OK)
			expect_full(err);
		cr_assert_leq(arena.bytes_taken, bytes_max);
		arena_finish(&arena);
	}
	cr_assert_leq(bytes_max, 40000);
}

Test(wire_open, merges_a_sub_message_that_occurs_twice)
{
	ProtobufCMessage *message;
	/* filter { states: 1, states: 2 }, filter { pipeline: "p", states: 3 } */
	static const uint8_t raw[] = {0x0a, 4, 0x0a, 2, 1, 2, 0x0a, 5, 0x1a, 1, 'p', 0x08, 3};
	arena_init(&arena, PLENTY);
	cr_assert_eq(wire_open(LIST, raw, sizeof raw, &arena, &message, &fault), ERR_OK);
	const Progress__V1__JobFilter *filter = ((Progress__V1__ListJobsRequest *)message)->filter;
	cr_assert_eq(filter->n_states, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq((int)filter->states[i], (int)i + 1);
	cr_assert_str_eq(filter->pipeline, "p");
	arena_finish(&arena);
}

Test(wire_open, bounds_merges_that_grow_with_each_repeat)
{
	ProtobufCMessage *message;
	bytes.length = 0;
	for (size_t i = 0; i < guard_limits_default.parts_max / 3; i++)
		bytes_add(&bytes, "\x0a\x03\x0a\x01\x01", 5);
	arena_init(&arena, PLENTY);
	expect_full(wire_open(LIST, bytes.at, bytes.length, &arena, &message, &fault));
	cr_assert_leq(arena.bytes_taken, WIRE_OPEN_BYTES_MAX * 5 / 4);
	arena_finish(&arena);
}

static bool has_oneof(const ProtobufCMessageDescriptor *type)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		if ((type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			return true;
	return false;
}

/* Merging two messages with an unset oneof, protobuf-c 1.4 reads before the first field's descriptor. Members of a
 * oneof and of repeated fields are not merged. */
static void expect_no_merged_oneof(const ProtobufCMessageDescriptor *type)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		bool is_merged = field->label != PROTOBUF_C_LABEL_REPEATED && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
		cr_assert(!is_merged || !has_oneof(field->descriptor), "%s.%s", type->name, field->name);
		expect_no_merged_oneof(field->descriptor);
	}
}

Test(wire_open, meets_no_request_with_a_oneof_that_could_be_merged)
{
	const ProtobufCServiceDescriptor *service = &progress__v1__progress_tracker_service__descriptor;
	for (unsigned i = 0; i < service->n_methods; i++)
		expect_no_merged_oneof(service->methods[i].input);
}

Test(wire_seal, gives_bytes_that_open_again)
{
	Progress__V1__BatchUpdateProgressRequest *batch;
	sample_batch(&bytes, 50);
	cr_assert_eq(open_batch(PLENTY, &batch), ERR_OK);
	struct wire_bytes sealed;
	cr_assert_eq(wire_seal(&batch->base, &arena, &sealed, &fault), ERR_OK);
	cr_assert_eq(sealed.length, bytes.length);
	cr_assert_eq(memcmp(sealed.at, bytes.at, bytes.length), 0);
	arena_finish(&arena);
}

Test(wire_seal, is_refused_when_the_arena_is_full)
{
	Progress__V1__GetProgressRequest request = PROGRESS__V1__GET_PROGRESS_REQUEST__INIT;
	static char letters[1000];
	memset(letters, 'x', sizeof letters - 1);
	request.job_id = letters;
	struct wire_bytes sealed;
	arena_init(&arena, 900);
	expect_full(wire_seal(&request.base, &arena, &sealed, &fault));
	arena_finish(&arena);
}
