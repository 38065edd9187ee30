/*
 * The display law: what makes the bar smooth, monotone and the same for everybody. At each instant of a lattice the bar
 * gets the speed that would end it on time, plus a little towards where it should be; if it is ahead, it goes slower
 * instead of back. The instants follow from facts and pin alone: nobody's looking makes or moves one.
 */
#include <assert.h>
#include <math.h>

#include "job/estimate_parts.h"

#define STEPS      256.0 /* of the lattice in the expected total */
#define STEP_MIN_S 1e-3  /* nobody sees less */

#define CATCH_UP       0.025 /* of the total: how soon a gap of the bar is closed */
#define CATCH_UP_CLOCK 0.006
#define FRACTION_MAX   0.995

/* A bar that is behind goes at most so fast that the eye takes it for movement, not for a jump: a share of the whole a
 * second. Where the run itself is quick the bar may go at a multiple of the speed that fits the total; and never at
 * more than another one. */
#define SPEED_MAX       0.0065
#define SPEED_MAX_QUICK 2.1
#define SPEED_MAX_SLOW  8.0

/* A bar that is ahead goes at a share of the speed that would end on time. Near the end that would be a standstill: so
 * it goes at least at a share of the speed that fits the total, but leaves half of the way for the rest of the time. */
#define SPEED_AHEAD     0.21
#define SPEED_AHEAD_MIN 0.12
#define WAY_LEFT        0.5

/* The finish clock moves only after it is this wrong … */
#define CHASE_FROM       0.07
#define CHASE_FROM_SHOWN 0.25
/* … and then until it is this right. */
#define CHASE_TO    0.02
#define CLOCK_FLOOR 0.25

#define PACE_SLOW 0.25

static double share_closed(double catch_up)
{
	return 1 - exp(-1 / (STEPS * catch_up));
}

static double bar_speed(const struct estimate *estimate, double elapsed, double eta_s)
{
	double total = elapsed + eta_s;
	double gap = elapsed / total - estimate->fraction;
	if (gap < 0) {
		double in_time = (1 - estimate->fraction) / eta_s;
		return fmax(SPEED_AHEAD * in_time, fmin(SPEED_AHEAD_MIN / total, WAY_LEFT * in_time));
	}
	double most = fmax(SPEED_MAX_QUICK / total, fmin(SPEED_MAX, SPEED_MAX_SLOW / total));
	return fmin(1 / total + gap * share_closed(CATCH_UP) * STEPS / total, most);
}

static void move_clock(struct estimate *estimate, double now, double eta_s)
{
	double gap = now + eta_s - estimate->finish_at;
	double shown = estimate->finish_at - now;
	if (fabs(gap) > CHASE_FROM * eta_s || fabs(gap) > CHASE_FROM_SHOWN * shown)
		estimate->is_chasing = 1;
	if (estimate->is_chasing)
		estimate->finish_at += share_closed(CATCH_UP_CLOCK) * gap;
	if (fabs(now + eta_s - estimate->finish_at) < CHASE_TO * eta_s)
		estimate->is_chasing = 0;
	estimate->finish_at = fmax(estimate->finish_at, now + CLOCK_FLOOR * eta_s);
}

static double later_than(double time, double step)
{
	return fmax(time + step, nextafter(time, INFINITY));
}

/* One instant of the lattice. */
static void step(struct estimate *estimate)
{
	struct estimate_rest rest;
	double now = estimate->next_at;
	estimate->fraction = estimate_fraction(estimate, now);
	estimate->base_at = now;
	if (estimate_holds_at(estimate) <= now) {
		estimate->speed = 0;
		estimate->next_at = INFINITY;
		return;
	}
	estimate_remaining(estimate, now, &rest);
	double elapsed = now - estimate->begun_at, left_s = estimate_quantile(&rest, 0, ESTIMATE_TILT_BAR);
	estimate->speed = bar_speed(estimate, elapsed, left_s);
	move_clock(estimate, now, estimate_quantile(&rest, 0, ESTIMATE_TILT_CLOCK));
	estimate->next_at = later_than(now, fmax(STEP_MIN_S, (elapsed + left_s) / STEPS));
}

void estimate_advance(struct estimate *estimate, double now)
{
	assert(isfinite(now));
	estimate->seen_at = fmax(estimate->seen_at, now);
	while (estimate->next_at <= estimate->seen_at)
		step(estimate);
}

double estimate_pace(const struct estimate *estimate, double now)
{
	if (now >= estimate_holds_at(estimate))
		return 0;
	return now >= estimate_slows_at(estimate) ? PACE_SLOW : 1;
}

double estimate_fraction(const struct estimate *estimate, double now)
{
	double holds_at = fmax(estimate_holds_at(estimate), estimate->base_at);
	double slows_at = fmin(fmax(estimate_slows_at(estimate), estimate->base_at), holds_at);
	double until = fmin(now, holds_at);
	double quick_s = fmin(until, slows_at) - estimate->base_at;
	double slow_s = fmax(0, until - slows_at);
	return fmin(fmax(FRACTION_MAX, estimate->fraction),
	            estimate->fraction + estimate->speed * (quick_s + PACE_SLOW * slow_s));
}

double estimate_place(const struct estimate *estimate, double now)
{
	double until = fmin(now, estimate_holds_at(estimate));
	struct curve curve = estimate_curve(estimate);
	return fmax(estimate->place_floor, curve_place(&curve, until - estimate->entered_at));
}
