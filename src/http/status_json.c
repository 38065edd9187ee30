/* The fields are read where they lie and written at once: front ends ask for this very often. */
#include "http/status_json.h"

#include <ctype.h>
#include <progress/fields.h>
#include <progress/v1/job.pb-c.h>
#include <stddef.h>
#include <string.h>

#include "job/job.h"
#include "job/stages.h"
#include "wire/json.h"
#include "wire/reader.h"

enum { INFO_FIELDS = PROGRESS_INFO__HAS_HISTORY + 1 }; /* by their numbers */

#define NAME(text)                                                                                                     \
	{                                                                                                                  \
		(const uint8_t *)(text), sizeof(text) - 1                                                                      \
	}

/* The names of the fixed members; a job's metadata must not take their place. */
static const struct wire_bytes fixed_names[] = {
    NAME("status"),
    NAME("progress"),
    NAME("message"),
    NAME("job_id"),
    NAME("stage"),
    NAME("label"),
    NAME("state"),
    NAME("source"),
    NAME("revision"),
    NAME("fraction"),
    NAME("time_fraction"),
    NAME("eta_seconds"),
    NAME("eta_lo_seconds"),
    NAME("eta_hi_seconds"),
    NAME("reached_progress"),
    NAME("attempt"),
    NAME("run"),
    NAME("flag"),
    NAME("error"),
    NAME("cancel_requested"),
    NAME("pipeline"),
    NAME("parent"),
};

struct info {
	struct wire_bytes texts[INFO_FIELDS];
	uint64_t numbers[INFO_FIELDS];
	double reals[INFO_FIELDS];
	size_t metadata_count;
	struct wire_bytes metadata[JOB_METADATA_ENTRIES_MAX]; /* the first metadata_count of them are set */
};

/* Nothing is known yet. The entries of the metadata need not be cleared. */
static void clear_info(struct info *info)
{
	memset(info, 0, offsetof(struct info, metadata));
}

static double real_before(const struct reader *reader)
{
	double real;
	memcpy(&real, reader->at - sizeof real, sizeof real);
	return real;
}

static bool read_info(struct wire_bytes bytes, struct info *info)
{
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	struct reader_field field;
	while (reader.at < reader.end) {
		if (reader_next(&reader, &field) != NULL)
			return false;
		if (field.number >= INFO_FIELDS)
			continue;
		if (field.type == READER_VARINT)
			info->numbers[field.number] = field.value;
		else if (field.type == READER_FIXED64)
			info->reals[field.number] = real_before(&reader);
		else if (field.number != PROGRESS_INFO__METADATA)
			info->texts[field.number] = field.bytes;
		else if (info->metadata_count < JOB_METADATA_ENTRIES_MAX)
			info->metadata[info->metadata_count++] = field.bytes;
	}
	return true;
}

/* It stands first in the answer. */
static bool find_info(struct wire_bytes answer, struct wire_bytes *ret_info)
{
	struct reader reader = {answer.at, answer.at + answer.length};
	struct reader_field field;
	if (answer.length == 0 || reader_next(&reader, &field) != NULL ||
	    field.number != GET_PROGRESS_RESPONSE__PROGRESS_INFO || field.type != READER_BYTES)
		return false;
	*ret_info = field.bytes;
	return true;
}

static void put_digits(struct buffer *out, uint64_t number)
{
	char digits[20];
	size_t place = sizeof digits;
	do
		digits[--place] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	buffer_put(out, digits + place, sizeof digits - place);
}

/* A real number of at least 0 with at most six decimals. */
static void put_real(struct buffer *out, double real)
{
	uint64_t millionths = real > 0 && real < 1e12 ? (uint64_t)(real * 1e6 + 0.5) : 0;
	uint64_t rest = millionths % 1000000;
	put_digits(out, millionths / 1000000);
	if (rest == 0)
		return;
	char decimals[7] = ".";
	size_t length = 1;
	for (uint64_t unit = 100000; rest > 0; unit /= 10) {
		decimals[length++] = (char)('0' + rest / unit);
		rest %= unit;
	}
	buffer_put(out, decimals, length);
}

/* A member's name with what stands around it; the first member has no comma before it. */
#define MEMBER(name)    NAME(",\"" name "\":")
#define MEMBER_OF(name) ((struct wire_bytes)MEMBER(name))

static void put_name(struct buffer *out, struct wire_bytes member)
{
	size_t skipped = out->at[out->length - 1] == '{';
	buffer_put(out, member.at + skipped, member.length - skipped);
}

static void put_text(struct buffer *out, struct wire_bytes member, struct wire_bytes text)
{
	put_name(out, member);
	json_put_string(out, (const char *)text.at, text.length);
}

static void put_number(struct buffer *out, struct wire_bytes member, uint64_t number)
{
	put_name(out, member);
	put_digits(out, number);
}

static void put_share(struct buffer *out, struct wire_bytes member, double share)
{
	put_name(out, member);
	put_real(out, share);
}

/* The value's name behind the prefix that all of its enum have, in lower case; null for the value 0. */
static void put_word(struct buffer *out, struct wire_bytes member, const ProtobufCEnumDescriptor *type,
                     size_t prefix_bytes, uint64_t number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, (int)number);
	put_name(out, member);
	if (value == NULL || number == 0) {
		buffer_put(out, "null", 4);
		return;
	}
	buffer_put_char(out, '"');
	for (const char *letter = value->name + prefix_bytes; *letter != '\0'; letter++)
		buffer_put_char(out, (char)tolower((unsigned char)*letter));
	buffer_put_char(out, '"');
}

