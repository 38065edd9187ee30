/*
 * The rules of an update, in the order in which they are asked:
 *  1. a repeat gets its first answer;
 *  2. an older attempt is fenced;
 *  3. what its own writer has overtaken is absorbed;
 *  4. after the end only the posting flow may start;
 *  5. an earlier stage, or one of another flow, is refused;
 *  6. a place behind the present one in the same stage is absorbed;
 *  7. what is left and says something new is applied.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "job/parts.h"

/* What an update starts anew, if anything. */
enum start { START_NOTHING, START_ATTEMPT, START_RUN };

/* The change that an update comes down to, before it is made. */
struct course {
	const struct stage *present;
	enum start start;
	bool is_new_stage; /* the stay in the present stage ends */
	double percent;    /* to show */
	bool has_message;
	bool is_new_message;
	struct part_merge merge;
};

/* Whether this is the update that creates the job: it has no past to be kept. */
static bool is_unborn(const struct job *job)
{
	return job->view.revision == 0;
}

static enum start what_starts(const struct job *job, const struct stage *present, const struct job_update *update)
{
	bool is_posting_after_success = job->view.state == JOB_STATE_SUCCEEDED && present->flow == STAGE_FLOW_MAIN &&
	                                update->stage->flow == STAGE_FLOW_POSTING;
	if (is_posting_after_success)
		return START_RUN;
	return update->attempt > job->view.attempt ? START_ATTEMPT : START_NOTHING;
}

static enum err check_end(const struct job *job, enum start start, struct fault *fault)
{
	if (!job_state_is_final(job->view.state) || start == START_RUN)
		return ERR_OK;
	return fault_set(fault, ERR_FAILED_PRECONDITION, "JOB_ENDED",
	                 "job %s has ended (%s): no update is possible any more", job->job_id,
	                 stages_find(job->view.stage)->status);
}

static enum err check_order(const struct job *job, const struct course *plan, const struct job_update *update,
                            struct fault *fault)
{
	const struct stage *present = plan->present, *wanted = update->stage;
	if (plan->start != START_NOTHING || wanted->flow == STAGE_FLOW_ANY)
		return ERR_OK;
	if (wanted->flow != present->flow) {
		bool has_begun = present != stages_all();
		if (!has_begun)
			return ERR_OK;
		return fault_set(fault, ERR_FAILED_PRECONDITION, "FLOW_MISMATCH",
		                 "stage: job %s is in %s; %s belongs to another flow, which starts when this one has succeeded",
		                 job->job_id, present->status, wanted->status);
	}
	if (stages_is_before(wanted, present))
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STAGE_REGRESSION",
		                 "stage: job %s is in %s already; %s comes before it", job->job_id, present->status,
		                 wanted->status);
	return ERR_OK;
}

static bool claims_place(const struct job_update *update)
{
	return update->claim == JOB_CLAIM_PERCENT || update->claim == JOB_CLAIM_FRACTION;
}

static double claimed_percent(const struct job_update *update)
{
	const struct stage *stage = update->stage;
	if (stage->ends_as != JOB_STATE_UNSPECIFIED || !claims_place(update))
		return stage->start_percent;
	if (update->claim == JOB_CLAIM_PERCENT)
		return update->percent;
	return stage->start_percent + update->fraction * (stage->end_percent - stage->start_percent);
}

/* The percent to show after the update: never less than now, but for a new bar and for a bad end. What the bar has
 * moved by itself counts when its stage is left; within it, it is shown beside what is reported. */
static double planned_percent(const struct job *job, enum start start, const struct job_update *update)
{
	double claimed = claimed_percent(update);
	double present = job->view.percent;
	if (update->stage->number != job->view.stage && job->pace.moved_percent > present)
		present = job->pace.moved_percent;
	enum job_state ends_as = update->stage->ends_as;
	if (ends_as == JOB_STATE_FAILED || ends_as == JOB_STATE_CANCELLED || start != START_NOTHING)
		return claimed;
	return claimed > present ? claimed : present;
}

