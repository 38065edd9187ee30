/*
 * Decides how a job is written down for a store. Like what readers are shown (info.c) it is written field by field: it
 * is done for each change, and the generic packer took four times as long.
 */
#include <assert.h>
#include <string.h>

#include "wire/record.h"
#include "wire/writer.h"

/* The numbers of progress.store.v1.JobRecord and of the messages in it. */
enum {
	RECORD_JOB_ID = 1,
	RECORD_PIPELINE = 2,
	RECORD_STAGE = 3,
	RECORD_PERCENT = 4,
	RECORD_REACHED_PERCENT = 5,
	RECORD_MESSAGE = 6,
	RECORD_METADATA = 7,
	RECORD_STATE = 8,
	RECORD_SOURCE = 9,
	RECORD_REVISION = 10,
	RECORD_ATTEMPT = 11,
	RECORD_RUN = 12,
	RECORD_CANCEL_REQUESTED = 13,
	RECORD_CANCEL_REASON = 14,
	RECORD_ERROR = 15,
	RECORD_PARENT = 16,
	RECORD_CREATED_MS = 17,
	RECORD_UPDATED_MS = 18,
	RECORD_ENDED_MS = 19,
	RECORD_STAGE_ENTERED_MS = 20,
	RECORD_TTL_MS = 21,
	RECORD_DONE = 22,
	RECORD_TOTAL = 23,
	RECORD_SPANS = 24,
	RECORD_MARKS = 25,
	RECORD_LEASE_MS = 26,
	RECORD_LOST_AFTER_MS = 27,
	RECORD_SIGNED_MS = 28,
	RECORD_ESTIMATE = 29,
	RECORD_IS_SIMULATED = 30,
	RECORD_EXPECTED_MS = 31,
	RECORD_MOVED_PERCENT = 32,
	RECORD_TIME_FRACTION = 33,
	RECORD_SIZE_HINT = 34,
	RECORD_WORKER_KEY = 35,
	RECORD_CLASS_KEY = 36,
	RECORD_END = 37,

	END_UNTIL = 1,
	END_AT = 2,
	END_LOW_AT = 3,
	END_HIGH_AT = 4,

	ENTRY_KEY = 1,
	ENTRY_VALUE = 2,

	SPAN_STAGE = 1,
	SPAN_ATTEMPT = 2,
	SPAN_RUN = 3,
	SPAN_STARTED_MS = 4,
	SPAN_ENDED_MS = 5,
	SPAN_OUTCOME = 6,

	MARK_KEY = 1,
	MARK_IS_REQUEST_ID = 2,
	MARK_SEQUENCE = 3,
	MARK_SEEN = 4,
	MARK_REVISION = 5,
	MARK_OUTCOME = 6,
	MARK_ANSWER = 7,

	ANSWER_STAGE = 1,
	ANSWER_PERCENT = 2,
	ANSWER_REACHED_PERCENT = 3,
	ANSWER_MESSAGE = 4,
	ANSWER_STATE = 5,
	ANSWER_SOURCE = 6,
	ANSWER_ATTEMPT = 7,
	ANSWER_RUN = 8,
	ANSWER_UPDATED_MS = 9,
	ANSWER_ENDED_MS = 10,
	ANSWER_STAGE_ENTERED_MS = 11,
	ANSWER_DONE = 12,
	ANSWER_TOTAL = 13,
	ANSWER_ERROR = 14,
	ANSWER_IS_SIMULATED = 15,
	ANSWER_MOVED_PERCENT = 16,

	/* At most so many bytes, beside the strings. */
	JOB_BYTES_MAX = 500 + ESTIMATE_BYTES_MAX,
	ENTRY_BYTES_MAX = 16,
	SPAN_BYTES_MAX = 72,
	MARK_BYTES_MAX = 80,
	ANSWER_BYTES_MAX = 180,
};

static size_t length_of(const char *string)
{
	return string == NULL ? 0 : strlen(string);
}

static size_t answer_bytes_max(const struct job_view *answer)
{
	return answer == NULL ? 0 : ANSWER_BYTES_MAX + length_of(answer->message) + length_of(answer->error);
}

static size_t mark_bytes_max(const struct job_mark *mark)
{
	return MARK_BYTES_MAX + length_of(mark->key) + answer_bytes_max(mark->answer);
}

