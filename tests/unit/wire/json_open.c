/* What JSON text means as a message, and which text is refused with what words. */
#include <criterion/criterion.h>
#include <every_kind.pb-c.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "wire/guard.h"
#include "wire/json.h"

#define GET     &progress__v1__get_progress_request__descriptor
#define UPDATE  &progress__v1__update_progress_request__descriptor
#define BATCH   &progress__v1__batch_update_progress_request__descriptor
#define SINGLES &every_kind__singles__descriptor
#define LISTS   &every_kind__lists__descriptor
#define MAPS    &every_kind__maps__descriptor
#define CHOICE  &every_kind__choice__descriptor

TestSuite(json_open, .init = json_text_start, .fini = json_text_finish);

struct meaning {
	const ProtobufCMessageDescriptor *type;
	const char *text;
	const char *same; /* as json_seal writes it */
};

static void expect_meanings(const struct meaning *meanings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_assert_str_eq(json_text_again(meanings[i].type, meanings[i].text), meanings[i].same);
}

#define EXPECT_MEANINGS(meanings) expect_meanings(meanings, sizeof(meanings) / sizeof *(meanings))

Test(json_open, gives_the_bytes_of_the_message)
{
	struct wire_bytes packed = json_text_open(UPDATE, "{\"jobId\":\"a\",\"sequence\":\"300\",\"stage\":0}", false);
	cr_assert_eq(packed.length, 6);
	cr_assert_arr_eq(packed.at,
	                 "\x0a\x01"
	                 "a"
	                 "\x70\xac\x02",
	                 6);
	cr_assert_eq(json_text_open(GET, " { } ", false).length, 0);
}

