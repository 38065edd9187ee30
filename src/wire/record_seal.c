/* Decides how a job is written down for a store. */
#include <progress/store/v1/record.pb-c.h>

#include "wire/borrow.h"
#include "wire/record.h"
#include "wire/record_fields.h"

typedef Progress__Store__V1__JobRecord job_record;
typedef Progress__Store__V1__JobRecord__MetadataEntry entry_record;
typedef Progress__Store__V1__SpanRecord span_record;
typedef Progress__Store__V1__MarkRecord mark_record;
typedef Progress__Store__V1__AnswerRecord answer_record;

/* Room for `count` structs and for the pointers to them that protobuf-c wants. False: the arena is full. */
static bool take_list(struct arena *arena, size_t count, size_t struct_bytes, void **ret_structs, void **ret_pointers)
{
	*ret_structs = arena_take(arena, count * struct_bytes);
	*ret_pointers = arena_take(arena, count * sizeof(void *));
	return *ret_structs != NULL && *ret_pointers != NULL;
}

static bool add_metadata(job_record *record, const struct job *job, struct arena *arena)
{
	void *structs, *pointers;
	if (!take_list(arena, job->metadata_count, sizeof(entry_record), &structs, &pointers))
		return false;
	entry_record *entries = structs;
	record->metadata = pointers;
	record->n_metadata = job->metadata_count;
	for (size_t i = 0; i < job->metadata_count; i++) {
		progress__store__v1__job_record__metadata_entry__init(&entries[i]);
		entries[i].key = job->metadata[i].key;
		entries[i].value = job->metadata[i].value;
		record->metadata[i] = &entries[i];
	}
	return true;
}

static bool add_spans(job_record *record, const struct job *job, struct arena *arena)
{
	void *structs, *pointers;
	if (!take_list(arena, job->span_count, sizeof(span_record), &structs, &pointers))
		return false;
	span_record *spans = structs;
	record->spans = pointers;
	record->n_spans = job->span_count;
	for (size_t i = 0; i < job->span_count; i++) {
		const struct job_span *span = &job->spans[i];
		progress__store__v1__span_record__init(&spans[i]);
		spans[i].stage = span->stage;
		spans[i].attempt = span->attempt;
		spans[i].run = span->run;
		spans[i].started_ms = span->started_ms;
		spans[i].ended_ms = span->ended_ms;
		spans[i].outcome = (int32_t)span->outcome;
		record->spans[i] = &spans[i];
	}
	return true;
}

static answer_record *make_answer(const struct job_view *view, struct arena *arena)
{
	answer_record *answer = arena_take(arena, sizeof *answer);
	if (answer == NULL)
		return NULL;
	progress__store__v1__answer_record__init(answer);
	RECORD_COPY_NUMBERS(answer, view);
	answer->message = view->message;
	answer->error = view->error;
	return answer;
}

static bool fill_mark(mark_record *record, const struct job_mark *mark, struct arena *arena)
{
	progress__store__v1__mark_record__init(record);
	record->key = mark->key;
	record->is_request_id = mark->is_request_id;
	record->sequence = mark->sequence;
	record->seen = mark->seen;
	record->revision = mark->revision;
	record->outcome = (int32_t)mark->outcome;
	if (mark->answer != NULL)
		record->answer = make_answer(mark->answer, arena);
	return mark->answer == NULL || record->answer != NULL;
}

static bool add_marks(job_record *record, const struct job *job, struct arena *arena)
{
	void *structs, *pointers;
	if (!take_list(arena, job->mark_count, sizeof(mark_record), &structs, &pointers))
		return false;
	mark_record *marks = structs;
	record->marks = pointers;
	record->n_marks = job->mark_count;
	for (size_t i = 0; i < job->mark_count; i++) {
		if (!fill_mark(&marks[i], &job->marks[i], arena))
			return false;
		record->marks[i] = &marks[i];
	}
	return true;
}

static void fill_record(job_record *record, const struct job *job)
{
	RECORD_COPY_NUMBERS(record, &job->view);
	record->revision = job->view.revision;
	record->message = job->view.message;
	record->error = job->view.error;
	record->job_id = borrow_string(job->job_id);
	record->pipeline = borrow_string(job->pipeline);
	record->parent = borrow_string(job->parent);
	record->cancel_requested = job->cancel_requested;
	record->cancel_reason = job->cancel_reason;
	record->created_ms = job->created_ms;
	record->ttl_ms = job->ttl_ms;
	record->lease_ms = job->lease_ms;
	record->lost_after_ms = job->lost_after_ms;
	record->signed_ms = job->signed_ms;
}

enum err record_seal(const struct job *job, struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault)
{
	job_record record;
	progress__store__v1__job_record__init(&record);
	fill_record(&record, job);
	if (!add_metadata(&record, job, arena) || !add_spans(&record, job, arena) || !add_marks(&record, job, arena))
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "no memory to write down job %s", job->job_id);
	return wire_seal(&record.base, arena, ret_bytes, fault);
}
