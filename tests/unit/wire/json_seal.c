/* How messages look in JSON, and which bytes are no message. */
#include <criterion/criterion.h>
#include <every_kind.pb-c.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "conformance/random_message.h"
#include "conformance/types.h"
#include "json_text.h"
#include "sample.h"
#include "support/random.h"
#include "wire/info.h"
#include "wire/json.h"

#define GET     &progress__v1__get_progress_request__descriptor
#define INFO    &progress__v1__progress_info__descriptor
#define SINGLES &every_kind__singles__descriptor
#define LISTS   &every_kind__lists__descriptor
#define CHOICE  &every_kind__choice__descriptor

static struct bytes bytes;

TestSuite(json_seal, .init = json_text_start, .fini = json_text_finish);
TestSuite(json_put_string, .init = json_text_start, .fini = json_text_finish);

static struct wire_bytes raw(const char *packed, size_t length)
{
	bytes.length = 0;
	bytes_add(&bytes, packed, length);
	return (struct wire_bytes){bytes.at, length};
}

#define RAW(packed) raw(packed, sizeof(packed) - 1)

Test(json_seal, shows_a_whole_job)
{
	struct job *job = sample_full_job();
	struct info_moment moment = {.wall_ms = job->view.updated_ms, .default_ttl_ms = 60000};
	struct wire_bytes info;
	cr_assert_eq(info_seal(job, &job->view, &moment, &json_text_arena, &info, &json_text_fault), ERR_OK);
	const char *text = json_text_seal(INFO, info, false);
	struct wire_bytes again = json_text_open(INFO, text, false);
	cr_assert_eq(again.length, info.length);
	cr_assert_str_eq(json_text_seal(INFO, again, false), text);
	cr_assert_not_null(strstr(text, "\"state\":\"JOB_STATE_"));
	cr_assert_not_null(strstr(text, "\"revision\":\""));
	job_destroy(job);
}

Test(json_seal, leaves_defaults_out_or_shows_them)
{
	cr_assert_str_eq(json_text_seal(SINGLES, RAW(""), false), "{}");
	cr_assert_str_eq(json_text_seal(SINGLES, RAW("\x10\x00\x72\x00"), false), "{}");
	cr_assert_str_eq(json_text_seal(GET, RAW(""), true), "{\"jobId\":\"\"}");
	cr_assert_str_eq(json_text_seal(SINGLES, RAW(""), true),
	                 "{\"aBool\":false,\"anInt32\":0,\"aSint32\":0,\"aUint32\":0,\"aFixed32\":0,\"aSfixed32\":0,"
	                 "\"anInt64\":\"0\",\"aSint64\":\"0\",\"aUint64\":\"0\",\"aFixed64\":\"0\",\"aSfixed64\":\"0\","
	                 "\"aFloat\":0,\"aDouble\":0,\"aString\":\"\",\"someBytes\":\"\",\"colour\":\"COLOUR_UNSPECIFIED\","
	                 "\"oddNameWith2Digits\":\"\"}");
	cr_assert_str_eq(json_text_seal(CHOICE, RAW(""), true), "{}");
	cr_assert_not_null(strstr(json_text_seal(INFO, RAW(""), true), "\"metadata\":{}"));
	cr_assert_not_null(strstr(json_text_seal(LISTS, RAW(""), true), "\"messages\":[]"));
}

Test(json_seal, shows_fields_in_the_order_of_their_numbers_and_the_last_of_each)
{
	cr_assert_str_eq(json_text_seal(SINGLES,
	                                RAW("\x72\x01"
	                                    "a\x10\x05\x72\x01"
	                                    "b\x08\x01"),
	                                false),
	                 "{\"aBool\":true,\"anInt32\":5,\"aString\":\"b\"}");
}

Test(json_seal, gathers_what_is_repeated)
{
	cr_assert_str_eq(json_text_seal(LISTS,
	                                RAW("\x12\x01\x01\x4a\x01"
	                                    "a\x10\x02\x12\x02\x03\x04\x4a\x00"),
	                                false),
	                 "{\"int32s\":[1,2,3,4],\"strings\":[\"a\",\"\"]}");
}

Test(json_seal, leaves_unknown_fields_out)
{
	cr_assert_str_eq(json_text_seal(GET,
	                                RAW("\x50\x01\x0a\x01"
	                                    "a\x5a\x01x"),
	                                false),
	                 "{\"jobId\":\"a\"}");
}

