/*
 * What the model predicts when a stage is entered: the Gaussian law of all log times, conditioned on those of the
 * stages behind. Kept in single precision, correlations in steps of 1/127: far finer than anything known of them.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "job/estimate_parts.h"

#define OWN_NOISE        1.1 /* a stage's own time tells a little less about the others than the sums say */
#define SHIFT_MAX        3.0 /* spreads */
#define VARIANCE_MIN     0.0025
#define CORRELATION_UNIT 127.0

enum { COLUMNS_MAX = PLAN_STAGES_MAX + 1 };

/* Linear equations: one row for each stage behind; columns: the rows' own covariances, what to solve for. */
struct equations {
	size_t count;
	size_t columns;
	size_t behind[PLAN_STAGES_MAX];
	double rows[PLAN_STAGES_MAX][PLAN_STAGES_MAX + COLUMNS_MAX];
};

size_t estimate_pair(size_t a, size_t b)
{
	assert(a != b);
	size_t high = a > b ? a : b, low = a > b ? b : a;
	return high * (high - 1) / 2 + low;
}

static void swap_rows(struct equations *equations, size_t a, size_t b)
{
	double row[PLAN_STAGES_MAX + COLUMNS_MAX];
	memcpy(row, equations->rows[a], sizeof row);
	memcpy(equations->rows[a], equations->rows[b], sizeof row);
	memcpy(equations->rows[b], row, sizeof row);
}

static void eliminate(struct equations *equations, size_t pivot)
{
	size_t best = pivot;
	for (size_t i = pivot + 1; i < equations->count; i++)
		if (fabs(equations->rows[i][pivot]) > fabs(equations->rows[best][pivot]))
			best = i;
	swap_rows(equations, pivot, best);
	double *row = equations->rows[pivot];
	double scale = row[pivot];
	for (size_t j = pivot; j < equations->columns; j++)
		row[j] /= scale;
	for (size_t i = 0; i < equations->count; i++) {
		double factor = equations->rows[i][pivot];
		if (i == pivot || factor == 0)
			continue;
		for (size_t j = pivot; j < equations->columns; j++)
			equations->rows[i][j] -= factor * row[j];
	}
}

/* One row for each finished stage behind; on the right stand its residual, then its covariances with the stages from
 * `first` on. Solved, the right holds what to multiply the covariances with. */
static void set_up(const struct estimate *estimate, size_t first, const struct learned_law *law,
                   struct equations *equations)
{
	size_t count = estimate->stage_count;
	*equations = (struct equations){0};
	for (size_t i = 0; i < first; i++)
		if (estimate->stays[i].is_finished)
			equations->behind[equations->count++] = i;
	equations->columns = equations->count + 1 + count - first;
	for (size_t i = 0; i < equations->count; i++) {
		size_t stage = equations->behind[i];
		double *row = equations->rows[i], *right = row + equations->count;
		for (size_t j = 0; j < equations->count; j++)
			row[j] = law->variance[stage][equations->behind[j]] * (i == j ? OWN_NOISE : 1);
		right[0] = estimate->stays[stage].log_s - law->mean[stage];
		for (size_t j = first; j < count; j++)
			right[1 + j - first] = law->variance[stage][j];
	}
	for (size_t i = 0; i < equations->count; i++)
		eliminate(equations, i);
}

/* Conditions the law of the stages from `first` on. */
static void condition(const struct estimate *estimate, size_t first, struct learned_law *law)
{
	struct equations equations;
	size_t count = estimate->stage_count;
	set_up(estimate, first, law, &equations);
	for (size_t i = first; i < count; i++) {
		double shift = 0, before = law->variance[i][i], most = SHIFT_MAX * law->spread[i];
		for (size_t a = 0; a < equations.count; a++) {
			const double *right = equations.rows[a] + equations.count;
			double weight = law->variance[i][equations.behind[a]];
			shift += weight * right[0];
			for (size_t j = first; j < count; j++)
				law->variance[i][j] -= weight * right[1 + j - first];
		}
		law->mean[i] += fmin(fmax(shift, -most), most);
		law->variance[i][i] = fmin(fmax(law->variance[i][i], VARIANCE_MIN), before);
	}
}

static int8_t rounded_correlation(double correlation)
{
	return (int8_t)lrint(fmin(fmax(correlation, -1), 1) * CORRELATION_UNIT);
}

/* A later stage that a share of the jobs enters takes E[T] times the share, and E[T^2] times the share: a lognormal law
 * with these two moments stands for it. Its covariances with others stay. */
static void pin_law(struct estimate *estimate, const struct learned *learned, const struct learned_law *law)
{
	size_t first = estimate->stage;
	double spreads[PLAN_STAGES_MAX];
	for (size_t i = first; i < estimate->stage_count; i++) {
		double log_share = i > first ? log(learned_share(learned, i)) : 0;
		spreads[i] = sqrt(law->variance[i][i] - log_share);
		estimate->mean[i] = (float)(law->mean[i] + 1.5 * log_share);
		estimate->spread[i] = (float)spreads[i];
		for (size_t j = first; j < i; j++)
			estimate->correlation[estimate_pair(i, j)] =
			    rounded_correlation(law->variance[i][j] / (spreads[i] * spreads[j]));
	}
}

static void pin_reports(struct estimate *estimate, const struct learned *learned)
{
	struct learned_reports reports;
	learned_reports(learned, estimate->stage, &reports);
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		estimate->marks[i] = (float)reports.marks[i];
	estimate->scatter = (float)reports.scatter;
	estimate->gap_s = (float)(reports.gap * exp((double)estimate->mean[estimate->stage]));
}

void estimate_pin(struct estimate *estimate, const struct plan *plan, const struct learned *learned)
{
	struct learned_law law;
	assert(plan->count == estimate->stage_count && estimate->stage < plan->count);
	learned_predict(learned, plan, &estimate->origin, &law);
	condition(estimate, estimate->stage, &law);
	memset(estimate->mean, 0, sizeof estimate->mean);
	memset(estimate->spread, 0, sizeof estimate->spread);
	memset(estimate->correlation, 0, sizeof estimate->correlation);
	pin_law(estimate, learned, &law);
	pin_reports(estimate, learned);
	estimate->jobs = learned != NULL ? learned->jobs : 0;
}
