/* What a filter of jobs may hold. */
#include "service/check_filter.h"

#include "service/answer.h"
#include "service/authorise.h"
#include "service/check.h"

static bool check_states(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked)
{
	for (size_t i = 0; i < filter->n_states; i++) {
		int state = (int)filter->states[i];
		if (state < JOB_STATE_ACTIVE || state > JOB_STATE_CANCELLED)
			return check_refuse(call, "FILTER_INVALID", "filter.states: %d is no state", state);
		checked->states |= UINT64_C(1) << state;
	}
	return true;
}

static bool check_stages(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked)
{
	for (size_t i = 0; i < filter->n_stages; i++) {
		int stage = (int)filter->stages[i];
		if (stages_find(stage) == NULL)
			return check_refuse(call, "FILTER_INVALID", "filter.stages: %d is no stage", stage);
		checked->stages |= UINT64_C(1) << stage;
	}
	return true;
}

static bool check_job_ids(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked)
{
	if (filter->n_job_ids > CHECK_FILTER_IDS_MAX)
		return check_refuse(call, "FILTER_INVALID", "filter.job_ids: there are %zu; allowed are at most %d",
		                    filter->n_job_ids, CHECK_FILTER_IDS_MAX);
	if (filter->n_job_ids == 0)
		return true;
	checked->job_ids = arena_take(call->arena, filter->n_job_ids * sizeof *checked->job_ids);
	if (checked->job_ids == NULL) {
		answer_set_full(&call->fault);
		return false;
	}
	for (size_t i = 0; i < filter->n_job_ids; i++) {
		if (!check_job_id(call, filter->job_ids[i]))
			return false;
		checked->job_ids[i] = filter->job_ids[i];
	}
	checked->job_id_count = filter->n_job_ids;
	feed_filter_sort_ids(checked);
	return true;
}

static bool check_fields(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked)
{
	if (filter == NULL)
		return true;
	checked->pipeline = *filter->pipeline != '\0' ? filter->pipeline : NULL;
	checked->parent = *filter->parent != '\0' ? filter->parent : NULL;
	checked->job_id_prefix = *filter->job_id_prefix != '\0' ? filter->job_id_prefix : NULL;
	return check_states(call, filter, checked) && check_stages(call, filter, checked) &&
	       check_job_ids(call, filter, checked) && check_name(call, "filter.pipeline", filter->pipeline) &&
	       check_name(call, "filter.parent", filter->parent) &&
	       check_name(call, "filter.job_id_prefix", filter->job_id_prefix);
}

bool check_filter(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked)
{
	return check_fields(call, filter, checked) && authorise_filter(call, checked);
}
