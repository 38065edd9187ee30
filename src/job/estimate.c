/*
 * The events of a run. Each first carries the display to its moment under the old facts, then changes the facts. A sign
 * of life that comes in time changes nothing that is shown, so that it need not be written down.
 */
#include "job/estimate.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "job/estimate_parts.h"

#define BEATS_TO_LOSE      2.8  /* so that who looks every other second sees it within three */
#define SLOW_AFTER         0.45 /* of the time after which the worker is lost */
#define BEAT_USUAL_S       15.0
#define BEAT_LONG_S        20.0 /* a mean interval above this is taken at its word */
#define BEAT_GAP_TAKEN     8.0  /* usual intervals; a longer pause was a hang, not an interval */
#define BEAT_WEIGHT        0.2
#define SILENT_GAPS        6.0
#define SILENT_REPORTS_MIN 3
#define SILENT_WORK_MAX    0.97
#define STAY_MIN_S         1e-3
#define MARK_CODE          40.0
#define MARK_UNKNOWN       255
#define REPORTS_TO_LEARN   3

static double beat_period(const struct estimate *estimate)
{
	return estimate->beat_gap_s > BEAT_LONG_S ? estimate->beat_gap_s : BEAT_USUAL_S;
}

double estimate_patience(const struct estimate *estimate)
{
	return estimate->beats > 0 ? BEATS_TO_LOSE * beat_period(estimate) : INFINITY;
}

static double lost_after(const struct estimate *estimate)
{
	return estimate->promised_s > 0 ? estimate->promised_s : estimate_patience(estimate);
}

double estimate_lost_at(const struct estimate *estimate)
{
	return estimate->heard_at + lost_after(estimate);
}

double estimate_slows_at(const struct estimate *estimate)
{
	return estimate->heard_at + SLOW_AFTER * lost_after(estimate);
}

double estimate_silent_at(const struct estimate *estimate)
{
	if (estimate->reports <= SILENT_REPORTS_MIN || estimate->work >= SILENT_WORK_MAX)
		return INFINITY;
	return estimate->reported_at + SILENT_GAPS * fmax(estimate->gap_s, estimate->longest_gap_s);
}

double estimate_holds_at(const struct estimate *estimate)
{
	return fmin(estimate_lost_at(estimate), estimate_silent_at(estimate));
}

/* ---- around an event */

/* Carries everything to the moment of an event; returns that moment. */
static double arrive(struct estimate *estimate, double now)
{
	estimate_advance(estimate, now);
	now = estimate->seen_at;
	if (now >= estimate_lost_at(estimate))
		estimate->was_lost = 1;
	return now;
}

/* Before the facts change: what is shown now is where it goes on from. */
static void settle(struct estimate *estimate, double now)
{
	estimate->place_floor = estimate_place(estimate, now);
	estimate->fraction = estimate_fraction(estimate, now);
	estimate->base_at = now;
}

/* After the facts have changed: a bar that stood still moves again. */
static void resume(struct estimate *estimate, double now)
{
	if (isinf(estimate->next_at) && estimate_holds_at(estimate) > now) {
		estimate->next_at = now;
		estimate_advance(estimate, now);
	}
}

static void hear(struct estimate *estimate, double now)
{
	bool was_slow = now > estimate_slows_at(estimate);
	if (was_slow)
		settle(estimate, now);
	estimate->heard_at = now;
	if (was_slow)
		resume(estimate, now);
}

static uint8_t mark_code(double share)
{
	double code = -MARK_CODE * log(fmin(fmax(share, 1e-3), 1));
	return (uint8_t)fmin(rint(code), MARK_UNKNOWN - 1);
}

static double mark_share(uint8_t code)
{
	return exp(-code / MARK_CODE);
}

/* ---- a stage that is left */

/* Notes when the tenths of the work between the last report and this one were done, as if in equal steps. */
static void cross(struct estimate *estimate, double work, double now)
{
	double age = now - estimate->entered_at;
	double age_before = estimate->reports > 0 ? estimate->reported_at - estimate->entered_at : 0;
	for (int i = 0; i < LEARNED_MARKS; i++) {
		double mark = (i + 1.0) / (LEARNED_MARKS + 1);
		if (mark <= estimate->work || mark > work)
			continue;
		double part = (mark - estimate->work) / (work - estimate->work);
		estimate->crossed_s[i] = (float)(age_before + part * (age - age_before));
	}
}

static void close_stay(struct estimate *estimate, double now)
{
	struct estimate_stay *stay = &estimate->stays[estimate->stage];
	double length_s = now - estimate->entered_at;
	memset(stay, 0, sizeof *stay);
	if (length_s <= 0)
		return;
	stay->was_there = 1;
	stay->is_finished = !estimate->was_lost;
	stay->log_s = (float)log(fmax(length_s, STAY_MIN_S));
	stay->has_reports = estimate->reports >= REPORTS_TO_LEARN;
	if (!stay->has_reports)
		return;
	double gap_s = estimate->longest_gap_s;
	if (estimate->work < SILENT_WORK_MAX)
		gap_s = fmax(gap_s, now - estimate->reported_at);
	if (estimate->work < 1)
		cross(estimate, 1, now);
	stay->gap = mark_code(gap_s / length_s);
	for (int i = 0; i < LEARNED_MARKS; i++)
		stay->marks[i] = mark_code(estimate->crossed_s[i] / length_s);
}