Test(json_seal, refuses_bytes_that_are_no_message_of_its_type)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *packed;
		size_t length;
	} cases[] = {
	    {GET,
	     "\x0a\x05"
	     "a",
	     3},                                          /* beyond the end */
	    {GET, "\x08\x01", 2},                         /* wrong wire type */
	    {SINGLES, "\x82\x7d\x00\x82\x7d\x00", 6},     /* a message twice */
	    {SINGLES, "\x8a\x01\x02\x10\x7f\x8a\x01", 7}, /* cut off */
	    {LISTS, "\x12\x01\x80", 3},                   /* a packed element cut off */
	    {LISTS,
	     "\x22\x03"
	     "abc",
	     5},                                                  /* likewise, of fixed size */
	    {SINGLES, "\x8a\x01\x06\x10\x80\x94\xeb\xdc\x03", 9}, /* a billion nanoseconds */
	};
	struct buffer out;
	buffer_init(&out, 1000);
	buffer_put_string(&out, "before");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_bytes packed = raw(cases[i].packed, cases[i].length);
		enum err err =
		    json_seal(cases[i].type, packed.at, packed.length, &json_options_default, &out, &json_text_fault);
		cr_assert_eq(err, ERR_INTERNAL, "case %zu", i);
		cr_assert_str_eq(json_text_fault.reason, "UNSOUND_MESSAGE");
		cr_assert_eq(out.length, 6);
	}
	buffer_finish(&out);
}

Test(json_seal, says_when_the_buffer_is_full)
{
	struct buffer out;
	for (size_t bytes_max = 0; bytes_max < 13; bytes_max++) {
		buffer_init(&out, bytes_max);
		struct wire_bytes packed = RAW("\x0a\x01"
		                               "a");
		enum err err = json_seal(GET, packed.at, packed.length, &json_options_default, &out, &json_text_fault);
		cr_assert_eq(err, ERR_RESOURCE_EXHAUSTED);
		cr_assert_eq(out.length, 0);
		cr_assert(out.is_full);
		buffer_finish(&out);
	}
}

/* Random messages of every type, in the one form that json_open writes, come back byte by byte. */
Test(json_seal, gives_text_that_opens_to_the_same_message_for_every_type)
{
	struct random random;
	static struct types types;
	random_start(&random, "json_seal");
	types_collect(&types);
	cr_assert_gt(types.count, 50);
	for (int round = 0; round < 60; round++) {
		for (size_t i = 0; i < types.count; i++) {
			struct buffer message;
			buffer_init(&message, 1 << 20);
			random_message_put(&random, types.at[i], 6, &message);
			struct wire_bytes packed = {(const uint8_t *)message.at, message.length};
			const char *text = json_text_seal(types.at[i], packed, false);
			struct wire_bytes again = json_text_open(types.at[i], text, false);
			cr_assert_eq(again.length, packed.length, "%s %s", types.at[i]->name, text);
			if (packed.length > 0)
				cr_assert_arr_eq(again.at, packed.at, packed.length, "%s %s", types.at[i]->name, text);
			buffer_finish(&message);
		}
		arena_reset(&json_text_arena);
	}
}

Test(json_seal, knows_every_well_known_type_that_the_schema_uses)
{
	static struct types types;
	types_collect(&types);
	for (size_t i = 0; i < types.count; i++)
		if (strncmp(types.at[i]->name, "google.protobuf.", 16) == 0)
			cr_assert(strcmp(types.at[i]->short_name, "Timestamp") == 0 ||
			              strcmp(types.at[i]->short_name, "Duration") == 0,
			          "%s has a form of its own in JSON", types.at[i]->name);
}

Test(json_put_string, escapes_what_could_end_a_string_a_line_or_a_script)
{
	static const char string[] = "a\"\\/\b\f\n\r\t\x01\x1f\x7f<script>&\xe2\x80\xa8\xe2\x80\xa9\xe2\x82\xac";
	struct buffer out;
	buffer_init(&out, 1000);
	json_put_string(&out, string, sizeof string - 1);
	buffer_put_char(&out, '\0');
	cr_assert_str_eq(
	    out.at, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u003cscript\\u003e\\u0026\\u2028\\u2029\xe2\x82\xac\"");
	buffer_finish(&out);
}
