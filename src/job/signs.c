/*
 * What happens to a job beside its progress: signs of life and their absence, and the wish that it be cancelled.
 * Progress that does not move is no stall; silence is.
 */
#include <string.h>

#include "job/parts.h"

static const struct job_origin nobody = {NULL, 0, NULL};

static enum err absorb(const struct job *job, struct job_result *ret_result)
{
	*ret_result = (struct job_result){
	    .outcome = JOB_OUTCOME_ABSORBED, .view = &job->view, .previous_revision = job->view.revision};
	return ERR_OK;
}

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to change the job");
}

static enum err refuse_ended(const struct job *job, struct fault *fault)
{
	return fault_set(fault, ERR_FAILED_PRECONDITION, "JOB_ENDED", "job %s has ended (%s)", job->job_id,
	                 stages_find(job->view.stage)->status);
}

/* Opens a visible change at `now_ms`. False: no memory, nothing has changed. */
static bool begin_change(struct job *job, int64_t now_ms, struct job_result *ret_result)
{
	if (!part_keep_answers(job, &nobody))
		return false;
	*ret_result = (struct job_result){
	    .outcome = JOB_OUTCOME_APPLIED, .view = &job->view, .previous_revision = job->view.revision};
	job->view.revision++;
	if (now_ms > job->view.updated_ms)
		job->view.updated_ms = now_ms;
	return true;
}

enum err job_sign(struct job *job, uint32_t attempt, int64_t lease_ms, int64_t now_ms, struct job_result *ret_result,
                  struct fault *fault)
{
	const struct job_view *view = &job->view;
	if (attempt != 0 && attempt < view->attempt)
		return fault_set(fault, ERR_ABORTED, "ATTEMPT_SUPERSEDED",
		                 "attempt: job %s is at attempt %u; attempt %u has been superseded", job->job_id, view->attempt,
		                 attempt);
	if (attempt > view->attempt)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "ATTEMPT_NOT_STARTED",
		                 "attempt: job %s is at attempt %u; an update must start attempt %u first", job->job_id,
		                 view->attempt, attempt);
	if (job_state_is_final(view->state))
		return refuse_ended(job, fault);
	bool is_new_lease = lease_ms != 0 && lease_ms != job->lease_ms;
	job->signed_ms = now_ms > view->updated_ms ? now_ms : view->updated_ms;
	bool is_change = is_new_lease || view->state == JOB_STATE_STALLED || job->pace.is_held;
	if (is_change && !begin_change(job, now_ms, ret_result))
		return no_memory(fault);
	if (!is_change)
		(void)!absorb(job, ret_result);
	ret_result->is_sign = true;
	if (!is_change)
		return ERR_OK;
	job->lease_ms = is_new_lease ? lease_ms : job->lease_ms;
	job->view.state = JOB_STATE_ACTIVE;
	job->pace.is_held = false;
	return ERR_OK;
}

enum err job_stall(struct job *job, int64_t now_ms, struct job_result *ret_result, struct fault *fault)
{
	bool has_lease = job->lease_ms > 0;
	if (job->view.state != JOB_STATE_ACTIVE || !(has_lease || pace_patience(job) > 0))
		return absorb(job, ret_result);
	if (!begin_change(job, now_ms, ret_result))
		return no_memory(fault);
	if (has_lease)
		job->view.state = JOB_STATE_STALLED;
	job->pace.is_held = true;
	return ERR_OK;
}

enum err job_lose(struct job *job, int64_t now_ms, struct job_result *ret_result, struct fault *fault)
{
	if (job->view.state != JOB_STATE_STALLED)
		return absorb(job, ret_result);
	struct job_update update = {
	    .stage = stages_find(STAGE_FAILED),
	    .claim = JOB_CLAIM_STAGE,
	    .message = "LOST: no sign of life from the worker",
	};
	return job_apply(job, &update, now_ms, ret_result, fault);
}

enum err job_request_cancel(struct job *job, const char *reason, int64_t now_ms, struct job_result *ret_result,
                            struct fault *fault)
{
	if (job_state_is_final(job->view.state))
		return refuse_ended(job, fault);
	if (job->cancel_requested)
		return absorb(job, ret_result);
	if (!begin_change(job, now_ms, ret_result) || !part_set_string(&job->cancel_reason, reason))
		return no_memory(fault);
	job->cancel_requested = true;
	return ERR_OK;
}
