/* A corpus of hostile bytes. What passes the guard must open; what is broken must not pass. */
#include "wire/guard.h"

#include <criterion/criterion.h>
#include <progress/v1/progress_service.pb-c.h>
#include <string.h>

#include "sample.h"

#define GET    &progress__v1__get_progress_request__descriptor
#define UPDATE &progress__v1__update_progress_request__descriptor
#define LIST   &progress__v1__list_jobs_request__descriptor
#define BATCH  &progress__v1__batch_update_progress_request__descriptor

static struct bytes bytes;
static struct fault fault;

static enum err check(const ProtobufCMessageDescriptor *type)
{
	fault = (struct fault){0};
	return guard_check(type, bytes.at, bytes.length, &guard_limits_default, &fault);
}

static enum err check_raw(const ProtobufCMessageDescriptor *type, const char *raw, size_t length)
{
	bytes.length = 0;
	bytes_add(&bytes, raw, length);
	return check(type);
}

#define CHECK_RAW(type, raw) check_raw(type, raw, sizeof(raw) - 1)

static void expect_fault(enum err code, const char *reason, const char *text_part)
{
	cr_assert_eq(fault.code, code);
	cr_assert_str_eq(fault.reason, reason);
	cr_assert(strstr(fault.text, text_part) != NULL, "\"%s\" in \"%s\"", text_part, fault.text);
}

/* Whether it opens without the guard's help. */
static bool opens(const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, bytes.length, bytes.at);
	bool is_open = message != NULL;
	if (is_open)
		protobuf_c_message_free_unpacked(message, NULL);
	return is_open;
}

Test(guard_check, lets_an_empty_message_pass)
{
	cr_assert_eq(guard_check(GET, NULL, 0, &guard_limits_default, &fault), ERR_OK);
}

Test(guard_check, lets_updates_of_all_kinds_pass)
{
	sample_batch(&bytes, 9);
	cr_assert_eq(check(BATCH), ERR_OK, "%s", fault.text);
}

Test(guard_check, never_passes_a_truncated_message_that_does_not_open)
{
	sample_batch(&bytes, 3);
	size_t length = bytes.length, passed = 0;
	for (bytes.length = 0; bytes.length < length; bytes.length++) {
		enum err err = check(BATCH);
		cr_assert(err == ERR_OK || err == ERR_INVALID_ARGUMENT);
		cr_assert(err != ERR_OK || opens(BATCH), "at %zu", bytes.length);
		passed += err == ERR_OK;
	}
	cr_assert_eq(passed, 3, "only between the three updates, not %zu times", passed);
}

Test(guard_check, never_passes_flipped_bits_that_do_not_open)
{
	struct random random;
	random_start(&random, "guard_check");
	static struct bytes whole;
	sample_batch(&whole, 3);
	size_t passed = 0, refused = 0;
	for (int round = 0; round < 50000; round++) {
		bytes.length = 0;
		bytes_add(&bytes, whole.at, whole.length);
		for (uint64_t flips = 1 + random_below(&random, 4); flips > 0; flips--)
			bytes.at[random_below(&random, bytes.length)] ^= (uint8_t)(1u << random_below(&random, 8));
		bool is_passed = check(BATCH) == ERR_OK;
		cr_assert(!is_passed || opens(BATCH));
		passed += is_passed;
		refused += !is_passed;
	}
	cr_assert_gt(passed, 0);
	cr_assert_gt(refused, 0);
}

Test(guard_check, refuses_a_length_beyond_the_end)
{
	cr_assert_eq(CHECK_RAW(GET, "\x0a\x05"
	                            "abcd"),
	             ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "beyond the end");
	/* 2 GB, 4 GB + 1, and a length of six bytes. */
	cr_assert_eq(CHECK_RAW(GET, "\x0a\xff\xff\xff\xff\x07z"), ERR_INVALID_ARGUMENT);
	cr_assert_eq(CHECK_RAW(GET, "\x0a\x81\x80\x80\x80\x10z"), ERR_INVALID_ARGUMENT);
	cr_assert_eq(CHECK_RAW(GET, "\x0a\x81\x80\x80\x80\x80\x00z"), ERR_INVALID_ARGUMENT);
}

Test(guard_check, refuses_a_length_beyond_the_end_of_the_sub_message)
{
	/* The entry has 3 bytes, its key claims 4, and there would be enough behind it. */
	cr_assert_eq(CHECK_RAW(UPDATE, "\x5a\x03\x0a\x04zzzzz"), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "metadata: ");
}

