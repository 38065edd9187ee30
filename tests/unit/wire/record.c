/* Jobs written down and read back, and bytes that are no job. */
#include "wire/record.h"

#include <criterion/criterion.h>
#include <math.h>
#include <progress/store/v1/record.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

typedef Progress__Store__V1__JobRecord job_record;

enum { PLENTY = 8 << 20 };

static struct fault fault;

static struct wire_bytes seal(const struct job *job, struct arena *arena)
{
	struct wire_bytes sealed = {0};
	cr_assert_eq(record_seal(job, arena, &sealed, &fault), ERR_OK);
	return sealed;
}

static void expect_same_text(const char *a, const char *b)
{
	cr_assert_eq(a == NULL, b == NULL);
	cr_assert(a == NULL || strcmp(a, b) == 0);
}

static void expect_same_view(const struct job_view *a, const struct job_view *b)
{
	cr_assert_eq(a->stage, b->stage);
	cr_assert_eq(a->percent, b->percent);
	cr_assert_eq(a->reached_percent, b->reached_percent);
	expect_same_text(a->message, b->message);
	expect_same_text(a->error, b->error);
	cr_assert_eq(a->state, b->state);
	cr_assert_eq(a->source, b->source);
	cr_assert_eq(a->attempt, b->attempt);
	cr_assert_eq(a->run, b->run);
	cr_assert_eq(a->updated_ms, b->updated_ms);
	cr_assert_eq(a->ended_ms, b->ended_ms);
	cr_assert_eq(a->stage_entered_ms, b->stage_entered_ms);
	cr_assert_eq(a->done, b->done);
	cr_assert_eq(a->total, b->total);
	cr_assert_eq(a->revision, b->revision);
}

static void expect_same_marks(const struct job *a, const struct job *b)
{
	cr_assert_eq(a->mark_count, b->mark_count);
	for (size_t i = 0; i < a->mark_count; i++) {
		const struct job_mark *one = &a->marks[i], *other = &b->marks[i];
		cr_assert_str_eq(one->key, other->key);
		cr_assert_eq(one->is_request_id, other->is_request_id);
		cr_assert_eq(one->sequence, other->sequence);
		cr_assert_eq(one->seen, other->seen);
		cr_assert_eq(one->revision, other->revision);
		cr_assert_eq(one->outcome, other->outcome);
		cr_assert_eq(one->answer == NULL, other->answer == NULL);
		if (one->answer != NULL)
			expect_same_view(one->answer, other->answer);
	}
}

static void expect_same_lists(const struct job *a, const struct job *b)
{
	cr_assert_eq(a->metadata_count, b->metadata_count);
	for (size_t i = 0; i < a->metadata_count; i++) {
		cr_assert_str_eq(a->metadata[i].key, b->metadata[i].key);
		cr_assert_str_eq(a->metadata[i].value, b->metadata[i].value);
	}
	cr_assert_eq(a->span_count, b->span_count);
	for (size_t i = 0; i < a->span_count; i++) {
		const struct job_span *one = &a->spans[i], *other = &b->spans[i];
		cr_assert_eq(one->stage, other->stage);
		cr_assert_eq(one->attempt, other->attempt);
		cr_assert_eq(one->run, other->run);
		cr_assert_eq(one->started_ms, other->started_ms);
		cr_assert_eq(one->ended_ms, other->ended_ms);
		cr_assert_eq(one->outcome, other->outcome);
	}
}

static void expect_same_job(const struct job *a, const struct job *b)
{
	cr_assert_str_eq(a->job_id, b->job_id);
	cr_assert_str_eq(a->pipeline, b->pipeline);
	cr_assert_str_eq(a->parent, b->parent);
	cr_assert_eq(a->cancel_requested, b->cancel_requested);
	expect_same_text(a->cancel_reason, b->cancel_reason);
	cr_assert_eq(a->created_ms, b->created_ms);
	cr_assert_eq(a->ttl_ms, b->ttl_ms);
	expect_same_view(&a->view, &b->view);
	expect_same_lists(a, b);
	expect_same_marks(a, b);
}