static bool is_late(const struct job *job, const struct course *plan, const struct job_update *update)
{
	return !plan->is_new_stage && claims_place(update) && claimed_percent(update) < job->view.percent;
}

static bool asks_for_simulation(const struct job *job, const struct job_update *update)
{
	if (update->claim != JOB_CLAIM_SIMULATED)
		return false;
	bool is_new_length = update->expected_ms != 0 && update->expected_ms != job->view.expected_ms;
	return !job->view.is_simulated || is_new_length;
}

static bool says_something_new(const struct job *job, const struct course *plan, const struct job_update *update)
{
	if (is_unborn(job))
		return true;
	bool is_new_amount = update->total > 0 && (update->done != job->view.done || update->total != job->view.total);
	return plan->is_new_stage || plan->percent > job->view.percent || plan->is_new_message || plan->merge.is_change ||
	       is_new_amount || asks_for_simulation(job, update);
}

static struct course plot_course(const struct job *job, const struct job_update *update)
{
	struct course plan = {.present = stages_find(job->view.stage)};
	assert(plan.present != NULL);
	plan.start = what_starts(job, plan.present, update);
	plan.is_new_stage = plan.start != START_NOTHING || update->stage != plan.present;
	plan.percent = planned_percent(job, plan.start, update);
	plan.has_message = update->message != NULL && *update->message != '\0';
	plan.is_new_message =
	    plan.has_message && (job->view.message == NULL || strcmp(job->view.message, update->message) != 0);
	plan.merge = part_plan_merge(job, update->metadata, update->metadata_count);
	return plan;
}

static enum span_outcome span_outcome(const struct course *plan, const struct job_update *update)
{
	if (plan->start == START_ATTEMPT)
		return SPAN_OUTCOME_SUPERSEDED;
	switch (update->stage->ends_as) {
	case JOB_STATE_FAILED:
		return SPAN_OUTCOME_FAILED;
	case JOB_STATE_CANCELLED:
		return SPAN_OUTCOME_CANCELLED;
	default:
		return SPAN_OUTCOME_FINISHED;
	}
}

static bool leave_stage(struct job *job, const struct course *plan, const struct job_update *update, int64_t now_ms)
{
	struct job_span span = {
	    .stage = job->view.stage,
	    .attempt = job->view.attempt,
	    .run = job->view.run,
	    .started_ms = job->view.stage_entered_ms,
	    .ended_ms = now_ms,
	    .outcome = span_outcome(plan, update),
	};
	return part_add_span(job, &span);
}

static void enter_stage(struct job *job, const struct course *plan, const struct job_update *update, int64_t now_ms)
{
	struct job_view *view = &job->view;
	if (update->attempt != 0)
		view->attempt = update->attempt;
	view->run = plan->start == START_ATTEMPT ? 1 : view->run + (plan->start == START_RUN);
	if (job->pace.moved_percent > view->reached_percent)
		view->reached_percent = job->pace.moved_percent;
	if (plan->start != START_NOTHING)
		view->reached_percent = 0;
	view->is_simulated = false;
	view->expected_ms = 0;
	view->moved_percent = 0;
	job->pace.moved_percent = 0;
	view->stage = update->stage->number;
	view->stage_entered_ms = now_ms;
	view->done = 0;
	view->total = 0;
	bool is_end = update->stage->ends_as != JOB_STATE_UNSPECIFIED;
	view->state = is_end ? update->stage->ends_as : JOB_STATE_ACTIVE;
	view->ended_ms = is_end ? now_ms : 0;
}

static bool set_texts(struct job_view *view, const struct course *plan, const struct job_update *update)
{
	if ((plan->has_message || plan->is_new_stage) && !part_set_string(&view->message, update->message))
		return false;
	bool is_bad_end = view->state == JOB_STATE_FAILED || view->state == JOB_STATE_CANCELLED;
	return part_set_string(&view->error, is_bad_end ? view->message : NULL);
}

