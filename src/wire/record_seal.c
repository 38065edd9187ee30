/*
 * Decides how a job is written down for a store. Like what readers are shown (info.c) it is written field by field: it
 * is done for each change, and the generic packer took four times as long.
 */
#include <assert.h>
#include <progress/fields.h>
#include <string.h>

#include "wire/record.h"
#include "wire/writer.h"

/* At most so many bytes, beside the strings. */
enum {
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
		uint8_t *end = writer_put_string(out, JOB_RECORD__METADATA_ENTRY__KEY, entry->key);
		out = close_part(out, JOB_RECORD__METADATA, out,
		                 writer_put_string(end, JOB_RECORD__METADATA_ENTRY__VALUE, entry->value));
	}
	return out;
}

static uint8_t *put_spans(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->span_count; i++) {
		const struct job_span *span = &job->spans[i];
		uint8_t *end = writer_put_number(out, SPAN_RECORD__STAGE, span->stage);
		end = writer_put_number(end, SPAN_RECORD__ATTEMPT, span->attempt);
		end = writer_put_number(end, SPAN_RECORD__RUN, span->run);
		end = writer_put_number(end, SPAN_RECORD__STARTED_MS, span->started_ms);
		end = writer_put_number(end, SPAN_RECORD__ENDED_MS, span->ended_ms);
		end = writer_put_number(end, SPAN_RECORD__OUTCOME, (int)span->outcome);
		out = close_part(out, JOB_RECORD__SPANS, out, end);
	}
	return out;
}

static uint8_t *put_answer(uint8_t *out, const struct job_view *answer)
{
	uint8_t *end = writer_put_number(out, ANSWER_RECORD__STAGE, answer->stage);
	end = writer_put_double(end, ANSWER_RECORD__PERCENT, answer->percent);
	end = writer_put_double(end, ANSWER_RECORD__REACHED_PERCENT, answer->reached_percent);
	end = writer_put_string(end, ANSWER_RECORD__MESSAGE, answer->message);
	end = writer_put_number(end, ANSWER_RECORD__STATE, (int)answer->state);
	end = writer_put_number(end, ANSWER_RECORD__SOURCE, (int)answer->source);
	end = writer_put_number(end, ANSWER_RECORD__ATTEMPT, answer->attempt);
	end = writer_put_number(end, ANSWER_RECORD__RUN, answer->run);
	end = writer_put_number(end, ANSWER_RECORD__UPDATED_MS, answer->updated_ms);
	end = writer_put_number(end, ANSWER_RECORD__ENDED_MS, answer->ended_ms);
	end = writer_put_number(end, ANSWER_RECORD__STAGE_ENTERED_MS, answer->stage_entered_ms);
	end = writer_put_double(end, ANSWER_RECORD__DONE, answer->done);
	end = writer_put_double(end, ANSWER_RECORD__TOTAL, answer->total);
	end = writer_put_string(end, ANSWER_RECORD__ERROR, answer->error);
	end = writer_put_number(end, ANSWER_RECORD__IS_SIMULATED, answer->is_simulated);
	end = writer_put_double(end, ANSWER_RECORD__MOVED_PERCENT, answer->moved_percent);
	return close_part(out, MARK_RECORD__ANSWER, out, end);
}

static uint8_t *put_marks(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->mark_count; i++) {
		const struct job_mark *mark = &job->marks[i];
		uint8_t *end = writer_put_string(out, MARK_RECORD__KEY, mark->key);
		end = writer_put_number(end, MARK_RECORD__IS_REQUEST_ID, mark->is_request_id);
		end = writer_put_number(end, MARK_RECORD__SEQUENCE, (int64_t)mark->sequence);
		end = writer_put_number(end, MARK_RECORD__SEEN, (int64_t)mark->seen);
		end = writer_put_number(end, MARK_RECORD__REVISION, (int64_t)mark->revision);
		end = writer_put_number(end, MARK_RECORD__OUTCOME, (int)mark->outcome);
		if (mark->answer != NULL)
			end = put_answer(end, mark->answer);
		out = close_part(out, JOB_RECORD__MARKS, out, end);
	}
	return out;
}

