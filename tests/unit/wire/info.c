/* What readers are shown, field by field. */
#include "wire/info.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static const struct info_moment moment = {.wall_ms = 9000, .pace_s = 9, .default_ttl_ms = 60000};

static struct arena arena;
static struct job *job;

static void start(void)
{
	arena_init(&arena, 1 << 20);
	job = sample_full_job();
}

static void finish(void)
{
	job_destroy(job);
	arena_finish(&arena);
}

TestSuite(info_seal, .init = start, .fini = finish);
TestSuite(info_build_spans, .init = start, .fini = finish);
TestSuite(info_build_stages, .init = start, .fini = finish);
TestSuite(info_build_timestamp, .init = start, .fini = finish);
TestSuite(info_build_duration, .init = start, .fini = finish);

/* The job as the view shows it, sealed and opened again; NULL: the arena was full. */
static const Progress__V1__ProgressInfo *show(const struct job_view *view, struct arena *in)
{
	struct wire_bytes sealed;
	struct fault fault;
	ProtobufCMessage *message;
	if (info_seal(job, view, &moment, in, &sealed, &fault) != ERR_OK)
		return NULL;
	cr_assert_eq(
	    wire_open(&progress__v1__progress_info__descriptor, sealed.at, sealed.length, &arena, &message, &fault),
	    ERR_OK);
	return (const Progress__V1__ProgressInfo *)(const void *)message;
}

static void end_job(int stage, enum job_state state)
{
	job->pace.has_estimate = false;
	job->view.stage = stage;
	job->view.state = state;
	job->view.percent = 0;
	job->view.ended_ms = 5000;
	job->view.stage_entered_ms = 5000;
}

static void expect_time(const Google__Protobuf__Timestamp *time, int64_t ms)
{
	cr_assert_not_null(time);
	cr_assert_eq(time->seconds * 1000 + time->nanos / 1000000, ms);
}

Test(info_seal, shows_every_field_of_the_job)
{
	const Progress__V1__ProgressInfo *info = show(&job->view, &arena);
	cr_assert_str_eq(info->job_id, "the-job");
	cr_assert_str_eq(info->pipeline, "the-pipeline");
	cr_assert_str_eq(info->parent, "the-parent");
	cr_assert_eq(info->n_metadata, 2);
	cr_assert_str_eq(info->metadata[1]->key, "b");
	cr_assert_str_eq(info->metadata[1]->value, "caf\xc3\xa9");
	cr_assert(info->cancel_requested);
	cr_assert_str_eq(info->cancel_reason, "a reason");
	expect_time(info->create_time, 2000);
}

Test(info_seal, shows_every_field_of_the_view)
{
	const Progress__V1__ProgressInfo *info = show(&job->view, &arena);
	cr_assert_eq(info->stage, PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_TRANSCRIBING);
	cr_assert_str_eq(info->status, "transcribing");
	cr_assert_str_eq(info->label, "Transcribing audio");
	cr_assert_eq(info->progress, 31);
	cr_assert_eq(info->fraction, 0.3125);
	cr_assert_gt(info->time_fraction, 0);
	cr_assert_eq(info->flag, PROGRESS__V1__PROGRESS_FLAG__PROGRESS_FLAG_LOST);
	cr_assert_eq(info->reached_progress, 40);
	cr_assert_str_eq(info->message, "hello");
	cr_assert_str_eq(info->error, "an error");
	cr_assert_eq(info->state, PROGRESS__V1__JOB_STATE__JOB_STATE_STALLED);
	cr_assert_eq(info->source, PROGRESS__V1__PROGRESS_SOURCE__PROGRESS_SOURCE_ESTIMATED);
	cr_assert_eq(info->revision, 21);
	cr_assert_eq(info->attempt, 3);
	cr_assert_eq(info->run, 2);
	cr_assert_eq(info->done, 7);
	cr_assert_eq(info->total, 9);
	expect_time(info->update_time, 5000);
	expect_time(info->stage_time, 4000);
}