static bool change(struct job *job, const struct course *plan, const struct job_update *update, int64_t now_ms)
{
	if (!part_keep_answers(job, &update->origin) || !part_merge(job, update->metadata, update->metadata_count))
		return false;
	if (plan->is_new_stage) {
		if (!is_unborn(job) && !leave_stage(job, plan, update, now_ms))
			return false;
		enter_stage(job, plan, update, now_ms);
	}
	struct job_view *view = &job->view;
	view->percent = plan->percent;
	if (view->percent > view->reached_percent)
		view->reached_percent = view->percent;
	if (update->claim == JOB_CLAIM_SIMULATED) {
		view->is_simulated = true;
		view->expected_ms = update->expected_ms != 0 ? update->expected_ms : view->expected_ms;
	}
	if (update->total > 0) {
		view->done = update->done;
		view->total = update->total;
	}
	if (view->state == JOB_STATE_STALLED)
		view->state = JOB_STATE_ACTIVE;
	job->pace.is_held = false;
	if (update->lease_ms != 0)
		job->lease_ms = update->lease_ms;
	job->signed_ms = now_ms;
	view->source = JOB_SOURCE_MEASURED;
	view->updated_ms = now_ms;
	view->revision++;
	return set_texts(view, plan, update) && part_mark(job, &update->origin, JOB_OUTCOME_APPLIED);
}

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to apply the update");
}

/* What was overtaken on its way says nothing about the worker now. */
static enum err absorb_overtaken(const struct job *job, struct job_result *ret_result)
{
	*ret_result = (struct job_result){
	    .outcome = JOB_OUTCOME_ABSORBED, .view = &job->view, .previous_revision = job->view.revision};
	return ERR_OK;
}

/* A report that moves nothing is still a sign of life. */
static enum err absorb(struct job *job, const struct job_update *update, int64_t now_ms, struct job_result *ret_result,
                       struct fault *fault)
{
	struct job_result result;
	enum err err = job_sign(job, update->attempt, update->lease_ms, now_ms, &result, fault);
	if (err != ERR_OK)
		return err;
	if (!part_mark(job, &update->origin, JOB_OUTCOME_ABSORBED))
		return no_memory(fault);
	*ret_result = result;
	ret_result->outcome = JOB_OUTCOME_ABSORBED;
	return ERR_OK;
}

static enum err check_rules(const struct job *job, const struct course *plan, const struct job_update *update,
                            struct fault *fault)
{
	enum err err = check_end(job, plan->start, fault);
	if (err == ERR_OK)
		err = check_order(job, plan, update, fault);
	if (err == ERR_OK && plan->merge.count > JOB_METADATA_ENTRIES_MAX)
		err = fault_set(fault, ERR_RESOURCE_EXHAUSTED, "METADATA_FULL", "metadata: a job has at most %d entries",
		                JOB_METADATA_ENTRIES_MAX);
	return err;
}

enum err job_apply(struct job *job, const struct job_update *update, int64_t now_ms, struct job_result *ret_result,
                   struct fault *fault)
{
	if (job_find_repeat(job, &update->origin, ret_result))
		return ERR_OK;
	if (update->attempt != 0 && update->attempt < job->view.attempt)
		return fault_set(fault, ERR_ABORTED, "ATTEMPT_SUPERSEDED",
		                 "attempt: job %s is at attempt %u; attempt %u has been superseded", job->job_id,
		                 job->view.attempt, update->attempt);
	if (part_is_overtaken(job, &update->origin))
		return absorb_overtaken(job, ret_result);
	struct course plan = plot_course(job, update);
	enum err err = check_rules(job, &plan, update, fault);
	if (err != ERR_OK)
		return err;
	if (is_late(job, &plan, update) || !says_something_new(job, &plan, update))
		return absorb(job, update, now_ms, ret_result, fault);
	uint64_t previous = job->view.revision;
	if (!change(job, &plan, update, now_ms > job->view.updated_ms ? now_ms : job->view.updated_ms))
		return no_memory(fault);
	*ret_result = (struct job_result){
	    .outcome = JOB_OUTCOME_APPLIED, .view = &job->view, .previous_revision = previous, .is_sign = true};
	return ERR_OK;
}