Test(json_open, takes_names_in_camel_case_and_as_the_schema_has_them)
{
	static const struct meaning meanings[] = {
	    {UPDATE, "{\"jobId\":\"a\",\"requestId\":\"r\"}", "{\"jobId\":\"a\",\"requestId\":\"r\"}"},
	    {UPDATE, "{\"request_id\":\"r\",\"job_id\":\"a\"}", "{\"jobId\":\"a\",\"requestId\":\"r\"}"},
	    {UPDATE, "{\"job\\u0049d\":\"a\"}", "{\"jobId\":\"a\"}"},
	    {SINGLES, "{\"oddNameWith2Digits\":\"x\"}", "{\"oddNameWith2Digits\":\"x\"}"},
	    {SINGLES, "{\"oddName__with_2_digits_\":\"x\"}", "{\"oddNameWith2Digits\":\"x\"}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_whole_numbers_however_they_are_written)
{
	static const struct meaning meanings[] = {
	    {SINGLES, "{\"anInt32\":-2147483648}", "{\"anInt32\":-2147483648}"},
	    {SINGLES, "{\"anInt32\":\"12\"}", "{\"anInt32\":12}"},
	    {SINGLES, "{\"anInt32\":1.0}", "{\"anInt32\":1}"},
	    {SINGLES, "{\"anInt32\":1.5e1}", "{\"anInt32\":15}"},
	    {SINGLES, "{\"anInt32\":120E-1}", "{\"anInt32\":12}"},
	    {SINGLES, "{\"anInt32\":-0}", "{}"},
	    {SINGLES, "{\"anInt32\":0e99999999999999999999}", "{}"},
	    {SINGLES, "{\"aSint32\":-1,\"aUint32\":4294967295,\"aFixed32\":1,\"aSfixed32\":-1}",
	     "{\"aSint32\":-1,\"aUint32\":4294967295,\"aFixed32\":1,\"aSfixed32\":-1}"},
	    {SINGLES, "{\"anInt64\":-9223372036854775808,\"aSint64\":\"-9223372036854775808\"}",
	     "{\"anInt64\":\"-9223372036854775808\",\"aSint64\":\"-9223372036854775808\"}"},
	    {SINGLES,
	     "{\"aUint64\":18446744073709551615,\"aFixed64\":\"18446744073709551615\",\"aSfixed64\":9007199254740993}",
	     "{\"aUint64\":\"18446744073709551615\",\"aFixed64\":\"18446744073709551615\",\"aSfixed64\":"
	     "\"9007199254740993\"}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_real_numbers_and_their_names)
{
	static const struct meaning meanings[] = {
	    {SINGLES, "{\"aDouble\":0.1,\"aFloat\":0.1}", "{\"aFloat\":0.1,\"aDouble\":0.1}"},
	    {SINGLES, "{\"aDouble\":\"1e-7\"}", "{\"aDouble\":0.0000001}"},
	    {SINGLES, "{\"aDouble\":\"NaN\",\"aFloat\":\"-Infinity\"}", "{\"aFloat\":\"-Infinity\",\"aDouble\":\"NaN\"}"},
	    {SINGLES, "{\"aDouble\":\"Infinity\"}", "{\"aDouble\":\"Infinity\"}"},
	    {SINGLES, "{\"aDouble\":-0.0}", "{\"aDouble\":-0}"},
	    {SINGLES, "{\"aDouble\":0}", "{}"},
	    {SINGLES, "{\"aDouble\":1e-400}", "{}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_enum_values_by_name_and_by_number)
{
	static const struct meaning meanings[] = {
	    {UPDATE, "{\"stage\":\"PIPELINE_STAGE_ANALYZING\"}", "{\"stage\":\"PIPELINE_STAGE_ANALYZING\"}"},
	    {UPDATE, "{\"stage\":7}", "{\"stage\":\"PIPELINE_STAGE_ANALYZING\"}"},
	    {UPDATE, "{\"stage\":99}", "{\"stage\":99}"},
	    {SINGLES, "{\"colour\":\"COLOUR_OLD\"}", "{\"colour\":\"COLOUR_OLD\"}"},
	    {SINGLES, "{\"colour\":\"COLOUR_CRIMSON\"}", "{\"colour\":\"COLOUR_RED\"}"},
	    {SINGLES, "{\"colour\":\"COLOUR_UNSPECIFIED\"}", "{}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_strings_with_escapes)
{
	static const struct meaning meanings[] = {
	    {GET, "{\"jobId\":\"\\u00e9\\u20AC\\ud83d\\ude00\\/\\\"\\\\\"}", "{\"jobId\":\"é€😀/\\\"\\\\\"}"},
	    {GET, "{\"jobId\":\"é€😀\"}", "{\"jobId\":\"é€😀\"}"},
	    {GET, "{\"jobId\":\"\"}", "{}"},
	    {SINGLES, "{\"someBytes\":\"-_8=\"}", "{\"someBytes\":\"+/8=\"}"},
	    {SINGLES, "{\"someBytes\":\"+/8\"}", "{\"someBytes\":\"+/8=\"}"},
	    {SINGLES, "{\"someBytes\":\"AA\\u003d=\"}", "{\"someBytes\":\"AA==\"}"},
	    {SINGLES, "{\"aBool\":true}", "{\"aBool\":true}"},
	    {SINGLES, "{\"aBool\":false}", "{}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_lists_and_maps)
{
	static const struct meaning meanings[] = {
	    {LISTS, "{\"bools\":[true,false],\"int32s\":[0,-1],\"doubles\":[0.5,\"NaN\"]}",
	     "{\"bools\":[true,false],\"int32s\":[0,-1],\"doubles\":[0.5,\"NaN\"]}"},
	    {LISTS, "{\"unpacked\":[0,1],\"strings\":[\"\",\"a\"],\"messages\":[{},{\"aBool\":true}]}",
	     "{\"unpacked\":[\"0\",\"1\"],\"strings\":[\"\",\"a\"],\"messages\":[{},{\"aBool\":true}]}"},
	    {LISTS, "{\"bools\":[],\"strings\":[]}", "{}"},
	    {MAPS, "{\"strings\":{\"b\":\"1\",\"\":\"\",\"a\":\"2\"}}",
	     "{\"strings\":{\"b\":\"1\",\"\":\"\",\"a\":\"2\"}}"},
	    {MAPS,
	     "{\"byInt32\":{\"-5\":false},\"bySint64\":{\"-5\":1.5},\"byUint64\":{\"18446744073709551615\":\"AA==\"}}",
	     "{\"byInt32\":{\"-5\":false},\"bySint64\":{\"-5\":1.5},\"byUint64\":{\"18446744073709551615\":\"AA==\"}}"},
	    {MAPS,
	     "{\"byBool\":{\"true\":1,\"false\":0},\"byFixed32\":{\"7\":{\"aBool\":true}},\"durations\":{\"x\":\"1s\"}}",
	     "{\"byBool\":{\"true\":\"COLOUR_RED\",\"false\":\"COLOUR_UNSPECIFIED\"},\"byFixed32\":{\"7\":{\"aBool\":true}}"
	     ","
	     "\"durations\":{\"x\":\"1s\"}}"},
	    {MAPS, "{\"strings\":{}}", "{}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, keeps_which_field_of_a_oneof_is_set)
{
	static const struct meaning meanings[] = {
	    {CHOICE, "{\"number\":0,\"yes\":false}", "{\"number\":0,\"yes\":false}"},
	    {CHOICE, "{\"number\":null,\"text\":\"\"}", "{\"text\":\"\"}"},
	    {CHOICE, "{\"message\":{}}", "{\"message\":{}}"},
	    {BATCH, "{\"updates\":[{\"updateProgress\":{}},{\"simulateProgress\":{\"jobId\":\"a\"}}]}",
	     "{\"updates\":[{\"updateProgress\":{}},{\"simulateProgress\":{\"jobId\":\"a\"}}]}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, takes_null_for_the_default)
{
	static const struct meaning meanings[] = {
	    {UPDATE, "{\"jobId\":null,\"stage\":null,\"metadata\":null,\"lease\":null}", "{}"},
	    {LISTS, "{\"bools\":null}", "{}"},
	};
	EXPECT_MEANINGS(meanings);
}

Test(json_open, writes_lengths_of_any_size_before_what_is_nested)
{
	static const size_t lengths[] = {1, 126, 127, 128, 129, 16382, 16383, 16384, 70000};
	char *text = malloc(80000);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t at = (size_t)sprintf(text, "{\"inner\":{\"inner\":{\"aString\":\"");
		memset(text + at, 'x', lengths[i]);
		strcpy(text + at + lengths[i], "\"}}}");
		cr_assert_str_eq(json_text_again(SINGLES, text), text);
	}
	free(text);
}

struct refusal {
	const ProtobufCMessageDescriptor *type;
	const char *text;
	const char *part;
};

static void expect_refusals(const struct refusal *refusals, size_t count, const char *reason)
{
	for (size_t i = 0; i < count; i++)
		json_text_expect_refusal(refusals[i].type, refusals[i].text, ERR_INVALID_ARGUMENT, reason, refusals[i].part);
}

#define EXPECT_REFUSALS(refusals, reason) expect_refusals(refusals, sizeof(refusals) / sizeof *(refusals), reason)

Test(json_open, refuses_a_value_that_is_none_of_its_field)
{
	static const struct refusal refusals[] = {
	    {GET, "{\"jobId\":7}", "jobId: \"7\" is not allowed; must be a string"},
	    {SINGLES, "{\"anInt32\":2147483648}",
	     "anInt32: \"2147483648\" is not allowed; must be a whole number from -2147483648 to 2147483647"},
	    {SINGLES, "{\"anInt32\":-2147483649}", "anInt32"},
	    {SINGLES, "{\"anInt32\":1.5}", "whole number"},
	    {SINGLES, "{\"anInt32\":\"\"}", "whole number"},
	    {SINGLES, "{\"anInt32\":\" 1\"}", "whole number"},
	    {SINGLES, "{\"anInt32\":\"01\"}", "whole number"},
	    {SINGLES, "{\"anInt32\":\"1x\"}", "whole number"},
	    {SINGLES, "{\"anInt32\":true}", "true is not allowed"},
	    {SINGLES, "{\"anInt32\":[1]}", "an array is not allowed"},
	    {SINGLES, "{\"aUint32\":-1}", "from 0 to 4294967295"},
	    {SINGLES, "{\"aUint64\":18446744073709551616}", "from 0 to 18446744073709551615"},
	    {SINGLES, "{\"aUint64\":1e20}", "from 0 to 18446744073709551615"},
	    {SINGLES, "{\"anInt64\":9223372036854775808}", "from -9223372036854775808 to 9223372036854775807"},
	    {SINGLES, "{\"anInt64\":1e-1}", "whole number"},
	    {SINGLES, "{\"anInt64\":\"1e999999999999\"}", "whole number"},
	    {SINGLES, "{\"aDouble\":1e400}", "must be a number"},
	    {SINGLES, "{\"aDouble\":\"nan\"}", "must be a number"},
	    {SINGLES, "{\"aDouble\":\"0x10\"}", "must be a number"},
	    {SINGLES, "{\"aFloat\":1e39}", "32 bits"},
	    {SINGLES, "{\"aBool\":\"true\"}", "must be true or false"},
	    {SINGLES, "{\"aBool\":1}", "must be true or false"},
	    {SINGLES, "{\"someBytes\":\"A\"}", "base64"},
	    {SINGLES, "{\"someBytes\":\"AA=\"}", "base64"},
	    {SINGLES, "{\"someBytes\":\"A?==\"}", "base64"},
	    {SINGLES, "{\"someBytes\":\"====\"}", "base64"},
	    {SINGLES, "{\"someBytes\":1}", "base64"},
	    {SINGLES, "{\"colour\":\"colour_red\"}", "one of COLOUR_OLD, COLOUR_UNSPECIFIED, COLOUR_RED"},
	    {SINGLES, "{\"colour\":1.5}", "one of COLOUR_OLD, COLOUR_UNSPECIFIED"},
	    {SINGLES, "{\"colour\":2147483648}", "one of COLOUR_OLD, COLOUR_UNSPECIFIED"},
	    {SINGLES, "{\"colour\":{}}", "an object is not allowed"},
	    {SINGLES, "{\"inner\":[]}", "inner: must be an object"},
	    {SINGLES, "{\"time\":\"2024-02-30T00:00:00Z\"}", "time: must be a time"},
	    {SINGLES, "{\"time\":{}}", "time: must be a time"},
	    {SINGLES, "{\"duration\":\"1\"}", "duration: must be a duration"},
	    {LISTS, "{\"bools\":true}", "bools: must be an array"},
	    {LISTS, "{\"bools\":[true,null]}", "bools[1]: null is not allowed"},
	    {LISTS, "{\"messages\":[{},{\"aBool\":0}]}", "messages[1].aBool: \"0\""},
	    {MAPS, "{\"strings\":[]}", "strings: must be an object"},
	    {MAPS, "{\"strings\":{\"a\":null}}", "strings[\"a\"]: null is not allowed"},
	    {MAPS, "{\"strings\":{\"a\":1}}", "strings[\"a\"]: \"1\""},
	    {MAPS, "{\"byInt32\":{\"x\":true}}", "byInt32[\"x\"]"},
	    {MAPS, "{\"byBool\":{\"1\":0}}", "must be true or false"},
	    {CHOICE, "{\"number\":1,\"text\":\"a\"}", "text: another field of the same oneof"},
	    {BATCH, "{\"updates\":[{},{\"updateProgress\":{\"stage\":\"x\"}}]}",
	     "updates[1].updateProgress.stage: \"x\" is not allowed"},
	    {GET, "[]", "request: must be an object"},
	    {GET, "null", "request: must be an object"},
	};
	EXPECT_REFUSALS(refusals, "INVALID_FIELD");
}

Test(json_open, refuses_what_occurs_twice)
{
	static const struct refusal refusals[] = {
	    {GET, "{\"jobId\":\"a\",\"jobId\":\"a\"}", "jobId: the field occurs twice"},
	    {GET, "{\"jobId\":null,\"job_id\":\"a\"}", "jobId: the field occurs twice"},
	    {UPDATE, "{\"metadata\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", "metadata[\"a\"]: the key occurs twice"},
	};
	EXPECT_REFUSALS(refusals, "INVALID_FIELD");
}

Test(json_open, refuses_strings_that_are_not_clean)
{
	static const struct refusal refusals[] = {
	    {GET, "{\"jobId\":\"\\u0000\"}", "jobId: must be well-formed UTF-8 without control characters"},
	    {GET, "{\"jobId\":\"a\\n\"}", "jobId"},
	    {GET, "{\"jobId\":\"\xff\"}", "jobId"},
	    {GET, "{\"jobId\":\"\xed\xa0\x80\"}", "jobId"},
	    {UPDATE, "{\"metadata\":{\"\\t\":\"\"}}", "metadata[(unreadable)]"},
	};
	EXPECT_REFUSALS(refusals, "INVALID_TEXT");
}

Test(json_open, refuses_text_that_is_no_json)
{
	static const struct refusal refusals[] = {
	    {GET, "", "request: a value is missing"},
	    {GET, "{", "request: the name of a member is missing"},
	    {GET, "{\"jobId\"", "a colon is missing"},
	    {GET, "{\"jobId\":", "jobId: a value is missing"},
	    {GET, "{\"jobId\":\"a\"", "a comma or } is missing"},
	    {GET, "{\"jobId\":\"a\",}", "the name of a member is missing"},
	    {GET, "{,}", "the name of a member is missing"},
	    {GET, "{\"jobId\":\"a}", "jobId: a string is cut off"},
	    {GET, "{\"jobId\":\"a\\", "a string is cut off"},
	    {GET, "{\"jobId\":\"a\\\"", "a string is cut off"},
	    {GET, "{\"jobId\":\"\\x\"}", "an escape is unknown"},
	    {GET, "{\"jobId\":\"\\u12g4\"}", "four hexadecimal digits"},
	    {GET, "{\"jobId\":\"\\u12", "four hexadecimal digits"},
	    {GET, "{\"jobId\":\"\\ud83d\"}", "surrogate"},
	    {GET, "{\"jobId\":\"\\ud83d\\u0041\"}", "surrogate"},
	    {GET, "{\"jobId\":\"\\ude00\"}", "surrogate"},
	    {GET, "{\"jobId\":\"a\nb\"}", "control character in a string must be escaped"},
	    {GET, "{\"jobId\":nul}", "a value is missing"},
	    {GET, "{jobId:\"a\"}", "the name of a member is missing"},
	    {GET, "{\"jobId\":'a'}", "a value is missing"},
	    {GET, "{} {}", "there is more after the value (JSON, byte 3)"},
	    {SINGLES, "{\"anInt32\":01}", "a value is missing"},
	    {SINGLES, "{\"anInt32\":+1}", "a value is missing"},
	    {SINGLES, "{\"anInt32\":1.}", "a value is missing"},
	    {SINGLES, "{\"anInt32\":.5}", "a value is missing"},
	    {SINGLES, "{\"anInt32\":1e}", "a value is missing"},
	    {SINGLES, "{\"aDouble\":NaN}", "a value is missing"},
	    {LISTS, "{\"bools\":[true", "a comma or ] is missing"},
	    {LISTS, "{\"bools\":[true,]}", "bools[1]: a value is missing"},
	    {LISTS, "{\"bools\":[true}}", "a comma or ] is missing"},
	};
	EXPECT_REFUSALS(refusals, "MALFORMED_JSON");
}

Test(json_open, refuses_members_that_the_type_does_not_know)
{
	static const struct refusal refusals[] = {
	    {GET, "{\"jobID\":\"a\"}", "request: \"jobID\" is no field of progress.v1.GetProgressRequest"},
	    {GET, "{\"JobId\":\"a\"}", "\"JobId\""},
	    {GET, "{\"job_Id\":\"a\"}", "\"job_Id\""},
	    {GET, "{\"\":1}", "\"\""},
	    {GET, "{\"jobId\\u0000\":1}", "(unreadable)"},
	    {GET, "{\"\xff\":1}", "(unreadable)"},
	    {LISTS, "{\"messages\":[{\"a\":1}]}", "messages[0]: \"a\" is no field of every_kind.Singles"},
	};
	EXPECT_REFUSALS(refusals, "UNKNOWN_FIELD");
}

Test(json_open, skips_members_that_the_type_does_not_know_when_told_so)
{
	const char *text = "{\"new\":[1,{\"a\":[[],{}],\"b\":null},\"\\u00e9\",true],\"jobId\":\"a\",\"newer\":{}}";
	struct wire_bytes packed = json_text_open(GET, text, true);
	cr_assert_str_eq(json_text_seal(GET, packed, false), "{\"jobId\":\"a\"}");
}

Test(json_open, refuses_bad_json_even_where_it_skips)
{
	static const char *const texts[] = {"{\"new\":[1 2]}", "{\"new\":{\"a\"}}", "{\"new\":tru}", "{\"new\":[}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct wire_bytes packed;
		enum err err = json_open(GET, texts[i], strlen(texts[i]), true, &json_text_arena, &packed, &json_text_fault);
		cr_assert_eq(err, ERR_INVALID_ARGUMENT, "%s", texts[i]);
	}
}

Test(json_open, bounds_depth_values_and_size)
{
	static char text[2 << 20];
	for (int i = 0; i < 40; i++)
		strcat(text, "{\"inner\":");
	json_text_expect_refusal(SINGLES, text, ERR_RESOURCE_EXHAUSTED, "TOO_DEEP", "at most 32 levels");

	strcpy(text, "{\"bools\":[true");
	for (size_t i = strlen(text), end = i + 5 * 199999; i < end; i += 5)
		strcpy(text + i, ",true");
	json_text_expect_refusal(LISTS, text, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_PARTS",
	                         "bools[199998]: too many values, at most 200000");

	strcpy(text, "{\"doubles\":[1");
	for (size_t i = strlen(text), end = i + 2 * 150000; i < end; i += 2)
		strcpy(text + i, ",1");
	strcat(text, "]}");
	json_text_expect_refusal(LISTS, text, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "at most 1048576 bytes");

	memset(text, ' ', (1 << 20) + 1);
	json_text_expect_refusal(GET, text, ERR_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "at most 1048576");
}

Test(json_open, says_when_the_arena_is_full)
{
	struct arena small;
	struct wire_bytes packed;
	const char *text = "{\"jobId\":\"\\u0061 string that is a good deal longer than all that the arena may take\"}";
	for (size_t bytes_max = 0; bytes_max < 200; bytes_max += 10) {
		arena_init(&small, bytes_max);
		enum err err = json_open(GET, text, strlen(text), false, &small, &packed, &json_text_fault);
		cr_assert_eq(err, ERR_RESOURCE_EXHAUSTED, "%zu", bytes_max);
		cr_assert_str_eq(json_text_fault.reason, WIRE_ARENA_FULL);
		arena_finish(&small);
	}
}

Test(json_open, gives_what_the_guard_lets_pass)
{
	struct wire_bytes packed = json_text_open(
	    BATCH, "{\"updates\":[{\"updateProgress\":{\"jobId\":\"a\",\"metadata\":{\"k\":\"v\"},\"lease\":\"1.5s\"}}]}",
	    false);
	cr_assert_eq(guard_check(BATCH, packed.at, packed.length, &guard_limits_default, &json_text_fault), ERR_OK, "%s",
	             json_text_fault.text);
}