/* Seconds, or null when they are not known. */
static bool put_eta(struct buffer *out, const struct info *info)
{
	static const struct wire_bytes members[] = {MEMBER("eta_seconds"), MEMBER("eta_lo_seconds"),
	                                            MEMBER("eta_hi_seconds")};
	bool is_known = info->texts[PROGRESS_INFO__ETA].at != NULL;
	struct info eta;
	clear_info(&eta);
	if (is_known && !read_info(info->texts[PROGRESS_INFO__ETA], &eta))
		return false;
	for (size_t i = 0; i < 3; i++) {
		put_name(out, members[i]);
		if (is_known)
			put_real(out, eta.reals[i + 1]);
		else
			buffer_put(out, "null", 4);
	}
	return true;
}

static bool is_fixed(struct wire_bytes key)
{
	for (size_t i = 0; i < sizeof fixed_names / sizeof *fixed_names; i++)
		if (fixed_names[i].length == key.length && memcmp(fixed_names[i].at, key.at, key.length) == 0)
			return true;
	return false;
}

static bool put_entry(struct buffer *out, struct wire_bytes bytes)
{
	struct wire_bytes key = {NULL, 0}, value = {NULL, 0};
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	struct reader_field field;
	while (reader.at < reader.end) {
		if (reader_next(&reader, &field) != NULL)
			return false;
		if (field.type == READER_BYTES && field.number == PROGRESS_INFO__METADATA_ENTRY__KEY)
			key = field.bytes;
		else if (field.type == READER_BYTES && field.number == PROGRESS_INFO__METADATA_ENTRY__VALUE)
			value = field.bytes;
	}
	if (key.at == NULL)
		return false;
	if (is_fixed(key))
		return true;
	buffer_put_char(out, ',');
	json_put_string(out, (const char *)key.at, key.length);
	buffer_put_char(out, ':');
	json_put_string(out, value.length > 0 ? (const char *)value.at : "", value.length);
	return true;
}

/* The members of the first front ends stand first, in their order. */
static bool put_fixed(struct buffer *out, const struct info *info)
{
	put_text(out, MEMBER_OF("status"), info->texts[PROGRESS_INFO__STATUS]);
	put_number(out, MEMBER_OF("progress"), info->numbers[PROGRESS_INFO__PROGRESS]);
	put_text(out, MEMBER_OF("message"), info->texts[PROGRESS_INFO__MESSAGE]);
	put_text(out, MEMBER_OF("job_id"), info->texts[PROGRESS_INFO__JOB_ID]);
	put_text(out, MEMBER_OF("stage"), info->texts[PROGRESS_INFO__STATUS]);
	put_text(out, MEMBER_OF("label"), info->texts[PROGRESS_INFO__LABEL]);
	put_name(out, MEMBER_OF("state"));
	const char *state = job_state_name((enum job_state)info->numbers[PROGRESS_INFO__STATE]);
	json_put_string(out, state, strlen(state));
	put_word(out, MEMBER_OF("source"), &progress__v1__progress_source__descriptor, strlen("PROGRESS_SOURCE_"),
	         info->numbers[PROGRESS_INFO__SOURCE]);
	put_number(out, MEMBER_OF("revision"), info->numbers[PROGRESS_INFO__REVISION]);
	put_share(out, MEMBER_OF("fraction"), info->reals[PROGRESS_INFO__FRACTION]);
	put_share(out, MEMBER_OF("time_fraction"), info->reals[PROGRESS_INFO__TIME_FRACTION]);
	if (!put_eta(out, info))
		return false;
	put_number(out, MEMBER_OF("reached_progress"), info->numbers[PROGRESS_INFO__REACHED_PROGRESS]);
	put_number(out, MEMBER_OF("attempt"), info->numbers[PROGRESS_INFO__ATTEMPT]);
	put_number(out, MEMBER_OF("run"), info->numbers[PROGRESS_INFO__RUN]);
	put_word(out, MEMBER_OF("flag"), &progress__v1__progress_flag__descriptor, strlen("PROGRESS_FLAG_"),
	         info->numbers[PROGRESS_INFO__FLAG]);
	put_text(out, MEMBER_OF("error"), info->texts[PROGRESS_INFO__ERROR]);
	put_name(out, MEMBER_OF("cancel_requested"));
	buffer_put_string(out, info->numbers[PROGRESS_INFO__CANCEL_REQUESTED] != 0 ? "true" : "false");
	put_text(out, MEMBER_OF("pipeline"), info->texts[PROGRESS_INFO__PIPELINE]);
	put_text(out, MEMBER_OF("parent"), info->texts[PROGRESS_INFO__PARENT]);
	return true;
}

bool status_json_write(struct wire_bytes answer, struct buffer *out)
{
	size_t before = out->length;
	struct wire_bytes bytes;
	struct info info;
	clear_info(&info);
	if (!find_info(answer, &bytes) || !read_info(bytes, &info))
		return false;
	buffer_put_char(out, '{');
	bool is_good = !out->is_full && put_fixed(out, &info);
	for (size_t i = 0; is_good && i < info.metadata_count; i++)
		is_good = put_entry(out, info.metadata[i]);
	buffer_put_char(out, '}');
	if (!is_good)
		out->length = before;
	return is_good;
}