static void expect_round_trip(const struct job *job)
{
	struct arena arena;
	arena_init(&arena, PLENTY);
	struct wire_bytes first = seal(job, &arena);
	struct job *opened;
	cr_assert_eq(record_open(first.at, first.length, &opened, &fault), ERR_OK, "%s", fault.text);
	cr_assert(job_is_sound(opened));
	expect_same_job(job, opened);
	struct wire_bytes second = seal(opened, &arena);
	cr_assert_eq(second.length, first.length);
	cr_assert_eq(memcmp(second.at, first.at, first.length), 0);
	job_destroy(opened);
	arena_finish(&arena);
}

Test(record_open, gives_back_every_field)
{
	struct job *job = sample_full_job();
	expect_round_trip(job);
	job_destroy(job);
}

Test(record_open, gives_back_jobs_with_any_past)
{
	struct random random;
	random_start(&random, "record_open");
	for (int round = 0; round < 500; round++) {
		struct job *job = sample_job(&random);
		expect_round_trip(job);
		job_destroy(job);
	}
}

static char full_text[JOB_MESSAGE_BYTES_MAX + 1];

static void fill_spans(struct job *job)
{
	struct job_span span = job->spans[0];
	span.ended_ms = span.started_ms = job->view.stage_entered_ms;
	job->spans = realloc(job->spans, JOB_SPANS_MAX * sizeof *job->spans);
	while (job->span_count < JOB_SPANS_MAX)
		job->spans[job->span_count++] = span;
}

static void fill_marks(struct job *job)
{
	job->marks = realloc(job->marks, JOB_MARKS_MAX * sizeof *job->marks);
	for (; job->mark_count < JOB_MARKS_MAX; job->mark_count++) {
		struct job_mark *mark = &job->marks[job->mark_count];
		*mark = job->marks[0];
		mark->key = strndup(full_text, JOB_WRITER_BYTES_MAX);
		mark->answer = malloc(sizeof *mark->answer);
		*mark->answer = *job->marks[0].answer;
		mark->answer->message = strdup(full_text);
		mark->answer->error = strdup(full_text);
	}
}

static void fill_metadata(struct job *job)
{
	job->metadata = realloc(job->metadata, JOB_METADATA_ENTRIES_MAX * sizeof *job->metadata);
	for (; job->metadata_count < JOB_METADATA_ENTRIES_MAX; job->metadata_count++) {
		char key[JOB_METADATA_KEY_BYTES_MAX + 1];
		memset(key, 'z', sizeof key);
		key[JOB_METADATA_KEY_BYTES_MAX] = '\0';
		key[1] = (char)('0' + job->metadata_count / 10);
		key[2] = (char)('0' + job->metadata_count % 10);
		job->metadata[job->metadata_count] = (struct job_entry){strdup(key), strdup(full_text)};
	}
}

/* The largest job there can be must fit into what is opened. */
Test(record_open, gives_back_a_job_with_everything_at_its_limit)
{
	struct job *job = sample_full_job();
	memset(full_text, 'x', JOB_MESSAGE_BYTES_MAX);
	fill_spans(job);
	fill_marks(job);
	fill_metadata(job);
	expect_round_trip(job);
	job_destroy(job);
}

Test(record_seal, writes_what_the_generated_packer_would)
{
	struct arena large;
	struct wire_bytes sealed;
	ProtobufCMessage *record;
	arena_init(&large, 1 << 24);
	struct job *full = sample_full_job();
	cr_assert_eq(record_seal(full, &large, &sealed, &fault), ERR_OK);
	cr_assert_eq(
	    wire_open(&progress__store__v1__job_record__descriptor, sealed.at, sealed.length, &large, &record, &fault),
	    ERR_OK);
	uint8_t *packed = arena_take(&large, protobuf_c_message_get_packed_size(record));
	cr_assert_eq(protobuf_c_message_pack(record, packed), sealed.length);
	cr_assert_arr_eq(packed, sealed.at, sealed.length);
	job_destroy(full);
	arena_finish(&large);
}

Test(record_seal, is_refused_when_the_arena_is_full)
{
	struct job *job = sample_full_job();
	enum err err = ERR_UNKNOWN;
	size_t refusals = 0;
	for (size_t bytes_max = 0; err != ERR_OK; bytes_max += 50) {
		struct arena arena;
		struct wire_bytes sealed;
		arena_init(&arena, bytes_max);
		err = record_seal(job, &arena, &sealed, &fault);
		cr_assert(err == ERR_OK || err == ERR_RESOURCE_EXHAUSTED);
		refusals += err != ERR_OK;
		arena_finish(&arena);
	}
	cr_assert_gt(refusals, 10);
	job_destroy(job);
}

