/*
 * How much time is left: the present stage, known to be longer than its age and seen through its reports; the later
 * stages, moved by what the present one shows; and all of them together as one lognormal law.
 */
#include <assert.h>
#include <math.h>

#include "job/estimate_parts.h"

#define REPORT_NOISE       0.0004
#define LATER_VARIANCE_MIN 0.0025
#define LATER_VARIANCE_MAX 4.0
#define COVARIANCE_MAX     2.0
#define BIAS               0.1 /* in spreads: moment matching puts the median of such sums a little high */
#define CORRELATION_UNIT   127.0

/* Share of the stage's time at which this share of its work is usually done: linear between the marks. */
static double time_of_work(const struct estimate *estimate, double work)
{
	double place = work * (LEARNED_MARKS + 1);
	size_t below = (size_t)place; /* number of marks passed */
	double from = below == 0 ? 0 : estimate->marks[below - 1];
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

void estimate_remaining(const struct estimate *estimate, double now, struct estimate_rest *ret_rest)
{
	struct later later;
	double age = fmax(0, now - estimate->entered_at);
	struct curve curve = estimate_curve(estimate);
	struct curve_survivor present = curve_survive(&curve, age);
	look_ahead(estimate, &present, &later);

	double stage_s = curve_moment(&curve, age, 1);
	double variance = fmax(0, curve_moment(&curve, age, 2) - stage_s * stage_s);
	double mean = stage_s - age;
	double shared = fmin(present.variance, covariance(estimate, estimate->stage, estimate->stage));
	for (size_t j = later.first; j < later.count; j++) {
		mean += later.mean_s[j];
		variance += 2 * stage_s * later.mean_s[j] * expm1(later.slope[j] * shared);
	}
	variance += later_variance_s(estimate, &later);

	double floor = 1e-6 * fmax(now - estimate->begun_at, 1);
	mean = fmax(mean, floor);
	double square = fmax(log1p(fmax(variance, 0) / (mean * mean)), 1e-4);
	ret_rest->spread = sqrt(square);
	ret_rest->median_s = mean * exp(-square / 2);
	ret_rest->eta_s = ret_rest->median_s * exp(-BIAS * ret_rest->spread);
}