Test(info_seal, leaves_unset_what_is_not_known)
{
	free(job->view.message);
	job->view.message = NULL;
	const Progress__V1__ProgressInfo *info = show(&job->view, &arena);
	cr_assert_str_eq(info->message, "");
	cr_assert_null(info->eta);
	cr_assert_null(info->curve);
	cr_assert_null(info->lease_expire_time);
	cr_assert_null(info->end_time);
	cr_assert_null(info->expire_time);
}

Test(info_seal, shows_end_and_expiry_of_a_finished_job)
{
	end_job(STAGE_FAILED, JOB_STATE_FAILED);
	const Progress__V1__ProgressInfo *info = show(&job->view, &arena);
	cr_assert_eq(info->progress, 0);
	cr_assert_eq(info->fraction, 0);
	cr_assert_eq(info->reached_progress, 40);
	expect_time(info->end_time, 5000);
	expect_time(info->expire_time, 5777);
	job->ttl_ms = 0;
	expect_time(show(&job->view, &arena)->expire_time, 65000);
}

Test(info_seal, shows_a_remembered_answer_instead_of_the_present_state)
{
	end_job(STAGE_FAILED, JOB_STATE_FAILED);
	const Progress__V1__ProgressInfo *info = show(job->marks[0].answer, &arena);
	cr_assert_eq(info->revision, 20);
	cr_assert_eq(info->progress, 30);
	cr_assert_str_eq(info->status, "transcribing");
	cr_assert_null(info->end_time);
	cr_assert_null(info->expire_time);
}

Test(info_seal, shows_no_expiry_of_an_end_after_which_the_job_went_on)
{
	struct job_view *answer = job->marks[0].answer;
	answer->stage = STAGE_COMPLETED;
	answer->state = JOB_STATE_SUCCEEDED;
	answer->ended_ms = 3000;
	const Progress__V1__ProgressInfo *info = show(answer, &arena);
	expect_time(info->end_time, 3000);
	cr_assert_null(info->expire_time);
}