/* Fields 1 to 16. */
static uint8_t *put_progress(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	out = writer_put_string(out, JOB_RECORD__JOB_ID, job->job_id);
	out = writer_put_string(out, JOB_RECORD__PIPELINE, job->pipeline);
	out = writer_put_number(out, JOB_RECORD__STAGE, view->stage);
	out = writer_put_double(out, JOB_RECORD__PERCENT, view->percent);
	out = writer_put_double(out, JOB_RECORD__REACHED_PERCENT, view->reached_percent);
	out = writer_put_string(out, JOB_RECORD__MESSAGE, view->message);
	out = put_metadata(out, job);
	out = writer_put_number(out, JOB_RECORD__STATE, (int)view->state);
	out = writer_put_number(out, JOB_RECORD__SOURCE, (int)view->source);
	out = writer_put_number(out, JOB_RECORD__REVISION, (int64_t)view->revision);
	out = writer_put_number(out, JOB_RECORD__ATTEMPT, view->attempt);
	out = writer_put_number(out, JOB_RECORD__RUN, view->run);
	out = writer_put_number(out, JOB_RECORD__CANCEL_REQUESTED, job->cancel_requested);
	out = writer_put_string(out, JOB_RECORD__CANCEL_REASON, job->cancel_reason);
	out = writer_put_string(out, JOB_RECORD__ERROR, view->error);
	return writer_put_string(out, JOB_RECORD__PARENT, job->parent);
}

/* Fields 17 to 28. */
static uint8_t *put_circumstances(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	out = writer_put_number(out, JOB_RECORD__CREATED_MS, job->created_ms);
	out = writer_put_number(out, JOB_RECORD__UPDATED_MS, view->updated_ms);
	out = writer_put_number(out, JOB_RECORD__ENDED_MS, view->ended_ms);
	out = writer_put_number(out, JOB_RECORD__STAGE_ENTERED_MS, view->stage_entered_ms);
	out = writer_put_number(out, JOB_RECORD__TTL_MS, job->ttl_ms);
	out = writer_put_double(out, JOB_RECORD__DONE, view->done);
	out = writer_put_double(out, JOB_RECORD__TOTAL, view->total);
	out = put_spans(out, job);
	out = put_marks(out, job);
	out = writer_put_number(out, JOB_RECORD__LEASE_MS, job->lease_ms);
	out = writer_put_number(out, JOB_RECORD__LOST_AFTER_MS, job->lost_after_ms);
	return writer_put_number(out, JOB_RECORD__SIGNED_MS, job->signed_ms);
}

static uint8_t *put_end(uint8_t *out, const struct pace_end *pace_end)
{
	uint8_t *end = writer_put_double(out, END_RECORD__UNTIL, pace_end->until);
	end = writer_put_double(end, END_RECORD__AT, pace_end->at);
	end = writer_put_double(end, END_RECORD__LOW_AT, pace_end->low_at);
	end = writer_put_double(end, END_RECORD__HIGH_AT, pace_end->high_at);
	return close_part(out, JOB_RECORD__END, out, end);
}

/* Fields 29 to 37. */
static uint8_t *put_pace(uint8_t *out, const struct job *job)
{
	const struct job_view *view = &job->view;
	uint8_t estimate[ESTIMATE_BYTES_MAX];
	out = writer_put_bytes(out, JOB_RECORD__ESTIMATE, estimate, pace_seal(job, estimate));
	out = writer_put_number(out, JOB_RECORD__IS_SIMULATED, view->is_simulated);
	out = writer_put_number(out, JOB_RECORD__EXPECTED_MS, view->expected_ms);
	out = writer_put_double(out, JOB_RECORD__MOVED_PERCENT, view->moved_percent);
	out = writer_put_double(out, JOB_RECORD__TIME_FRACTION, job->pace.ended_fraction);
	out = writer_put_double(out, JOB_RECORD__SIZE_HINT, job->pace.size_hint);
	out = writer_put_number(out, JOB_RECORD__WORKER_KEY, (int64_t)job->pace.worker);
	out = writer_put_number(out, JOB_RECORD__CLASS_KEY, (int64_t)job->pace.class);
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
