/*
 * How much time is left: the present stage, known to be longer than its age and seen through its reports; the later
 * stages, moved by what the present one shows; and all of them together as one lognormal law.
 */
#include <assert.h>
#include <math.h>

#include "job/estimate_parts.h"

#define START_POWER_MIN    0.3
#define START_POWER_MAX    4.0
#define REPORT_NOISE       0.0004
#define LATER_VARIANCE_MIN 0.0025
#define LATER_VARIANCE_MAX 4.0
#define COVARIANCE_MAX     2.0
#define SHARE_MIN          1e-6
#define SPREAD_MIN         0.01
#define CORRELATION_UNIT   127.0

/* Share of the stage's time at which this share of its work is usually done: linear between the marks, and before the
 * first one the power law that the first two suggest, since work that starts slowly would look like no end of it. */
static double time_of_work(const struct estimate *estimate, double work)
{
	double place = work * (LEARNED_MARKS + 1);
	size_t below = (size_t)place; /* number of marks passed */
	if (below == 0) {
		double power = log2((double)estimate->marks[1] / estimate->marks[0]);
		return estimate->marks[0] * pow(place, fmin(fmax(power, START_POWER_MIN), START_POWER_MAX));
	}
	double from = estimate->marks[below - 1];
	double to = below == LEARNED_MARKS ? 1 : estimate->marks[below];
	return from + (to - from) * (place - (double)below);
}

static bool has_evidence(const struct estimate *estimate)
{
	return estimate->work > ESTIMATE_WORK_MIN && estimate->reported_at > estimate->entered_at;
}

static double report_variance(const struct estimate *estimate, double work)
{
	return estimate->scatter * (1 - work) * (1 - work) / work + REPORT_NOISE;
}

double estimate_report_share(const struct estimate *estimate)
{
	if (!has_evidence(estimate))
		return 0;
	double prior = (double)estimate->spread[estimate->stage] * estimate->spread[estimate->stage];
	return prior / (prior + report_variance(estimate, fmin(estimate->work, ESTIMATE_WORK_MAX)));
}

struct curve estimate_curve(const struct estimate *estimate)
{
	struct curve history = {.mean = estimate->mean[estimate->stage], .spread = estimate->spread[estimate->stage]};
	if (!has_evidence(estimate))
		return history;
	double work = fmin(estimate->work, ESTIMATE_WORK_MAX);
	double length = log((estimate->reported_at - estimate->entered_at) / time_of_work(estimate, work));
	double share = estimate_report_share(estimate);
	return (struct curve){
	    .mean = history.mean + share * (length - history.mean),
	    .spread = history.spread * sqrt(1 - share),
	};
}

/* The later stages, given how the present one stands. */
struct later {
	size_t first;
	size_t count;
	double known;                   /* how much of the present stage's variance is gone, 0 to 1 */
	double slope[PLAN_STAGES_MAX];  /* ln T_j moves by this for each unit of the present stage's ln T */
	double mean_s[PLAN_STAGES_MAX]; /* E[T_j] */
};

static double covariance(const struct estimate *estimate, size_t i, size_t j)
{
	double correlation = i == j ? 1 : estimate->correlation[estimate_pair(i, j)] / CORRELATION_UNIT;
	return correlation * estimate->spread[i] * estimate->spread[j];
}

static double later_covariance(const struct estimate *estimate, const struct later *later, size_t i, size_t j)
{
	double variance = covariance(estimate, estimate->stage, estimate->stage);
	return covariance(estimate, i, j) - later->slope[i] * later->slope[j] * variance * later->known;
}

static double later_variance(const struct estimate *estimate, const struct later *later, size_t i)
{
	return fmin(fmax(later_covariance(estimate, later, i, i), LATER_VARIANCE_MIN), LATER_VARIANCE_MAX);
}

static void look_ahead(const struct estimate *estimate, const struct curve_survivor *present, struct later *later)
{
	size_t stage = estimate->stage;
	double variance = covariance(estimate, stage, stage);
	later->first = stage + 1U;
	later->count = estimate->stage_count;
	later->known = fmax(0, 1 - present->variance / variance);
	for (size_t j = later->first; j < later->count; j++) {
		later->slope[j] = covariance(estimate, stage, j) / variance;
		double mean = estimate->mean[j] + later->slope[j] * (present->mean - estimate->mean[stage]);
		later->mean_s[j] = exp(mean + later_variance(estimate, later, j) / 2);
	}
}

static double later_variance_s(const struct estimate *estimate, const struct later *later)
{
	double sum = 0;
	for (size_t i = later->first; i < later->count; i++) {
		sum += later->mean_s[i] * later->mean_s[i] * expm1(later_variance(estimate, later, i));
		for (size_t j = later->first; j < i; j++) {
			double shared = later_covariance(estimate, later, i, j);
			shared = fmin(fmax(shared, -COVARIANCE_MAX), COVARIANCE_MAX);
			sum += 2 * later->mean_s[i] * later->mean_s[j] * expm1(shared);
		}
	}
	return sum;
}

static double spread_of(double mean, double variance)
{
	return sqrt(fmax(log1p(fmax(variance, 0) / (mean * mean)), SPREAD_MIN * SPREAD_MIN));
}

void estimate_remaining(const struct estimate *estimate, double now, struct estimate_rest *ret_rest)
{
	struct later later;
	double age = fmax(0, now - estimate->entered_at);
	struct curve curve = estimate_curve(estimate);
	struct curve_survivor present = curve_survive(&curve, age);
	look_ahead(estimate, &present, &later);

	double stage_s = curve_moment(&curve, age, 1);
	double stage_variance = fmax(0, curve_moment(&curve, age, 2) - stage_s * stage_s);
	double elapsed = now - estimate->begun_at;
	double floor = SHARE_MIN * fmax(elapsed, 1);
	double stage_left = fmax(stage_s - age, floor);
	double mean = stage_left;
	double variance = stage_variance + later_variance_s(estimate, &later);
	double shared = fmin(present.variance, covariance(estimate, estimate->stage, estimate->stage));
	for (size_t j = later.first; j < later.count; j++) {
		mean += later.mean_s[j];
		variance += 2 * stage_s * later.mean_s[j] * expm1(later.slope[j] * shared);
	}
	*ret_rest = (struct estimate_rest){
	    .mean_s = mean,
	    .spread = spread_of(mean, variance),
	    .tilt = mean / (mean + elapsed),
	    .stage = curve,
	    .age_s = age,
	    .stage_mean_s = stage_left,
	    .stage_spread = spread_of(stage_left, stage_variance),
	    .stage_tilt = stage_s / (stage_s + elapsed - age),
	};
}

/* The quantile of a lognormal law with this mean, tilted by 1 / T^tilt. */
static double fitted(double mean_s, double spread, double tilt, double normal)
{
	return mean_s * exp(spread * normal - spread * spread * (0.5 + tilt));
}

double estimate_quantile(const struct estimate_rest *rest, double normal, double tilt)
{
	double whole = fitted(rest->mean_s, rest->spread, tilt * rest->tilt, normal);
	double left = rest->stage_mean_s / (rest->stage_mean_s + rest->age_s);
	double guess = fitted(rest->stage_mean_s, rest->stage_spread, tilt * rest->stage_tilt * left, normal);
	struct curve tilted = rest->stage;
	tilted.mean -= tilt * rest->stage_tilt * tilted.spread * tilted.spread;
	double exact = curve_rest_quantile(&tilted, rest->age_s, normal);
	double share = rest->stage_mean_s / rest->mean_s;
	return fmax(whole * pow(exact / guess, share * share), SHARE_MIN * rest->mean_s);
}
