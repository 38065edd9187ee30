/*
 * Which events of the model the rules' outcome is. The estimate is never told that a sign of life is missing after some
 * time: it holds when the rules say so, by a promise that is over at once.
 */
#include "job/pace.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "job/estimate_parts.h"
#include "job/job.h"

#define FOREVER_S 1e12
#define HOLD_S    1e-3 /* nobody sees less; not 0, which would mean that there is no promise */

enum { FLOWS = STAGE_FLOW_POSTING + 1 };

static struct plan plans[FLOWS];

static void make_plans(void)
{
	plan_of_flow(&plans[STAGE_FLOW_MAIN], STAGE_FLOW_MAIN);
	plan_of_flow(&plans[STAGE_FLOW_POSTING], STAGE_FLOW_POSTING);
}

const struct plan *pace_plan(enum stage_flow flow)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	assert(flow == STAGE_FLOW_MAIN || flow == STAGE_FLOW_POSTING);
	pthread_once(&once, make_plans);
	return &plans[flow];
}

static bool is_over(const struct job *job)
{
	return job_state_is_final(job->view.state);
}

bool pace_is_behind(const struct job *job)
{
	const struct pace *pace = &job->pace;
	const struct job_view *view = &job->view;
	bool is_there = pace->has_estimate && pace->attempt == view->attempt && pace->run == view->run;
	return !is_over(job) && !(is_there && pace->stage == view->stage);
}

static struct learned_origin origin_of(const struct pace *pace)
{
	return (struct learned_origin){
	    .has_hint = pace->size_hint > 0,
	    .log_hint = pace->size_hint > 0 ? log(pace->size_hint) : 0,
	    .worker = pace->worker,
	    .class = pace->class,
	};
}

static double time_fraction(const struct job *job, double now)
{
	struct pace_look look;
	pace_look(job, &job->view, now, &look);
	return look.time_fraction;
}

static void begin(struct job *job, const struct stage *stage, const struct learned *learned, double now)
{
	struct pace *pace = &job->pace;
	const struct plan *plan = pace_plan(stage->flow);
	struct learned_origin origin = origin_of(pace);
	/* A job may go from the queue straight into the posting flow: that is another plan, but the same bar. */
	bool is_same_bar = pace->has_estimate && pace->attempt == job->view.attempt && pace->run == job->view.run;
	double fraction = is_same_bar ? time_fraction(job, now) : 0;
	estimate_begin(&pace->estimate, plan, learned, &origin, plan_find(plan, stage->number), now);
	estimate_promise(&pace->estimate, FOREVER_S, now);
	pace->estimate.fraction = fmax(pace->estimate.fraction, fraction);
	pace->has_estimate = true;
	pace->is_held = false;
	pace->flow = stage->flow;
}

static void catch_up(struct job *job, const struct stage *stage, const struct learned *learned, double now)
{
	struct pace *pace = &job->pace;
	const struct job_view *view = &job->view;
	bool is_same_run =
	    pace->has_estimate && pace->attempt == view->attempt && pace->run == view->run && pace->flow == stage->flow;
	if (is_same_run)
		estimate_enter(&pace->estimate, pace_plan(stage->flow), learned,
		               plan_find(pace_plan(stage->flow), stage->number), now);
	else
		begin(job, stage, learned, now);
	pace->stage = view->stage;
	pace->attempt = view->attempt;
	pace->run = view->run;
	pace->end = (struct pace_end){0};
}

/* The share of the stage's work that the update claims; negative: it claims no place inside the stage. */
static double claimed_work(const struct stage *stage, const struct job_update *update)
{
	double width = stage->end_percent - stage->start_percent;
	if (update->claim == JOB_CLAIM_FRACTION)
		return update->fraction;
	if (update->claim != JOB_CLAIM_PERCENT || width <= 0)
		return -1;
	double work = (update->percent - stage->start_percent) / width;
	return work >= 0 && work <= 1 ? work : -1;
}

static void tell(struct pace *pace, const struct stage *stage, const struct job_update *update, double now)
{
	double work = claimed_work(stage, update);
	if (work > 0)
		estimate_report(&pace->estimate, work, now);
	if (update->claim == JOB_CLAIM_SIMULATED && update->expected_ms > 0) {
		estimate_expect(&pace->estimate, (double)update->expected_ms / 1000, now);
		pace->end = (struct pace_end){0};
	}
}

static void hold_or_release(struct pace *pace, double now)
{
	double promise_s = pace->is_held ? HOLD_S : FOREVER_S;
	if (pace->estimate.promised_s == promise_s)
		return;
	estimate_promise(&pace->estimate, promise_s, now);
	pace->end = (struct pace_end){0};
}

static enum estimate_end end_of(enum job_state state)
{
	switch (state) {
	case JOB_STATE_SUCCEEDED:
		return ESTIMATE_COMPLETED;
	case JOB_STATE_CANCELLED:
		return ESTIMATE_CANCELLED;
	default:
		return ESTIMATE_FAILED;
	}
}

