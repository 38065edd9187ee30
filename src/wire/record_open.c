/* Decides which bytes of a store are a job. Nothing of them is trusted: a file may be damaged, or written by others. */
#include <assert.h>
#include <math.h>
#include <progress/store/v1/record.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/record.h"
#include "wire/record_fields.h"

typedef Progress__Store__V1__JobRecord job_record;
typedef Progress__Store__V1__MarkRecord mark_record;

/* The end of the year 9999; sums of two such times do not overflow. */
static const int64_t time_ms_max = 253402300799999;

static enum err unsound(struct fault *fault, const char *field, const char *what)
{
	return fault_set(fault, ERR_DATA_LOSS, "UNSOUND_RECORD", "stored job is unsound: %s%s", field, what);
}

static bool is_time(int64_t ms)
{
	return ms >= 0 && ms <= time_ms_max;
}

static bool is_short(const char *text, size_t bytes_max)
{
	return strlen(text) <= bytes_max;
}

static enum err check_stage(int32_t stage, struct fault *fault)
{
	if (stages_find(stage) != NULL)
		return ERR_OK;
	return fault_set(fault, ERR_DATA_LOSS, "UNKNOWN_STAGE",
	                 "stored job is unsound: its stage %d is not in this version's schema", stage);
}

/* What JobRecord and AnswerRecord must both obey; the rest of the rules is job_is_sound's. */
#define IS_VIEW_IN_RANGE(record)                                                                                       \
	(is_time((record)->updated_ms) && is_time((record)->ended_ms) && is_time((record)->stage_entered_ms) &&            \
	 isfinite((record)->done) && isfinite((record)->total) && isfinite((record)->moved_percent) &&                     \
	 is_short((record)->message, JOB_MESSAGE_BYTES_MAX) && is_short((record)->error, JOB_MESSAGE_BYTES_MAX))

static enum err check_job(const job_record *record, struct fault *fault)
{
	if (!text_is_name(record->job_id) || !text_is_name(record->pipeline))
		return unsound(fault, "job_id or pipeline", " is no name");
	if (record->parent[0] != '\0' && !text_is_name(record->parent))
		return unsound(fault, "parent", " is no name");
	if (!IS_VIEW_IN_RANGE(record) || !is_time(record->created_ms) || !is_time(record->ttl_ms) ||
	    !is_time(record->expected_ms) || !is_time(record->lease_ms) || !is_time(record->lost_after_ms) ||
	    !is_time(record->signed_ms) || !is_short(record->cancel_reason, JOB_MESSAGE_BYTES_MAX))
		return unsound(fault, "a time, an amount or a text", " is out of range");
	return check_stage(record->stage, fault);
}

static enum err check_metadata(const job_record *record, struct fault *fault)
{
	if (record->n_metadata > JOB_METADATA_ENTRIES_MAX)
		return unsound(fault, "metadata", " has too many entries");
	for (size_t i = 0; i < record->n_metadata; i++)
		if (!text_is_key(record->metadata[i]->key) ||
		    !is_short(record->metadata[i]->value, JOB_METADATA_VALUE_BYTES_MAX))
			return unsound(fault, "metadata", " has a bad key or too long a value");
	return ERR_OK;
}

