/* What is shown at a moment: the reported place, unless the stage is simulated and has moved beyond it by itself. */
#include <math.h>

#include "job/estimate_parts.h"
#include "job/job.h"
#include "job/pace.h"

#define STEPS 512.0 /* of the lattice in a run */

/* A job that is over, or an answer as it was given once: nothing moves. */
static void look_at_view(const struct job_view *view, struct pace_look *look)
{
	look->percent = fmax(view->percent, view->moved_percent);
	look->reached_percent = fmax(view->reached_percent, look->percent);
	look->source = (enum estimate_source)view->source;
	if (view->is_simulated && view->moved_percent > view->percent)
		look->source = ESTIMATE_SOURCE_SIMULATED;
}

static void look_at_eta(const struct pace *pace, const struct estimate_view *view, double now, struct pace_look *look)
{
	const struct pace_end *end = &pace->end;
	bool is_known = view->has_history && view->speed > 0 && !pace->is_held;
	if (is_known && now < end->until) {
		look->has_eta = true;
		look->eta_s = end->at - now;
		look->eta_low_s = end->low_at - now;
		look->eta_high_s = end->high_at - now;
	} else if (is_known && view->has_eta) {
		look->has_eta = true;
		look->eta_s = view->eta_s;
		look->eta_low_s = view->eta_low_s;
		look->eta_high_s = view->eta_high_s;
	}
}

static void look_at_movement(const struct job *job, const struct estimate *estimate, const struct estimate_view *view,
                             double now, struct pace_look *look)
{
	look->is_moving = view->speed > 0 && !job->pace.is_held;
	if (!look->is_moving)
		return;
	look->is_simulated = job->view.is_simulated;
	look->time_speed = view->speed;
	look->age_s = fmax(0, now - estimate->entered_at);
	if (look->is_simulated)
		look->curve = estimate_curve(estimate);
}

static void look_at_run(const struct job *job, double now, bool wants_end, struct pace_look *look)
{
	const struct pace *pace = &job->pace;
	const struct estimate *ahead = &pace->estimate;
	struct estimate_view view;
	struct estimate copy;
	if (ahead->next_at <= now) {
		copy = *ahead;
		estimate_advance(&copy, now);
		ahead = &copy;
	}
	now = fmax(now, ahead->seen_at);
	bool must_reckon = wants_end && now >= pace->end.until;
	unsigned parts = (job->view.is_simulated ? ESTIMATE_SHOW_PERCENT : 0U) | (must_reckon ? ESTIMATE_SHOW_ETA : 0U);
	estimate_show(ahead, pace_plan(pace->flow), now, parts, &view);
	look->time_fraction = view.time_fraction;
	look->flag = pace->is_held ? ESTIMATE_FLAG_LOST : view.flag;
	look->has_history = view.has_history;
	if (wants_end)
		look_at_eta(pace, &view, now, look);
	look_at_movement(job, ahead, &view, now, look);
	if (!job->view.is_simulated)
		return;
	look->percent = fmax(look->percent, view.percent);
	look->reached_percent = fmax(look->reached_percent, look->percent);
	look->source = view.source;
}

void pace_reckon_end(struct job *job, double now)
{
	struct pace *pace = &job->pace;
	const struct estimate *estimate = &pace->estimate;
	struct pace_look look;
	pace->end = (struct pace_end){0};
	if (estimate->jobs == 0)
		return;
	pace_look(job, &job->view, now, &look);
	if (!look.has_eta)
		return;
	now = fmax(now, estimate->seen_at);
	pace->end = (struct pace_end){
	    .until = now + fmin((now + look.eta_s - estimate->begun_at) / STEPS, look.eta_low_s / 2),
	    .at = now + look.eta_s,
	    .low_at = now + look.eta_low_s,
	    .high_at = now + look.eta_high_s,
	};
}

void pace_look(const struct job *job, const struct job_view *view, double now, struct pace_look *ret_look)
{
	bool is_present = view == &job->view;
	*ret_look = (struct pace_look){.time_fraction = job->pace.ended_fraction};
	look_at_view(view, ret_look);
	if (is_present && job->pace.has_estimate)
		look_at_run(job, now, true, ret_look);
	else if (job->pace.has_estimate && view->attempt == job->view.attempt && view->run == job->view.run)
		ret_look->time_fraction = estimate_fraction(&job->pace.estimate, fmin(now, job->pace.estimate.next_at));
}

void pace_glance(const struct job *job, double now, struct pace_look *ret_look)
{
	*ret_look = (struct pace_look){.time_fraction = job->pace.ended_fraction};
	look_at_view(&job->view, ret_look);
	if (job->pace.has_estimate)
		look_at_run(job, now, false, ret_look);
}

double pace_next_change(const struct job *job, double now, double points)
{
	const struct pace *pace = &job->pace;
	if (!pace->has_estimate || pace->is_held || !job->view.is_simulated)
		return INFINITY;
	return estimate_next_change(&pace->estimate, pace_plan(pace->flow), now, points);
}

double pace_steps(const struct job *job, double now)
{
	const struct estimate *estimate = &job->pace.estimate;
	if (!job->pace.has_estimate || !(now > estimate->next_at))
		return 0;
	return STEPS * (now - estimate->next_at) / fmax(estimate->finish_at - estimate->begun_at, 1e-3);
}