/* At least as many bytes as the record takes. */
static size_t bytes_needed(const struct job *job)
{
	size_t bytes = JOB_BYTES_MAX + length_of(job->job_id) + length_of(job->pipeline) + length_of(job->parent) +
	               length_of(job->cancel_reason) + length_of(job->view.message) + length_of(job->view.error) +
	               job->span_count * SPAN_BYTES_MAX;
	for (size_t i = 0; i < job->metadata_count; i++)
		bytes += ENTRY_BYTES_MAX + length_of(job->metadata[i].key) + length_of(job->metadata[i].value);
	for (size_t i = 0; i < job->mark_count; i++)
		bytes += mark_bytes_max(&job->marks[i]);
	return bytes;
}

/* Puts a head before the part that was written from `part` to `end`, where its length is known at last. */
static uint8_t *close_part(uint8_t *out, int field, const uint8_t *part, const uint8_t *end)
{
	size_t length = (size_t)(end - part);
	uint8_t head[16], *head_end = writer_put_head(head, field, length);
	size_t head_bytes = (size_t)(head_end - head);
	memmove(out + head_bytes, part, length);
	memcpy(out, head, head_bytes);
	return out + head_bytes + length;
}

static uint8_t *put_metadata(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->metadata_count; i++) {
		const struct job_entry *entry = &job->metadata[i];
		uint8_t *end = writer_put_string(out, ENTRY_KEY, entry->key);
		out = close_part(out, RECORD_METADATA, out, writer_put_string(end, ENTRY_VALUE, entry->value));
	}
	return out;
}

static uint8_t *put_spans(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->span_count; i++) {
		const struct job_span *span = &job->spans[i];
		uint8_t *end = writer_put_number(out, SPAN_STAGE, span->stage);
		end = writer_put_number(end, SPAN_ATTEMPT, span->attempt);
		end = writer_put_number(end, SPAN_RUN, span->run);
		end = writer_put_number(end, SPAN_STARTED_MS, span->started_ms);
		end = writer_put_number(end, SPAN_ENDED_MS, span->ended_ms);
		end = writer_put_number(end, SPAN_OUTCOME, (int)span->outcome);
		out = close_part(out, RECORD_SPANS, out, end);
	}
	return out;
}

static uint8_t *put_answer(uint8_t *out, const struct job_view *answer)
{
	uint8_t *end = writer_put_number(out, ANSWER_STAGE, answer->stage);
	end = writer_put_double(end, ANSWER_PERCENT, answer->percent);
	end = writer_put_double(end, ANSWER_REACHED_PERCENT, answer->reached_percent);
	end = writer_put_string(end, ANSWER_MESSAGE, answer->message);
	end = writer_put_number(end, ANSWER_STATE, (int)answer->state);
	end = writer_put_number(end, ANSWER_SOURCE, (int)answer->source);
	end = writer_put_number(end, ANSWER_ATTEMPT, answer->attempt);
	end = writer_put_number(end, ANSWER_RUN, answer->run);
	end = writer_put_number(end, ANSWER_UPDATED_MS, answer->updated_ms);
	end = writer_put_number(end, ANSWER_ENDED_MS, answer->ended_ms);
	end = writer_put_number(end, ANSWER_STAGE_ENTERED_MS, answer->stage_entered_ms);
	end = writer_put_double(end, ANSWER_DONE, answer->done);
	end = writer_put_double(end, ANSWER_TOTAL, answer->total);
	end = writer_put_string(end, ANSWER_ERROR, answer->error);
	end = writer_put_number(end, ANSWER_IS_SIMULATED, answer->is_simulated);
	end = writer_put_double(end, ANSWER_MOVED_PERCENT, answer->moved_percent);
	return close_part(out, MARK_ANSWER, out, end);
}

static uint8_t *put_marks(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->mark_count; i++) {
		const struct job_mark *mark = &job->marks[i];
		uint8_t *end = writer_put_string(out, MARK_KEY, mark->key);
		end = writer_put_number(end, MARK_IS_REQUEST_ID, mark->is_request_id);
		end = writer_put_number(end, MARK_SEQUENCE, (int64_t)mark->sequence);
		end = writer_put_number(end, MARK_SEEN, (int64_t)mark->seen);
		end = writer_put_number(end, MARK_REVISION, (int64_t)mark->revision);
		end = writer_put_number(end, MARK_OUTCOME, (int)mark->outcome);
		if (mark->answer != NULL)
			end = put_answer(end, mark->answer);
		out = close_part(out, RECORD_MARKS, out, end);
	}
	return out;
}

