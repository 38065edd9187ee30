/* Adding a field at the end of a serialized message sets it, so parts are copied, never opened. */
#include "wire/compose.h"

#include <assert.h>
#include <progress/fields.h>
#include <string.h>

#include "wire/writer.h"

/* Answers of several methods are put together alike, so their fields must have the same numbers. */
#define AS_IN_THE_OTHERS(field, other) _Static_assert((int)(field) == (int)(other), "one function writes both")
enum { ANSWER_INFO = UPDATE_PROGRESS_RESPONSE__PROGRESS_INFO, ANSWER_NUMBER = UPDATE_PROGRESS_RESPONSE__OUTCOME };
AS_IN_THE_OTHERS(GET_PROGRESS_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_BY_STATUS_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_BY_STATUS_RESPONSE__OUTCOME, ANSWER_NUMBER);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_EXPLICIT_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_EXPLICIT_RESPONSE__OUTCOME, ANSWER_NUMBER);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_INCREMENTAL_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(UPDATE_PROGRESS_INCREMENTAL_RESPONSE__OUTCOME, ANSWER_NUMBER);
AS_IN_THE_OTHERS(SIMULATE_PROGRESS_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(SIMULATE_PROGRESS_RESPONSE__OUTCOME, ANSWER_NUMBER);
AS_IN_THE_OTHERS(CREATE_JOB_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(DELETE_JOB_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(GET_JOB_HISTORY_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(WAIT_PROGRESS_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(WAIT_PROGRESS_RESPONSE__TIMED_OUT, ANSWER_NUMBER);
AS_IN_THE_OTHERS(CANCEL_JOB_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(HEARTBEAT_RESPONSE__PROGRESS_INFO, ANSWER_INFO);
AS_IN_THE_OTHERS(WATCH_PROGRESS_RESPONSE__EVENTS, WATCH_JOBS_RESPONSE__EVENTS);
AS_IN_THE_OTHERS(WATCH_PROGRESS_RESPONSE__RESUME_TOKEN, WATCH_JOBS_RESPONSE__RESUME_TOKEN);
AS_IN_THE_OTHERS(WATCH_PROGRESS_RESPONSE__RESYNC, WATCH_JOBS_RESPONSE__RESYNC);
AS_IN_THE_OTHERS(LIST_JOBS_RESPONSE__JOBS, WATCH_JOBS_RESPONSE__EVENTS);
AS_IN_THE_OTHERS(LIST_JOBS_RESPONSE__NEXT_PAGE_TOKEN, WATCH_JOBS_RESPONSE__RESUME_TOKEN);

static size_t length_of(const char *string)
{
	return string == NULL ? 0 : strlen(string);
}

static uint8_t *take(struct arena *arena, size_t length, struct wire_bytes *ret_bytes, struct fault *fault)
{
	uint8_t *bytes = arena_take(arena, length);
	if (bytes == NULL)
		fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "no memory to put together %zu bytes", length);
	else
		*ret_bytes = (struct wire_bytes){bytes, length};
	return bytes;
}

enum err compose_answer(struct wire_bytes info, int64_t number, struct arena *arena, struct wire_bytes *ret_bytes,
                        struct fault *fault)
{
	size_t length = writer_bytes_bytes(info.length) + writer_number_bytes(number);
	uint8_t *out = take(arena, length, ret_bytes, fault);
	if (out == NULL)
		return fault->code;
	out = writer_put_bytes(out, ANSWER_INFO, info.at, info.length);
	out = writer_put_number(out, ANSWER_NUMBER, number);
	assert(out == ret_bytes->at + length);
	return ERR_OK;
}

enum err compose_with_info(struct wire_bytes info, struct wire_bytes rest, struct arena *arena,
                           struct wire_bytes *ret_bytes, struct fault *fault)
{
	uint8_t *out = take(arena, writer_bytes_bytes(info.length) + rest.length, ret_bytes, fault);
	if (out == NULL)
		return fault->code;
	out = writer_put_bytes(out, ANSWER_INFO, info.at, info.length);
	memcpy(out, rest.at, rest.length);
	return ERR_OK;
}

enum err compose_event(struct wire_bytes info, uint64_t previous_revision, int kind, const char *traceparent,
                       struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault)
{
	size_t length = writer_bytes_bytes(info.length) + writer_number_bytes((int64_t)previous_revision) +
	                writer_number_bytes(kind) + writer_bytes_bytes(length_of(traceparent));
	uint8_t *out = take(arena, length, ret_bytes, fault);
	if (out == NULL)
		return fault->code;
	out = writer_put_bytes(out, PROGRESS_EVENT__PROGRESS_INFO, info.at, info.length);
	out = writer_put_number(out, PROGRESS_EVENT__PREVIOUS_REVISION, (int64_t)previous_revision);
	out = writer_put_number(out, PROGRESS_EVENT__KIND, kind);
	out = writer_put_bytes(out, PROGRESS_EVENT__TRACEPARENT, traceparent, length_of(traceparent));
	assert(out == ret_bytes->at + length);
	return ERR_OK;
}

static size_t part_bytes(const struct compose_part *part)
{
	return part->bytes.length + writer_number_bytes((int64_t)part->merged);
}

enum err compose_page(const struct compose_part *parts, size_t count, const char *token, bool flag, struct arena *arena,
                      struct wire_bytes *ret_bytes, struct fault *fault)
{
	size_t length = writer_bytes_bytes(strlen(token)) + writer_number_bytes(flag);
	for (size_t i = 0; i < count; i++)
		length += writer_bytes_bytes(part_bytes(&parts[i]));
	uint8_t *out = take(arena, length, ret_bytes, fault);
	if (out == NULL)
		return fault->code;
	for (size_t i = 0; i < count; i++) {
		out = writer_put_head(out, WATCH_JOBS_RESPONSE__EVENTS, part_bytes(&parts[i]));
		memcpy(out, parts[i].bytes.at, parts[i].bytes.length);
		out = writer_put_number(out + parts[i].bytes.length, PROGRESS_EVENT__MERGED, (int64_t)parts[i].merged);
	}
	out = writer_put_string(out, WATCH_JOBS_RESPONSE__RESUME_TOKEN, token);
	out = writer_put_number(out, WATCH_JOBS_RESPONSE__RESYNC, flag);
	assert(out == ret_bytes->at + length);
	return ERR_OK;
}

static size_t result_bytes(const struct compose_result *result)
{
	return writer_number_bytes(result->code) + writer_bytes_bytes(length_of(result->message)) +
	       writer_bytes_bytes(length_of(result->reason)) + writer_bytes_bytes(result->info.length) +
	       writer_number_bytes(result->outcome) + writer_number_bytes((int64_t)result->revision) +
	       writer_number_bytes(result->cancel_requested);
}

static uint8_t *put_result(uint8_t *out, const struct compose_result *result)
{
	out = writer_put_head(out, BATCH_UPDATE_PROGRESS_RESPONSE__RESULTS, result_bytes(result));
	out = writer_put_number(out, BATCH_RESULT__CODE, result->code);
	out = writer_put_string(out, BATCH_RESULT__MESSAGE, result->message);
	out = writer_put_string(out, BATCH_RESULT__REASON, result->reason);
	out = writer_put_bytes(out, BATCH_RESULT__PROGRESS_INFO, result->info.at, result->info.length);
	out = writer_put_number(out, BATCH_RESULT__OUTCOME, result->outcome);
	out = writer_put_number(out, BATCH_RESULT__REVISION, (int64_t)result->revision);
	return writer_put_number(out, BATCH_RESULT__CANCEL_REQUESTED, result->cancel_requested);
}

enum err compose_results(const struct compose_result *results, size_t count, struct arena *arena,
                         struct wire_bytes *ret_bytes, struct fault *fault)
{
	size_t length = 0;
	for (size_t i = 0; i < count; i++)
		length += 1 + writer_varint_bytes(result_bytes(&results[i])) + result_bytes(&results[i]);
	uint8_t *out = take(arena, length, ret_bytes, fault);
	if (out == NULL)
		return fault->code;
	for (size_t i = 0; i < count; i++)
		out = put_result(out, &results[i]);
	assert(out == ret_bytes->at + length);
	return ERR_OK;
}