static void expect_unsound(const uint8_t *bytes, size_t length, const char *reason)
{
	struct job *opened = NULL;
	cr_assert_eq(record_open(bytes, length, &opened, &fault), ERR_DATA_LOSS);
	cr_assert_str_eq(fault.reason, reason);
	cr_assert_null(opened);
}

/* Writes the full job down after `spoil` changed its record. */
static void expect_spoiled(void (*spoil)(job_record *record), const char *reason)
{
	struct arena arena;
	arena_init(&arena, PLENTY);
	struct job *job = sample_full_job();
	struct wire_bytes sealed = seal(job, &arena);
	ProtobufCMessage *message;
	cr_assert_eq(
	    wire_open(&progress__store__v1__job_record__descriptor, sealed.at, sealed.length, &arena, &message, &fault),
	    ERR_OK);
	spoil((job_record *)message);
	cr_assert_eq(wire_seal(message, &arena, &sealed, &fault), ERR_OK);
	expect_unsound(sealed.at, sealed.length, reason);
	job_destroy(job);
	arena_finish(&arena);
}

static char long_text[3000];
static char bad_name[] = "not a name";

#define SPOIL(name, statement)                                                                                         \
	static void name(job_record *record)                                                                               \
	{                                                                                                                  \
		statement;                                                                                                     \
	}
SPOIL(spoil_stage, record->stage = 99)
SPOIL(spoil_stage_unset, record->stage = 0)
SPOIL(spoil_span_stage, record->spans[0]->stage = -1)
SPOIL(spoil_answer_stage, record->marks[0]->answer->stage = 99)
SPOIL(spoil_id, record->job_id = bad_name)
SPOIL(spoil_id_length, record->job_id = long_text)
SPOIL(spoil_id_unset, record->job_id = NULL)
SPOIL(spoil_pipeline, record->pipeline = long_text)
SPOIL(spoil_parent, record->parent = long_text)
SPOIL(spoil_percent, record->percent = 100.5)
SPOIL(spoil_percent_negative, record->percent = -1)
SPOIL(spoil_percent_nan, record->percent = (double)NAN)
SPOIL(spoil_reached, record->reached_percent = record->percent - 1)
SPOIL(spoil_done_infinite, record->done = record->total = (double)INFINITY)
SPOIL(spoil_done, record->done = record->total + 1)
SPOIL(spoil_attempt, record->attempt = 0)
SPOIL(spoil_run, record->run = 0)
SPOIL(spoil_revision, record->revision = 0)
SPOIL(spoil_state, record->state = 6)
SPOIL(spoil_state_negative, record->state = -1)
SPOIL(spoil_source, record->source = 4)
SPOIL(spoil_end, record->ended_ms = 1)
SPOIL(spoil_time, record->updated_ms = INT64_MAX)
SPOIL(spoil_time_negative, record->created_ms = -1)
SPOIL(spoil_ttl, record->ttl_ms = INT64_MAX)
SPOIL(spoil_message, record->message = long_text)
SPOIL(spoil_error, record->error = long_text)
SPOIL(spoil_cancel_reason, record->cancel_reason = long_text)
SPOIL(spoil_metadata_key, record->metadata[0]->key = bad_name)
SPOIL(spoil_metadata_order, record->metadata[0]->key = record->metadata[1]->key)
SPOIL(spoil_metadata_value, record->metadata[0]->value = long_text)
SPOIL(spoil_span_order, record->spans[0]->ended_ms++)
SPOIL(spoil_span_outcome, record->spans[0]->outcome = 6)
SPOIL(spoil_span_running, record->spans[0]->outcome = SPAN_OUTCOME_RUNNING)
SPOIL(spoil_span_attempt, record->spans[0]->attempt = 0)
SPOIL(spoil_mark_key, record->marks[0]->key = NULL)
SPOIL(spoil_mark_key_length, record->marks[0]->key = long_text)
SPOIL(spoil_mark_outcome, record->marks[0]->outcome = 4)
SPOIL(spoil_mark_sequence, record->marks[0]->sequence = 0)
SPOIL(spoil_mark_seen, record->marks[0]->seen = 2)
SPOIL(spoil_mark_revision, record->marks[0]->revision = 22)
SPOIL(spoil_mark_unanswered, record->marks[0]->answer = NULL)
SPOIL(spoil_answer_percent, record->marks[0]->answer->percent = 101)
SPOIL(spoil_answer_message, record->marks[0]->answer->message = long_text)