/* Fields 1 to 16. */
static uint8_t *put_progress(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	out = writer_put_string(out, RECORD_JOB_ID, job->job_id);
	out = writer_put_string(out, RECORD_PIPELINE, job->pipeline);
	out = writer_put_number(out, RECORD_STAGE, view->stage);
	out = writer_put_double(out, RECORD_PERCENT, view->percent);
	out = writer_put_double(out, RECORD_REACHED_PERCENT, view->reached_percent);
	out = writer_put_string(out, RECORD_MESSAGE, view->message);
	out = put_metadata(out, job);
	out = writer_put_number(out, RECORD_STATE, (int)view->state);
	out = writer_put_number(out, RECORD_SOURCE, (int)view->source);
	out = writer_put_number(out, RECORD_REVISION, (int64_t)view->revision);
	out = writer_put_number(out, RECORD_ATTEMPT, view->attempt);
	out = writer_put_number(out, RECORD_RUN, view->run);
	out = writer_put_number(out, RECORD_CANCEL_REQUESTED, job->cancel_requested);
	out = writer_put_string(out, RECORD_CANCEL_REASON, job->cancel_reason);
	out = writer_put_string(out, RECORD_ERROR, view->error);
	return writer_put_string(out, RECORD_PARENT, job->parent);
}

/* Fields 17 to 28. */
static uint8_t *put_circumstances(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	out = writer_put_number(out, RECORD_CREATED_MS, job->created_ms);
	out = writer_put_number(out, RECORD_UPDATED_MS, view->updated_ms);
	out = writer_put_number(out, RECORD_ENDED_MS, view->ended_ms);
	out = writer_put_number(out, RECORD_STAGE_ENTERED_MS, view->stage_entered_ms);
	out = writer_put_number(out, RECORD_TTL_MS, job->ttl_ms);
	out = writer_put_double(out, RECORD_DONE, view->done);
	out = writer_put_double(out, RECORD_TOTAL, view->total);
	out = put_spans(out, job);
	out = put_marks(out, job);
	out = writer_put_number(out, RECORD_LEASE_MS, job->lease_ms);
	out = writer_put_number(out, RECORD_LOST_AFTER_MS, job->lost_after_ms);
	return writer_put_number(out, RECORD_SIGNED_MS, job->signed_ms);
}

static uint8_t *put_end(uint8_t *out, const struct pace_end *pace_end)
{
	uint8_t *end = writer_put_double(out, END_UNTIL, pace_end->until);
	end = writer_put_double(end, END_AT, pace_end->at);
	end = writer_put_double(end, END_LOW_AT, pace_end->low_at);
	end = writer_put_double(end, END_HIGH_AT, pace_end->high_at);
	return close_part(out, RECORD_END, out, end);
}

/* Fields 29 to 37. */
static uint8_t *put_pace(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	uint8_t estimate[ESTIMATE_BYTES_MAX];
	out = writer_put_bytes(out, RECORD_ESTIMATE, estimate, pace_seal(job, estimate));
	out = writer_put_number(out, RECORD_IS_SIMULATED, view->is_simulated);
	out = writer_put_number(out, RECORD_EXPECTED_MS, view->expected_ms);
	out = writer_put_double(out, RECORD_MOVED_PERCENT, view->moved_percent);
	out = writer_put_double(out, RECORD_TIME_FRACTION, job->pace.ended_fraction);
	out = writer_put_double(out, RECORD_SIZE_HINT, job->pace.size_hint);
	out = writer_put_number(out, RECORD_WORKER_KEY, (int64_t)job->pace.worker);
	out = writer_put_number(out, RECORD_CLASS_KEY, (int64_t)job->pace.class);
	return job->pace.has_estimate && job->pace.end.until > 0 ? put_end(out, &job->pace.end) : out;
}

enum err record_seal(const struct job *job, struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault)
{
	size_t needed = bytes_needed(job);
	uint8_t *bytes = arena_take(arena, needed);
	if (bytes == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "no memory to write down job %s", job->job_id);
	uint8_t *end = put_pace(put_circumstances(put_progress(bytes, job), job), job);
	assert((size_t)(end - bytes) <= needed);
	*ret_bytes = (struct wire_bytes){bytes, (size_t)(end - bytes)};
	return ERR_OK;
}