static void open_stay(struct estimate *estimate, size_t stage, double now)
{
	estimate->stage = (uint8_t)stage;
	estimate->entered_at = now;
	estimate->reported_at = now;
	estimate->work = 0;
	estimate->reports = 0;
	estimate->longest_gap_s = 0;
	estimate->was_lost = 0;
	estimate->place_floor = 0;
	memset(estimate->crossed_s, 0, sizeof estimate->crossed_s);
}

static double shown_percent(const struct estimate *estimate, const struct plan *plan, double now)
{
	const struct plan_stage *stage = &plan->stages[estimate->stage];
	double width = stage->end_percent - stage->start_percent;
	return fmax(estimate->percent_floor, stage->start_percent + width * estimate_place(estimate, now));
}

/* ---- events */

void estimate_begin(struct estimate *estimate, const struct plan *plan, const struct learned *learned,
                    const struct learned_origin *origin, size_t stage, double now)
{
	struct estimate_rest rest;
	assert(stage < plan->count && isfinite(now));
	memset(estimate, 0, sizeof *estimate);
	estimate->stage_count = (uint8_t)plan->count;
	estimate->origin = *origin;
	estimate->begun_at = estimate->seen_at = estimate->heard_at = now;
	open_stay(estimate, stage, now);
	estimate_pin(estimate, plan, learned);
	estimate_remaining(estimate, now, &rest);
	estimate->base_at = estimate->next_at = now;
	estimate->finish_at = now + estimate_quantile(&rest, 0, ESTIMATE_TILT_CLOCK);
	estimate_advance(estimate, now);
}

void estimate_enter(struct estimate *estimate, const struct plan *plan, const struct learned *learned, size_t stage,
                    double now)
{
	assert(stage < plan->count && plan->count == estimate->stage_count);
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	if (stage <= estimate->stage) {
		hear(estimate, now);
		return;
	}
	settle(estimate, now);
	estimate->percent_floor = shown_percent(estimate, plan, now);
	close_stay(estimate, now);
	open_stay(estimate, stage, now);
	estimate->heard_at = now;
	estimate_pin(estimate, plan, learned);
	resume(estimate, now);
}

void estimate_report(struct estimate *estimate, double work, double now)
{
	assert(work >= 0 && work <= 1);
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	if (work <= estimate->work) {
		hear(estimate, now);
		return;
	}
	settle(estimate, now);
	cross(estimate, work, now);
	estimate->longest_gap_s = fmax(estimate->longest_gap_s, now - estimate->reported_at);
	estimate->work = work;
	estimate->reported_at = now;
	estimate->reports++;
	estimate->heard_at = now;
	resume(estimate, now);
}

void estimate_beat(struct estimate *estimate, double now)
{
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	double gap_s = now - estimate->beat_at;
	double before = estimate->beat_gap_s > 0 ? estimate->beat_gap_s : gap_s;
	bool is_interval = estimate->beats > 0 && gap_s <= BEAT_GAP_TAKEN * beat_period(estimate);
	hear(estimate, now);
	if (is_interval)
		estimate->beat_gap_s = before + BEAT_WEIGHT * (gap_s - before);
	estimate->beat_at = now;
	estimate->beats++;
}

void estimate_promise(struct estimate *estimate, double lost_after_s, double now)
{
	assert(lost_after_s >= 0);
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	hear(estimate, now);
	estimate->promised_s = lost_after_s;
}

void estimate_expect(struct estimate *estimate, double stage_s, double now)
{
	assert(stage_s > 0);
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	settle(estimate, now);
	estimate->mean[estimate->stage] = (float)log(stage_s);
	estimate->heard_at = now;
	resume(estimate, now);
}

void estimate_finish(struct estimate *estimate, enum estimate_end end, double now)
{
	assert(end != ESTIMATE_UNDER_WAY);
	if (estimate->end != ESTIMATE_UNDER_WAY)
		return;
	now = arrive(estimate, now);
	settle(estimate, now);
	if (end == ESTIMATE_COMPLETED) {
		close_stay(estimate, now);
		estimate->fraction = 1;
	}
	estimate->end = (uint8_t)end;
	estimate->speed = 0;
	estimate->next_at = INFINITY;
}

void estimate_lesson(const struct estimate *estimate, struct learned_job *ret_job)
{
	*ret_job = (struct learned_job){
	    .is_completed = estimate->end == ESTIMATE_COMPLETED,
	    .origin = estimate->origin,
	};
	size_t passed = ret_job->is_completed ? estimate->stage_count : estimate->stage;
	for (size_t i = 0; i < passed; i++) {
		const struct estimate_stay *from = &estimate->stays[i];
		struct learned_stay *to = &ret_job->stays[i];
		to->is_passed = true;
		to->was_there = from->was_there;
		to->is_finished = from->is_finished;
		to->log_s = from->log_s;
		to->has_reports = from->has_reports;
		if (!from->has_reports)
			continue;
		for (size_t j = 0; j < LEARNED_MARKS; j++)
			to->marks[j] = mark_share(from->marks[j]);
		to->gap = mark_share(from->gap);
	}
}