Test(record_open, refuses_a_stage_that_the_schema_does_not_know)
{
	expect_spoiled(spoil_stage, "UNKNOWN_STAGE");
	expect_spoiled(spoil_stage_unset, "UNKNOWN_STAGE");
	expect_spoiled(spoil_span_stage, "UNKNOWN_STAGE");
	expect_spoiled(spoil_answer_stage, "UNKNOWN_STAGE");
	expect_spoiled(spoil_stage, "UNKNOWN_STAGE");
	cr_assert(strstr(fault.text, "stage 99 is not in this version's schema") != NULL, "%s", fault.text);
}

Test(record_open, refuses_every_unsound_field)
{
	static void (*const spoilers[])(job_record *) = {
	    spoil_id,
	    spoil_id_length,
	    spoil_id_unset,
	    spoil_pipeline,
	    spoil_parent,
	    spoil_percent,
	    spoil_percent_negative,
	    spoil_percent_nan,
	    spoil_reached,
	    spoil_done_infinite,
	    spoil_done,
	    spoil_attempt,
	    spoil_run,
	    spoil_revision,
	    spoil_state,
	    spoil_state_negative,
	    spoil_source,
	    spoil_end,
	    spoil_time,
	    spoil_time_negative,
	    spoil_ttl,
	    spoil_message,
	    spoil_error,
	    spoil_cancel_reason,
	    spoil_metadata_key,
	    spoil_metadata_order,
	    spoil_metadata_value,
	    spoil_span_order,
	    spoil_span_outcome,
	    spoil_span_running,
	    spoil_span_attempt,
	    spoil_mark_key,
	    spoil_mark_key_length,
	    spoil_mark_outcome,
	    spoil_mark_sequence,
	    spoil_mark_seen,
	    spoil_mark_revision,
	    spoil_mark_unanswered,
	    spoil_answer_percent,
	    spoil_answer_message,
	};
	memset(long_text, 'x', sizeof long_text - 1);
	for (size_t i = 0; i < sizeof spoilers / sizeof spoilers[0]; i++) {
		fault.text[0] = '\0';
		expect_spoiled(spoilers[i], "UNSOUND_RECORD");
	}
}

Test(record_open, refuses_bytes_that_are_no_record)
{
	expect_unsound(NULL, 0, "UNSOUND_RECORD");
	expect_unsound((const uint8_t *)"\x0a\x05", 2, "UNSOUND_RECORD");
	cr_assert(strstr(fault.text, "beyond the end") != NULL, "%s", fault.text);
	expect_unsound((const uint8_t *)"\x0a\x01\xff", 3, "UNSOUND_RECORD");
}

Test(record_open, gives_a_sound_job_or_data_loss_for_damaged_bytes)
{
	struct random random;
	random_start(&random, "record_open");
	struct job *job = sample_full_job();
	struct arena arena;
	arena_init(&arena, PLENTY);
	struct wire_bytes sealed = seal(job, &arena);
	static uint8_t damaged[4096];
	cr_assert_leq(sealed.length, sizeof damaged);
	for (int round = 0; round < 20000; round++) {
		memcpy(damaged, sealed.at, sealed.length);
		for (uint64_t flips = 1 + random_below(&random, 3); flips > 0; flips--)
			damaged[random_below(&random, sealed.length)] ^= (uint8_t)(1u << random_below(&random, 8));
		struct job *opened = NULL;
		enum err err = record_open(damaged, sealed.length, &opened, &fault);
		cr_assert(err == ERR_OK ? job_is_sound(opened) : err == ERR_DATA_LOSS);
		job_destroy(opened);
	}
	job_destroy(job);
	arena_finish(&arena);
}