static enum err check_spans(const job_record *record, struct fault *fault)
{
	if (record->n_spans > JOB_SPANS_MAX)
		return unsound(fault, "spans", " are too many");
	for (size_t i = 0; i < record->n_spans; i++) {
		if (!is_time(record->spans[i]->started_ms) || !is_time(record->spans[i]->ended_ms))
			return unsound(fault, "spans", " have a time out of range");
		enum err err = check_stage(record->spans[i]->stage, fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err check_mark(const mark_record *mark, struct fault *fault)
{
	if (mark->key[0] == '\0' || !is_short(mark->key, JOB_WRITER_BYTES_MAX))
		return unsound(fault, "marks", " have a key of a bad length");
	if (mark->outcome <= JOB_OUTCOME_UNSPECIFIED || mark->outcome > JOB_OUTCOME_DUPLICATE)
		return unsound(fault, "marks", " have an unknown outcome");
	if (mark->answer == NULL)
		return ERR_OK;
	if (!IS_VIEW_IN_RANGE(mark->answer))
		return unsound(fault, "marks", " have an answer out of range");
	return check_stage(mark->answer->stage, fault);
}

static enum err check_record(const job_record *record, struct fault *fault)
{
	enum err err = check_job(record, fault);
	if (err == ERR_OK)
		err = check_metadata(record, fault);
	if (err == ERR_OK)
		err = check_spans(record, fault);
	if (err == ERR_OK && record->n_marks > JOB_MARKS_MAX)
		err = unsound(fault, "marks", " are too many");
	for (size_t i = 0; err == ERR_OK && i < record->n_marks; i++)
		err = check_mark(record->marks[i], fault);
	return err;
}

/* From here on only memory can be missing: all functions return false then, and what was built belongs to the job. */
static bool copy_text(char **ret_copy, const char *text)
{
	*ret_copy = text[0] == '\0' ? NULL : strdup(text);
	return text[0] == '\0' || *ret_copy != NULL;
}

static bool copy_metadata(struct job *job, const job_record *record)
{
	if (record->n_metadata == 0)
		return true;
	job->metadata = calloc(record->n_metadata, sizeof *job->metadata);
	if (job->metadata == NULL)
		return false;
	for (size_t i = 0; i < record->n_metadata; i++) {
		struct job_entry *entry = &job->metadata[job->metadata_count++];
		entry->key = strdup(record->metadata[i]->key);
		entry->value = strdup(record->metadata[i]->value);
		if (entry->key == NULL || entry->value == NULL)
			return false;
	}
	return true;
}

static bool copy_spans(struct job *job, const job_record *record)
{
	if (record->n_spans == 0)
		return true;
	job->spans = calloc(record->n_spans, sizeof *job->spans);
	if (job->spans == NULL)
		return false;
	for (size_t i = 0; i < record->n_spans; i++) {
		const Progress__Store__V1__SpanRecord *span = record->spans[i];
		job->spans[job->span_count++] = (struct job_span){
		    .stage = span->stage,
		    .attempt = span->attempt,
		    .run = span->run,
		    .started_ms = span->started_ms,
		    .ended_ms = span->ended_ms,
		    .outcome = (enum span_outcome)span->outcome,
		};
	}
	return true;
}

static bool copy_answer(struct job_mark *mark, const mark_record *record)
{
	if (record->answer == NULL)
		return true;
	mark->answer = calloc(1, sizeof *mark->answer);
	if (mark->answer == NULL)
		return false;
	RECORD_COPY_NUMBERS(mark->answer, record->answer);
	mark->answer->revision = record->revision;
	return copy_text(&mark->answer->message, record->answer->message) &&
	       copy_text(&mark->answer->error, record->answer->error);
}

static bool copy_marks(struct job *job, const job_record *record)
{
	if (record->n_marks == 0)
		return true;
	job->marks = calloc(record->n_marks, sizeof *job->marks);
	if (job->marks == NULL)
		return false;
	for (size_t i = 0; i < record->n_marks; i++) {
		const mark_record *from = record->marks[i];
		struct job_mark *mark = &job->marks[job->mark_count++];
		mark->is_request_id = from->is_request_id;
		mark->sequence = from->sequence;
		mark->seen = from->seen;
		mark->revision = from->revision;
		mark->outcome = (enum job_outcome)from->outcome;
		if (!copy_text(&mark->key, from->key) || !copy_answer(mark, from))
			return false;
	}
	return true;
}

/* A name that was checked is never too long. */
static void copy_name(char to[JOB_ID_BYTES_MAX + 1], const char *name)
{
	size_t length = strlen(name);
	assert(length <= JOB_ID_BYTES_MAX);
	memcpy(to, name, length + 1);
}

static bool fill_job(struct job *job, const job_record *record)
{
	copy_name(job->job_id, record->job_id);
	copy_name(job->pipeline, record->pipeline);
	copy_name(job->parent, record->parent);
	RECORD_COPY_NUMBERS(&job->view, record);
	job->view.revision = record->revision;
	job->cancel_requested = record->cancel_requested;
	job->created_ms = record->created_ms;
	job->ttl_ms = record->ttl_ms;
	job->lease_ms = record->lease_ms;
	job->lost_after_ms = record->lost_after_ms;
	job->signed_ms = record->signed_ms;
	job->view.expected_ms = record->expected_ms;
	job->pace.ended_fraction = record->time_fraction;
	job->pace.size_hint = record->size_hint;
	job->pace.worker = record->worker_key;
	job->pace.class = record->class_key;
	if (record->end != NULL)
		job->pace.end =
		    (struct pace_end){record->end->until, record->end->at, record->end->low_at, record->end->high_at};
	return copy_text(&job->view.message, record->message) && copy_text(&job->view.error, record->error) &&
	       copy_text(&job->cancel_reason, record->cancel_reason) && copy_metadata(job, record) &&
	       copy_spans(job, record) && copy_marks(job, record);
}

static enum err build_job(const job_record *record, struct job **ret_job, struct fault *fault)
{
	enum err err = check_record(record, fault);
	if (err != ERR_OK)
		return err;
	struct job *job = job_create_blank();
	if (job == NULL || !fill_job(job, record))
		err = fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for a stored job");
	else if (!job_is_sound(job))
		err = unsound(fault, "it breaks a rule that every job keeps", "");
	if (err != ERR_OK) {
		job_destroy(job);
		return err;
	}
	pace_open(job, record->estimate.data, record->estimate.len);
	*ret_job = job;
	return ERR_OK;
}

enum err record_open(const uint8_t *bytes, size_t length, struct job **ret_job, struct fault *fault)
{
	struct arena arena;
	arena_init(&arena, 2 * (size_t)WIRE_OPEN_BYTES_MAX);
	ProtobufCMessage *message;
	enum err err = wire_open(&progress__store__v1__job_record__descriptor, bytes, length, &arena, &message, fault);
	if (err == ERR_OK)
		err = build_job((const job_record *)message, ret_job, fault);
	else if (strcmp(fault->reason, WIRE_ARENA_FULL) != 0)
		err = unsound(fault, fault->text, "");
	arena_finish(&arena);
	return err;
}