Test(info_seal, writes_what_the_generated_packer_would)
{
	struct wire_bytes sealed;
	struct fault fault;
	cr_assert_eq(info_seal(job, &job->view, &moment, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__ProgressInfo *info = show(&job->view, &arena);
	uint8_t *packed = arena_take(&arena, progress__v1__progress_info__get_packed_size(info));
	cr_assert_eq(progress__v1__progress_info__pack(info, packed), sealed.length);
	cr_assert_arr_eq(packed, sealed.at, sealed.length);
}

Test(info_seal, knows_every_number_of_the_schema)
{
	static const char *const unset[] = {"eta", "flag", "curve"};
	job->lease_ms = 1000;
	end_job(STAGE_FAILED, JOB_STATE_FAILED);
	const Progress__V1__ProgressInfo *ended = show(&job->view, &arena);
	const ProtobufCMessageDescriptor *type = &progress__v1__progress_info__descriptor;
	cr_assert_eq(type->n_fields, 32, "a field of ProgressInfo that info_seal does not know");
	cr_assert_eq(ended->base.n_unknown_fields, 0);
	for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
		cr_assert_not_null(protobuf_c_message_descriptor_get_field_by_name(type, unset[i]));
}

Test(info_seal, is_refused_when_the_arena_is_full)
{
	size_t refusals = 0;
	bool is_shown = false, are_spans_shown = false, are_stages_shown = false;
	for (size_t bytes_max = 0; !is_shown || !are_spans_shown || !are_stages_shown; bytes_max += 50) {
		struct arena small;
		size_t count;
		arena_init(&small, bytes_max);
		is_shown = show(&job->view, &small) != NULL;
		arena_reset(&small);
		are_spans_shown = info_build_spans(job, 6000, &small, &count) != NULL;
		arena_reset(&small);
		are_stages_shown = info_build_stages(&small) != NULL;
		refusals += !is_shown + !are_spans_shown + !are_stages_shown;
		arena_finish(&small);
	}
	cr_assert_gt(refusals, 20);
}

Test(info_build_spans, ends_with_the_present_stage_up_to_now)
{
	size_t count;
	Progress__V1__StageSpan **spans = info_build_spans(job, 6500, &arena, &count);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(spans[0]->status, "queued");
	cr_assert_str_eq(spans[0]->label, "Queued");
	cr_assert_eq(spans[0]->attempt, 1);
	cr_assert_eq(spans[0]->run, 2);
	cr_assert_eq(spans[0]->outcome, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_SUPERSEDED);
	expect_time(spans[0]->start_time, 3000);
	expect_time(spans[0]->end_time, 4000);
	cr_assert_eq(spans[0]->duration->seconds, 1);
	cr_assert_eq(spans[1]->stage, PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_TRANSCRIBING);
	cr_assert_eq(spans[1]->outcome, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_RUNNING);
	cr_assert_null(spans[1]->end_time);
	cr_assert_eq(spans[1]->duration->seconds, 2);
	cr_assert_eq(spans[1]->duration->nanos, 500000000);
}

Test(info_build_spans, ends_with_the_stage_that_ended_the_job)
{
	static const struct {
		int stage;
		enum job_state state;
		Progress__V1__StageOutcome outcome;
	} ends[] = {
	    {STAGE_COMPLETED, JOB_STATE_SUCCEEDED, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_FINISHED},
	    {STAGE_ERROR, JOB_STATE_FAILED, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_FAILED},
	    {STAGE_CANCELLED, JOB_STATE_CANCELLED, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_CANCELLED},
	};
	for (size_t i = 0; i < 3; i++) {
		end_job(ends[i].stage, ends[i].state);
		size_t count;
		Progress__V1__StageSpan **spans = info_build_spans(job, 9000, &arena, &count);
		cr_assert_eq(count, 2);
		cr_assert_eq((int)spans[1]->stage, ends[i].stage);
		cr_assert_eq(spans[1]->outcome, ends[i].outcome);
		expect_time(spans[1]->end_time, 5000);
		cr_assert_eq(spans[1]->duration->seconds, 0);
	}
}

Test(info_build_spans, shows_no_negative_duration_when_the_clock_was_set_back)
{
	size_t count;
	Progress__V1__StageSpan **spans = info_build_spans(job, 100, &arena, &count);
	cr_assert_eq(spans[1]->duration->seconds, 0);
	cr_assert_eq(spans[1]->duration->nanos, 0);
}

Test(info_build_stages, shows_the_whole_table_in_order)
{
	Progress__V1__StageInfo **stages = info_build_stages(&arena);
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = &stages_all()[i];
		cr_assert_eq((int)stages[i]->stage, stage->number);
		cr_assert_str_eq(stages[i]->status, stage->status);
		cr_assert_str_eq(stages[i]->label, stage->label);
		cr_assert_eq(stages[i]->start_percent, stage->start_percent);
		cr_assert_eq(stages[i]->end_percent, stage->end_percent);
		cr_assert_eq(stages[i]->typical_seconds, stage->typical_seconds);
		cr_assert_eq((int)stages[i]->flow, (int)stage->flow);
		cr_assert_eq((int)stages[i]->ends_as, (int)stage->ends_as);
	}
}

Test(info_build_timestamp, keeps_nanoseconds_positive_before_the_epoch)
{
	static const int64_t moments[] = {0, 1, 999, 1000, 1700000000123, -1, -999, -1000, -1001};
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		const Google__Protobuf__Timestamp *time = info_build_timestamp(moments[i], &arena);
		cr_assert_geq(time->nanos, 0);
		cr_assert_lt(time->nanos, 1000000000);
		expect_time(time, moments[i]);
	}
}

Test(info_build_duration, gives_both_parts_the_same_sign)
{
	const Google__Protobuf__Duration *duration = info_build_duration(-1500, &arena);
	cr_assert_eq(duration->seconds, -1);
	cr_assert_eq(duration->nanos, -500000000);
	duration = info_build_duration(2750, &arena);
	cr_assert_eq(duration->seconds, 2);
	cr_assert_eq(duration->nanos, 750000000);
}