static bool end_run(struct job *job, double now, struct pace_lesson *ret_lesson)
{
	struct pace *pace = &job->pace;
	bool had_estimate = pace->has_estimate;
	pace->is_held = false;
	pace->moved_percent = 0;
	pace->end = (struct pace_end){0};
	if (!had_estimate) {
		pace->ended_fraction = job->view.state == JOB_STATE_SUCCEEDED ? 1 : pace->ended_fraction;
		return false;
	}
	estimate_finish(&pace->estimate, end_of(job->view.state), now);
	pace->ended_fraction = pace->estimate.fraction;
	pace->has_estimate = false;
	ret_lesson->flow = pace->flow;
	estimate_lesson(&pace->estimate, &ret_lesson->job);
	return true;
}

void pace_arrive(struct job *job, double now)
{
	struct pace *pace = &job->pace;
	struct estimate_view view;
	if (!pace->has_estimate)
		return;
	estimate_advance(&pace->estimate, now);
	if (!job->view.is_simulated)
		return;
	estimate_show(&pace->estimate, pace_plan(pace->flow), pace->estimate.seen_at, ESTIMATE_SHOW_PERCENT, &view);
	pace->moved_percent = fmax(job->view.moved_percent, view.percent);
}

bool pace_follow(struct job *job, const struct job_update *update, const struct learned *learned, double now,
                 struct pace_lesson *ret_lesson)
{
	struct pace *pace = &job->pace;
	if (is_over(job))
		return end_run(job, now, ret_lesson);
	const struct stage *stage = stages_find(job->view.stage);
	if (pace_is_behind(job))
		catch_up(job, stage, learned, now);
	if (update != NULL)
		tell(pace, stage, update, now);
	hold_or_release(pace, now);
	pace_arrive(job, now);
	if (job->view.is_simulated)
		job->view.moved_percent = pace->moved_percent;
	if (now >= pace->end.until)
		pace_reckon_end(job, now);
	return false;
}

void pace_beat(struct job *job, double now)
{
	if (job->pace.has_estimate)
		estimate_beat(&job->pace.estimate, now);
}

double pace_patience(const struct job *job)
{
	const struct pace *pace = &job->pace;
	if (!pace->has_estimate || pace->is_held || pace->estimate.beats == 0)
		return 0;
	return estimate_patience(&pace->estimate);
}

/* ---- what a store keeps */

size_t pace_seal(const struct job *job, uint8_t *bytes)
{
	return job->pace.has_estimate ? estimate_seal(&job->pace.estimate, bytes) : 0;
}

static bool fits(const struct job *job, const struct estimate *estimate, const struct plan *plan)
{
	return estimate->stage_count == plan->count && plan->stages[estimate->stage].number == job->view.stage &&
	       estimate->end == ESTIMATE_UNDER_WAY;
}

/* A job from before there were estimates, or from before its stages were others. */
static void guess(struct job *job, const struct stage *stage)
{
	const struct plan *plan = pace_plan(stage->flow);
	struct learned_origin origin = origin_of(&job->pace);
	double created = (double)job->created_ms / 1000, entered = (double)job->view.stage_entered_ms / 1000;
	estimate_begin(&job->pace.estimate, plan, NULL, &origin, 0, created);
	estimate_promise(&job->pace.estimate, FOREVER_S, created);
	estimate_enter(&job->pace.estimate, plan, NULL, plan_find(plan, stage->number), entered);
	job->pace.is_held = job->view.state == JOB_STATE_STALLED;
	hold_or_release(&job->pace, (double)job->view.updated_ms / 1000);
}

void pace_open(struct job *job, const uint8_t *bytes, size_t length)
{
	struct pace *pace = &job->pace;
	const struct job_view *view = &job->view;
	const struct stage *stage = stages_find(view->stage);
	struct fault fault;
	pace->has_estimate = !is_over(job);
	if (!pace->has_estimate)
		return;
	pace->flow = stage->flow;
	pace->stage = view->stage;
	pace->attempt = view->attempt;
	pace->run = view->run;
	bool is_sound = length > 0 && estimate_open(bytes, length, &pace->estimate, &fault) == ERR_OK;
	if (is_sound && fits(job, &pace->estimate, pace_plan(stage->flow)))
		pace->is_held = pace->estimate.promised_s < FOREVER_S;
	else
		guess(job, stage);
}

bool pace_is_sound(const struct job *job)
{
	const struct pace *pace = &job->pace;
	const struct pace_end *end = &pace->end;
	bool is_end_sound = isfinite(end->until) && isfinite(end->at) && isfinite(end->low_at) && isfinite(end->high_at) &&
	                    end->low_at <= end->at && end->at <= end->high_at;
	return is_end_sound && pace->ended_fraction >= 0 && pace->ended_fraction <= 1 && pace->size_hint >= 0 &&
	       isfinite(pace->size_hint);
}