Test(guard_check, refuses_field_numbers_out_of_range)
{
	cr_assert_eq(CHECK_RAW(GET, "\x00\x00"), ERR_INVALID_ARGUMENT);
	cr_assert_eq(CHECK_RAW(GET, "\x02\x00"), ERR_INVALID_ARGUMENT);
	bytes.length = 0;
	bytes_add_tag(&bytes, 1 << 29, 0);
	bytes_add_varint(&bytes, 1);
	cr_assert_eq(check(GET), ERR_INVALID_ARGUMENT);
	bytes.length = 0;
	bytes_add_tag(&bytes, (1 << 29) - 1, 0);
	bytes_add_varint(&bytes, 1);
	cr_assert_eq(check(GET), ERR_OK);
	cr_assert(opens(GET));
}

Test(guard_check, refuses_a_tag_of_more_than_five_bytes)
{
	cr_assert_eq(CHECK_RAW(GET, "\x8a\x80\x80\x80\x80\x00\x01z"), ERR_INVALID_ARGUMENT);
}

Test(guard_check, refuses_groups_and_unknown_wire_types)
{
	for (char type = 3; type < 8; type++) {
		char raw[] = {(char)(1 << 3 | type), 0, 0, 0, 0};
		cr_assert_eq(check_raw(GET, raw, sizeof raw), ERR_INVALID_ARGUMENT, "wire type %d", type);
	}
	/* Nor in unknown fields. */
	cr_assert_eq(CHECK_RAW(GET, "\x7b\x7c"), ERR_INVALID_ARGUMENT);
}

Test(guard_check, refuses_a_wire_type_that_is_not_the_fields)
{
	cr_assert_eq(CHECK_RAW(GET, "\x08\x01"), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "job_id: ");
	cr_assert_eq(CHECK_RAW(UPDATE, "\x12\x01\x01"), ERR_INVALID_ARGUMENT);
	cr_assert_eq(CHECK_RAW(UPDATE, "\x15\x01\x01\x01\x01"), ERR_INVALID_ARGUMENT);
}

