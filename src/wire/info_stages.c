/* Decides what readers are shown of stages: the rows of the table, and the stays of a job in them. */
#include "job/stages.h"
#include "wire/borrow.h"
#include "wire/info.h"

typedef Progress__V1__StageSpan stage_span;
typedef Progress__V1__StageInfo stage_info;

static stage_info *build_stage(const struct stage *stage, struct arena *arena)
{
	stage_info *info = arena_take(arena, sizeof *info);
	if (info == NULL)
		return NULL;
	progress__v1__stage_info__init(info);
	info->stage = (Progress__V1__PipelineStage)stage->number;
	info->status = borrow_string(stage->status);
	info->label = borrow_string(stage->label);
	info->start_percent = stage->start_percent;
	info->end_percent = stage->end_percent;
	info->typical_seconds = stage->typical_seconds;
	info->flow = (Progress__V1__StageFlow)stage->flow;
	info->ends_as = (Progress__V1__JobState)stage->ends_as;
	return info;
}

stage_info **info_build_stages(struct arena *arena)
{
	stage_info **infos = arena_take(arena, stages_count() * sizeof(stage_info *));
	for (size_t i = 0; infos != NULL && i < stages_count(); i++) {
		infos[i] = build_stage(&stages_all()[i], arena);
		if (infos[i] == NULL)
			return NULL;
	}
	return infos;
}

/* The stay in the present stage as if it were over: at the job's end, or now if it is under way. */
static struct job_span present_span(const struct job *job, int64_t now_ms)
{
	const struct job_view *view = &job->view;
	struct job_span span = {
	    .stage = view->stage,
	    .attempt = view->attempt,
	    .run = view->run,
	    .started_ms = view->stage_entered_ms,
	    .ended_ms = now_ms,
	    .outcome = SPAN_OUTCOME_RUNNING,
	};
	if (job_state_is_final(view->state)) {
		span.ended_ms = view->ended_ms;
		span.outcome = view->state == JOB_STATE_FAILED      ? SPAN_OUTCOME_FAILED
		               : view->state == JOB_STATE_CANCELLED ? SPAN_OUTCOME_CANCELLED
		                                                    : SPAN_OUTCOME_FINISHED;
	}
	if (span.ended_ms < span.started_ms)
		span.ended_ms = span.started_ms;
	return span;
}

static stage_span *build_span(const struct job_span *span, struct arena *arena)
{
	const struct stage *stage = stages_find(span->stage);
	stage_span *info = arena_take(arena, sizeof *info);
	if (info == NULL)
		return NULL;
	progress__v1__stage_span__init(info);
	info->stage = (Progress__V1__PipelineStage)span->stage;
	info->status = borrow_string(stage->status);
	info->label = borrow_string(stage->label);
	info->attempt = span->attempt;
	info->run = span->run;
	info->outcome = (Progress__V1__StageOutcome)span->outcome;
	bool is_over = span->outcome != SPAN_OUTCOME_RUNNING;
	info->start_time = info_build_timestamp(span->started_ms, arena);
	info->end_time = is_over ? info_build_timestamp(span->ended_ms, arena) : NULL;
	info->duration = info_build_duration(span->ended_ms - span->started_ms, arena);
	bool is_whole = info->start_time != NULL && info->duration != NULL && (!is_over || info->end_time != NULL);
	return is_whole ? info : NULL;
}

stage_span **info_build_spans(const struct job *job, int64_t now_ms, struct arena *arena, size_t *ret_count)
{
	struct job_span present = present_span(job, now_ms);
	size_t count = job->span_count + 1;
	stage_span **infos = arena_take(arena, count * sizeof(stage_span *));
	for (size_t i = 0; infos != NULL && i < count; i++) {
		infos[i] = build_span(i < job->span_count ? &job->spans[i] : &present, arena);
		if (infos[i] == NULL)
			return NULL;
	}
	if (infos != NULL)
		*ret_count = count;
	return infos;
}
