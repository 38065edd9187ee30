/* What is shown, and when it will have changed. */
#include <math.h>

#include "job/estimate_parts.h"

/* The deciles lie at 1.2816; but the spreads are seen through means that were themselves uncertain, and are too wide.
 */
#define DECILE_Z         1.16
#define CLOCK_FLOOR      0.25
#define MEASURED_SHARE   0.9
#define OVERDUE_Z        3.2
#define OVERDUE_Z_UNSURE 4.0 /* spread over the jobs seen: the fewer, the less is known of what is usual */
#define OVERDUE_JOBS     3.0

double estimate_overdue_at(const struct estimate *estimate)
{
	double bound = OVERDUE_Z + OVERDUE_Z_UNSURE / (OVERDUE_JOBS + (double)estimate->jobs);
	return estimate->entered_at + exp(estimate->mean[estimate->stage] + bound * estimate->spread[estimate->stage]);
}

static enum estimate_flag flag_at(const struct estimate *estimate, double now)
{
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return ESTIMATE_FLAG_NONE;
	if (now >= estimate_lost_at(estimate))
		return ESTIMATE_FLAG_LOST;
	if (now >= estimate_silent_at(estimate))
		return ESTIMATE_FLAG_SILENT;
	return now >= estimate_overdue_at(estimate) ? ESTIMATE_FLAG_OVERDUE : ESTIMATE_FLAG_NONE;
}

/* Movement between reports counts as measured only for as long as reports are usually apart. */
static enum estimate_source source_at(const struct estimate *estimate, double now)
{
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return ESTIMATE_SOURCE_MEASURED;
	double share = estimate_report_share(estimate);
	if (share == 0) /* also of reports that came at the very moment the stage began: they tell no speed yet */
		return estimate->work > 0 ? ESTIMATE_SOURCE_ESTIMATED : ESTIMATE_SOURCE_SIMULATED;
	bool is_fresh = now - estimate->reported_at <= fmax(estimate->gap_s, estimate->longest_gap_s);
	return share >= MEASURED_SHARE && is_fresh ? ESTIMATE_SOURCE_MEASURED : ESTIMATE_SOURCE_ESTIMATED;
}

static double percent_at(const struct estimate *estimate, const struct plan *plan, double now)
{
	if (estimate->end == ESTIMATE_COMPLETED)
		return 100;
	const struct plan_stage *stage = &plan->stages[estimate->stage];
	double place = estimate->end == ESTIMATE_UNDER_WAY ? estimate_place(estimate, now) : estimate->place_floor;
	double width = stage->end_percent - stage->start_percent;
	return fmax(estimate->percent_floor, stage->start_percent + width * place);
}

static void look_at_end(const struct estimate *estimate, double now, struct estimate_view *view)
{
	struct estimate_rest rest;
	estimate_remaining(estimate, now, &rest);
	view->has_eta = true;
	view->eta_s = fmax(estimate->finish_at - now, CLOCK_FLOOR * estimate_quantile(&rest, 0, ESTIMATE_TILT_CLOCK));
	view->eta_low_s = fmin(estimate_quantile(&rest, -DECILE_Z, ESTIMATE_TILT_CLOCK), view->eta_s);
	view->eta_high_s = fmax(estimate_quantile(&rest, DECILE_Z, ESTIMATE_TILT_CLOCK), view->eta_s);
}

static double speed_until(const struct estimate *estimate, double now)
{
	double until = fmin(estimate->next_at, estimate_holds_at(estimate));
	double slows_at = estimate_slows_at(estimate);
	return now < slows_at ? fmin(until, slows_at) : until;
}

void estimate_show(const struct estimate *ahead, const struct plan *plan, double now, unsigned parts,
                   struct estimate_view *ret_view)
{
	bool is_over = ahead->end != ESTIMATE_UNDER_WAY;
	*ret_view = (struct estimate_view){
	    .time_fraction = is_over ? ahead->fraction : estimate_fraction(ahead, now),
	    .percent = (parts & ESTIMATE_SHOW_PERCENT) != 0 ? percent_at(ahead, plan, now) : 0,
	    .flag = flag_at(ahead, now),
	    .source = source_at(ahead, now),
	    .has_history = ahead->jobs > 0,
	    .speed_until = INFINITY,
	};
	if (is_over || now >= estimate_holds_at(ahead))
		return;
	ret_view->speed = ahead->speed * estimate_pace(ahead, now);
	ret_view->speed_until = speed_until(ahead, now);
	if (ret_view->has_history && (parts & ESTIMATE_SHOW_ETA) != 0)
		look_at_end(ahead, now, ret_view);
}

void estimate_look(const struct estimate *estimate, const struct plan *plan, double now, struct estimate_view *ret_view)
{
	struct estimate ahead = *estimate;
	estimate_advance(&ahead, now);
	estimate_show(&ahead, plan, ahead.seen_at, ESTIMATE_SHOW_PERCENT | ESTIMATE_SHOW_ETA, ret_view);
}

/* The first moment after `now` at which the flag, or the speed because of it, may change. */
static double next_flag(const struct estimate *ahead, double now)
{
	const double moments[] = {estimate_lost_at(ahead), estimate_silent_at(ahead), estimate_overdue_at(ahead),
	                          estimate_slows_at(ahead)};
	double next = INFINITY;
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
		if (moments[i] > now)
			next = fmin(next, moments[i]);
	return next;
}

/* In how many seconds the place in the stage will have moved by that share, as it moves in the next ones. */
static double place_wait(const struct estimate *ahead, double now, double seconds, double share)
{
	double moved = estimate_place(ahead, now + seconds) - estimate_place(ahead, now);
	return moved > 0 ? seconds * share / moved : INFINITY;
}

double estimate_next_change(const struct estimate *estimate, const struct plan *plan, double now, double points)
{
	struct estimate copy;
	const struct estimate *ahead = estimate;
	if (estimate->next_at <= now) {
		copy = *estimate;
		estimate_advance(&copy, now);
		ahead = &copy;
	}
	now = fmax(now, ahead->seen_at);
	if (ahead->end != ESTIMATE_UNDER_WAY)
		return INFINITY;
	double flag_at = next_flag(ahead, now), speed = ahead->speed * estimate_pace(ahead, now);
	if (!(speed > 0) || isinf(ahead->next_at))
		return flag_at;
	/* Beyond the next instant but one of the lattice the speed may be another. */
	double most = 2 * (ahead->next_at - ahead->base_at), wait = fmin(points / 100 / speed, most);
	const struct plan_stage *stage = &plan->stages[ahead->stage];
	double width = stage->end_percent - stage->start_percent;
	if (width > 0)
		wait = fmin(wait, place_wait(ahead, now, wait, points / width));
	return fmax(fmin(now + wait, flag_at), nextafter(now, INFINITY));
}