Test(guard_check, refuses_varints_of_more_than_ten_bytes)
{
	cr_assert_eq(CHECK_RAW(UPDATE, "\x70\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), ERR_OK);
	cr_assert_eq(CHECK_RAW(UPDATE, "\x70\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), ERR_INVALID_ARGUMENT);
	cr_assert_eq(CHECK_RAW(UPDATE, "\x70\xff\xff"), ERR_INVALID_ARGUMENT);
}

Test(guard_check, refuses_text_that_is_not_clean_and_names_the_field)
{
	bytes.length = 0;
	bytes_add_field(&bytes, 1, "a\0b", 3);
	cr_assert_eq(check(GET), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "INVALID_TEXT", "job_id: ");

	cr_assert_eq(CHECK_RAW(UPDATE, "\x5a\x06\x0a\x01k\x12\x01\xff"), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "INVALID_TEXT", "metadata.value: ");

	static const char *const unclean[] = {"\x1b[0m", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xc2\x85", "\x7f"};
	for (size_t i = 0; i < sizeof unclean / sizeof unclean[0]; i++) {
		bytes.length = 0;
		bytes_add_text(&bytes, 10, unclean[i]);
		cr_assert_eq(check(UPDATE), ERR_INVALID_ARGUMENT, "text %zu", i);
	}
}

Test(guard_check, names_the_whole_path_of_a_nested_field)
{
	static struct bytes update;
	update.length = 0;
	bytes_add_text(&update, 1, "\xff");
	static struct bytes batch_update;
	batch_update.length = 0;
	bytes_add_field(&batch_update, 1, update.at, update.length);
	bytes.length = 0;
	bytes_add_field(&bytes, 1, batch_update.at, batch_update.length);
	cr_assert_eq(check(BATCH), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "INVALID_TEXT", "updates.update_progress.job_id: ");
}

Test(guard_check, skips_unknown_fields_that_are_well_formed)
{
	bytes.length = 0;
	bytes_add_text(&bytes, 1, "job");
	bytes_add_text(&bytes, 500, "\xff\x01");
	bytes_add_tag(&bytes, 501, 0);
	bytes_add_varint(&bytes, UINT64_MAX);
	bytes_add_tag(&bytes, 502, 1);
	bytes_add(&bytes, "12345678", 8);
	bytes_add_tag(&bytes, 503, 5);
	bytes_add(&bytes, "1234", 4);
	cr_assert_eq(check(GET), ERR_OK);
	cr_assert(opens(GET));
	bytes.length--;
	cr_assert_eq(check(GET), ERR_INVALID_ARGUMENT);
}

Test(guard_check, takes_repeated_numbers_packed_and_one_by_one)
{
	/* filter { states: [1, 2] packed, states: 3, states: 300 } */
	cr_assert_eq(CHECK_RAW(LIST, "\x0a\x09\x0a\x02\x01\x02\x08\x03\x08\xac\x02"), ERR_OK);
	cr_assert(opens(LIST));
	cr_assert_eq(CHECK_RAW(LIST, "\x0a\x04\x0a\x02\x01\x82"), ERR_INVALID_ARGUMENT);
	expect_fault(ERR_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "filter.states: ");
}

Test(guard_check, counts_each_packed_element_as_a_part)
{
	static const char raw[] = "\x0a\x06\x0a\x04\x01\x02\x03\x04";
	struct guard_limits limits = {.bytes_max = 100, .depth_max = 2, .parts_max = 6};
	cr_assert_eq(guard_check(LIST, (const uint8_t *)raw, 8, &limits, &fault), ERR_OK);
	limits.parts_max = 5;
	cr_assert_eq(guard_check(LIST, (const uint8_t *)raw, 8, &limits, &fault), ERR_RESOURCE_EXHAUSTED);
	expect_fault(ERR_RESOURCE_EXHAUSTED, "TOO_MANY_PARTS", "at most 5");
}

Test(guard_check, refuses_a_million_bytes_of_empty_sub_messages)
{
	bytes.length = 0;
	while (bytes.length < 1 << 20)
		bytes_add(&bytes, "\x0a\x00", 2);
	cr_assert_eq(check(BATCH), ERR_RESOURCE_EXHAUSTED);
	expect_fault(ERR_RESOURCE_EXHAUSTED, "TOO_MANY_PARTS", "updates: ");
}

Test(guard_check, refuses_more_than_a_million_bytes)
{
	bytes.length = 0;
	bytes_add_tag(&bytes, 99, 2);
	bytes_add_varint(&bytes, (1 << 20) - 5);
	bytes.length = 1 << 20;
	cr_assert_eq(check(GET), ERR_OK);
	bytes.length++;
	cr_assert_eq(check(GET), ERR_RESOURCE_EXHAUSTED);
	expect_fault(ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "at most 1048576");
}

Test(guard_check, refuses_messages_nested_too_deep)
{
	sample_batch(&bytes, 1);
	struct guard_limits limits = guard_limits_default;
	limits.depth_max = 4;
	cr_assert_eq(guard_check(BATCH, bytes.at, bytes.length, &limits, &fault), ERR_OK);
	limits.depth_max = 3;
	cr_assert_eq(guard_check(BATCH, bytes.at, bytes.length, &limits, &fault), ERR_RESOURCE_EXHAUSTED);
	expect_fault(ERR_RESOURCE_EXHAUSTED, "TOO_DEEP", "at most 3 levels");
}

/* A message that holds itself, as no message of the schema may. */
static const ProtobufCMessageDescriptor loop;
static const ProtobufCFieldDescriptor loop_fields[] = {
    {.name = "self", .id = 1, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_MESSAGE, .descriptor = &loop},
};
static const ProtobufCIntRange loop_ranges[] = {{1, 0}, {0, 1}};
static const ProtobufCMessageDescriptor loop = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Loop",
    .n_fields = 1,
    .fields = loop_fields,
    .n_field_ranges = 1,
    .field_ranges = loop_ranges,
};

Test(guard_check, stops_at_its_depth_in_a_message_that_holds_itself)
{
	static uint8_t nested[200000];
	size_t start = sizeof nested;
	/* From the inside out: each level puts its tag and length in front. */
	for (size_t length = 0; start > 10; length = sizeof nested - start) {
		uint8_t prefix[6] = {0x0a};
		size_t prefix_bytes = 1;
		size_t rest = length;
		for (; rest >= 0x80; rest >>= 7)
			prefix[prefix_bytes++] = (uint8_t)(rest | 0x80);
		prefix[prefix_bytes++] = (uint8_t)rest;
		start -= prefix_bytes;
		memcpy(nested + start, prefix, prefix_bytes);
	}
	cr_assert_eq(guard_check(&loop, nested + start, sizeof nested - start, &guard_limits_default, &fault),
	             ERR_RESOURCE_EXHAUSTED);
	expect_fault(ERR_RESOURCE_EXHAUSTED, "TOO_DEEP", "self.self.self");
}

/* All requests of the service, whatever is in them. */
Test(guard_check, never_passes_noise_that_does_not_open)
{
	struct random random;
	random_start(&random, "guard_check");
	const ProtobufCServiceDescriptor *service = &progress__v1__progress_tracker_service__descriptor;
	for (int round = 0; round < 50000; round++) {
		const ProtobufCMessageDescriptor *type = service->methods[random_below(&random, service->n_methods)].input;
		bytes.length = (size_t)random_below(&random, 30);
		/* Small numbers are likely to be tags and lengths. */
		for (size_t i = 0; i < bytes.length; i++)
			bytes.at[i] = (uint8_t)random_below(&random, random_below(&random, 4) == 0 ? 256 : 32);
		cr_assert(check(type) != ERR_OK || opens(type));
	}
}
