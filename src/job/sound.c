/* What must be true of every job at every moment. */
#include <string.h>

#include "base/text.h"
#include "job/job.h"

static bool is_view_sound(const struct job_view *view)
{
	const struct stage *stage = stages_find(view->stage);
	if (stage == NULL || view->attempt < 1 || view->run < 1 || view->revision < 1)
		return false;
	if (!(view->percent >= 0 && view->percent <= view->reached_percent && view->reached_percent <= 100))
		return false;
	if (view->state < JOB_STATE_ACTIVE || view->state > JOB_STATE_CANCELLED)
		return false;
	if (view->source < JOB_SOURCE_MEASURED || view->source > JOB_SOURCE_SIMULATED)
		return false;
	bool is_final = stage->ends_as != JOB_STATE_UNSPECIFIED;
	if (is_final && (view->state != stage->ends_as || view->percent != stage->start_percent))
		return false;
	if (job_state_is_final(view->state) != is_final || (view->ended_ms != 0) != is_final)
		return false;
	bool is_movement_sound = view->moved_percent >= 0 && view->moved_percent <= 100 && view->expected_ms >= 0 &&
	                         (view->is_simulated || (view->moved_percent == 0 && view->expected_ms == 0));
	return view->done >= 0 && view->done <= view->total && is_movement_sound && !(is_final && view->is_simulated);
}

static bool is_metadata_sound(const struct job *job)
{
	if (job->metadata_count > JOB_METADATA_ENTRIES_MAX)
		return false;
	for (size_t i = 0; i < job->metadata_count; i++) {
		if (!text_is_key(job->metadata[i].key) || job->metadata[i].value == NULL)
			return false;
		if (i > 0 && strcmp(job->metadata[i - 1].key, job->metadata[i].key) >= 0)
			return false;
	}
	return true;
}

static bool are_marks_sound(const struct job *job)
{
	if (job->mark_count > JOB_MARKS_MAX)
		return false;
	for (size_t i = 0; i < job->mark_count; i++) {
		const struct job_mark *mark = &job->marks[i];
		bool is_answerable = mark->answer != NULL ? is_view_sound(mark->answer) : mark->revision == job->view.revision;
		if (mark->key == NULL || mark->revision < 1 || mark->revision > job->view.revision || !is_answerable)
			return false;
		if (!mark->is_request_id && (mark->sequence < 1 || (mark->seen & 1) == 0))
			return false;
	}
	return true;
}

static bool are_spans_sound(const struct job *job)
{
	if (job->span_count > JOB_SPANS_MAX)
		return false;
	for (size_t i = 0; i < job->span_count; i++) {
		const struct job_span *span = &job->spans[i];
		int64_t next_ms = i + 1 < job->span_count ? job->spans[i + 1].started_ms : job->view.stage_entered_ms;
		bool is_in_order = span->started_ms <= span->ended_ms && span->ended_ms == next_ms;
		if (stages_find(span->stage) == NULL || span->attempt < 1 || span->run < 1 || !is_in_order)
			return false;
		if (span->outcome <= SPAN_OUTCOME_RUNNING || span->outcome > SPAN_OUTCOME_SUPERSEDED)
			return false;
	}
	return true;
}

bool job_is_sound(const struct job *job)
{
	bool are_names_sound = text_is_name(job->job_id) && text_is_name(job->pipeline) &&
	                       (job->parent[0] == '\0' || text_is_name(job->parent));
	return are_names_sound && is_view_sound(&job->view) && is_metadata_sound(job) && are_marks_sound(job) &&
	       are_spans_sound(job) && pace_is_sound(job);
}
