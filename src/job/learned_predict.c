/*
 * What follows from what was learned. Every prior says how much a thing is believed to differ from the usual; how many
 * jobs it then weighs follows from how much jobs vary by themselves. The spread of a stage and the correlation of two
 * stages lean on those of all stages together, so that the first few jobs of a pipeline tell most of what there is to
 * know.
 */
#include <assert.h>
#include <math.h>

#include "job/learned_parts.h"

/* Variances, of logarithms: of the nominal seconds around the truth, of the slope over the size, of the labels'
 * effects. */
#define NOMINAL_VARIANCE 0.36
#define SLOPE_VARIANCE   0.18
#define WORKER_VARIANCE  0.1
#define CLASS_VARIANCE   0.12
#define USUAL_SLOPE      0.5

/* What is believed of a pipeline that was never seen, and how many stays that weighs. */
#define USUAL_VARIANCE           0.36
#define USUAL_VARIANCE_WEIGHT    1.5
#define USUAL_CORRELATION        0.4
#define USUAL_CORRELATION_WEIGHT 10.0

/* How many stays the pipeline's own usual value weighs for one stage or pair. */
#define STAGE_VARIANCE_WEIGHT   10.0
#define PAIR_CORRELATION_WEIGHT 16.0
#define CORRELATION_MIN         -0.18
#define CORRELATION_MAX         0.9

#define USUAL_SCATTER        0.04
#define USUAL_SCATTER_WEIGHT 2.0
#define USUAL_MARKS_WEIGHT   2.0
#define SHARE_MIN            0.02
#define DECILE_Z             1.2816

/* Whatever was told, a time is taken for one of e^-40 to e^40 seconds and its spread for a factor of e^3 at most, so
 * nothing that follows leaves the range of a double. */
#define LOG_TIME_MAX 40.0
#define VARIANCE_MAX 9.0

/* Nothing learned: of this size, without a label. */
static const struct learned nothing;

double learned_size(const struct learned *learned, const struct learned_origin *origin)
{
	if (!origin->has_hint || learned->hint_weight == 0)
		return 0;
	return origin->log_hint - learned->hint_sum / learned->hint_weight;
}

static const struct learned_worker *find_worker(const struct learned *learned, uint64_t key)
{
	for (size_t i = 0; key != 0 && i < LEARNED_WORKERS_MAX; i++)
		if (learned->workers[i].key == key)
			return &learned->workers[i];
	return NULL;
}

static const struct learned_class *find_class(const struct learned *learned, uint64_t key)
{
	for (size_t i = 0; key != 0 && i < LEARNED_CLASSES_MAX; i++)
		if (learned->classes[i].key == key)
			return &learned->classes[i];
	return NULL;
}

/* ---- spreads */

/* How much a stage counts in what all stages say together: as its time, since stages of a moment vary without end. */
static void weigh_stages(const struct learned *learned, const struct plan *plan, double *weights)
{
	double logs[PLAN_STAGES_MAX], longest = -INFINITY;
	for (size_t i = 0; i < plan->count; i++) {
		const struct learned_stage *stage = &learned->stages[i];
		logs[i] = stage->weight > 0 ? stage->log_time / stage->weight : log(plan->stages[i].nominal_s);
		longest = fmax(longest, logs[i]);
	}
	for (size_t i = 0; i < plan->count; i++)
		weights[i] = exp(logs[i] - longest);
}

static double usual_variance(const struct learned *learned, size_t count, const double *weights)
{
	double sum = USUAL_VARIANCE_WEIGHT * USUAL_VARIANCE, weight = USUAL_VARIANCE_WEIGHT;
	for (size_t i = 0; i < count; i++) {
		sum += weights[i] * learned->products[learned_pair(i, i)];
		weight += weights[i] * learned->pairs[learned_pair(i, i)];
	}
	return sum / weight;
}

static double usual_correlation(const struct learned *learned, size_t count, const double *weights,
                                const struct learned_law *law)
{
	double sum = USUAL_CORRELATION_WEIGHT * USUAL_CORRELATION, weight = USUAL_CORRELATION_WEIGHT;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			double share = weights[i] * weights[j];
			sum += share * learned->products[learned_pair(i, j)] / (law->spread[i] * law->spread[j]);
			weight += share * learned->pairs[learned_pair(i, j)];
		}
	return fmin(fmax(sum / weight, CORRELATION_MIN), CORRELATION_MAX);
}

static void predict_covariance(const struct learned *learned, size_t i, size_t j, double usual, struct learned_law *law)
{
	size_t pair = learned_pair(i, j);
	double most = law->spread[i] * law->spread[j];
	double covariance = (learned->products[pair] + PAIR_CORRELATION_WEIGHT * usual * most) /
	                    (learned->pairs[pair] + PAIR_CORRELATION_WEIGHT);
	covariance = fmin(fmax(covariance, CORRELATION_MIN * most), CORRELATION_MAX * most);
	law->variance[i][j] = law->variance[j][i] = covariance;
}

/* How much wider the law is because its mean is known from few jobs only. */
static double doubt(const struct learned_stage *stage, double variance)
{
	return stage->weight > 0 ? 1 + 1 / (stage->weight + variance / NOMINAL_VARIANCE) : 1;
}

/* Returns the variance of a job's mean residual: what a worker's effect must be told from. */
static double predict_spreads(const struct learned *learned, const struct plan *plan, struct learned_law *law)
{
	double weights[PLAN_STAGES_MAX];
	size_t count = plan->count;
	weigh_stages(learned, plan, weights);
	double variance = usual_variance(learned, count, weights);
	for (size_t i = 0; i < count; i++) {
		size_t self = learned_pair(i, i);
		law->variance[i][i] = (learned->products[self] + STAGE_VARIANCE_WEIGHT * variance) /
		                      (learned->pairs[self] + STAGE_VARIANCE_WEIGHT);
		law->variance[i][i] *= doubt(&learned->stages[i], law->variance[i][i]);
		law->variance[i][i] = fmin(law->variance[i][i], VARIANCE_MAX);
		law->spread[i] = sqrt(law->variance[i][i]);
	}
	double correlation = usual_correlation(learned, count, weights, law);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			predict_covariance(learned, i, j, correlation, law);
	return variance * (correlation + (1 - correlation) / (double)count);
}

/* ---- means */

/* The regression's value for a job of that size. */
static double regress(const struct learned_stage *stage, double nominal_s, double size, double variance)
{
	double nominal_weight = variance / NOMINAL_VARIANCE, slope_weight = variance / SLOPE_VARIANCE;
	double a11 = stage->weight + nominal_weight, a12 = stage->hint, a22 = stage->hint_square + slope_weight;
	double b1 = stage->log_time + nominal_weight * log(nominal_s);
	double b2 = stage->hint_log_time + slope_weight * USUAL_SLOPE;
	double determinant = a11 * a22 - a12 * a12;
	double base = (b1 * a22 - b2 * a12) / determinant;
	double slope = (b2 * a11 - b1 * a12) / determinant;
	return base + slope * size;
}

static void predict_labels(const struct learned *learned, const struct learned_origin *origin, size_t count,
                           double job_variance, struct learned_law *law)
{
	const struct learned_worker *worker = find_worker(learned, origin->worker);
	const struct learned_class *class = find_class(learned, origin->class);
	law->worker = worker != NULL ? worker->sum / (worker->weight + job_variance / WORKER_VARIANCE) : 0;
	for (size_t i = 0; i < count; i++)
		law->class[i] = class != NULL ? class->sums[i] / (class->weights[i] + law->variance[i][i] / CLASS_VARIANCE) : 0;
}

void learned_predict(const struct learned *learned, const struct plan *plan, const struct learned_origin *origin,
                     struct learned_law *ret_law)
{
	assert(learned == NULL || learned_fits(learned, plan));
	if (learned == NULL)
		learned = &nothing;
	double job_variance = predict_spreads(learned, plan, ret_law);
	predict_labels(learned, origin, plan->count, job_variance, ret_law);
	double size = learned_size(learned, origin);
	for (size_t i = 0; i < plan->count; i++) {
		double mean = regress(&learned->stages[i], plan->stages[i].nominal_s, size, ret_law->variance[i][i]) +
		              ret_law->worker + ret_law->class[i];
		ret_law->mean[i] = fmin(fmax(mean, -LOG_TIME_MAX), LOG_TIME_MAX);
	}
}

/* ---- the rest */

void learned_reports(const struct learned *learned, size_t stage, struct learned_reports *ret_reports)
{
	const struct learned_stage *seen = learned != NULL ? &learned->stages[stage] : &nothing.stages[stage];
	for (size_t i = 0; i < LEARNED_MARKS; i++) {
		double work = (double)(i + 1) / (LEARNED_MARKS + 1);
		ret_reports->marks[i] =
		    (seen->marks[i] + USUAL_MARKS_WEIGHT * work) / (seen->marks_weight + USUAL_MARKS_WEIGHT);
	}
	ret_reports->scatter =
	    (seen->scatter + USUAL_SCATTER_WEIGHT * USUAL_SCATTER) / (seen->scatter_weight + USUAL_SCATTER_WEIGHT);
	ret_reports->gap = seen->gap_weight > 0 ? seen->gap / seen->gap_weight : 0;
}

double learned_share(const struct learned *learned, size_t stage)
{
	if (learned == NULL)
		return 1;
	const struct learned_stage *seen = &learned->stages[stage];
	return fmax(SHARE_MIN, (seen->jobs_stayed + 1) / (seen->jobs_passed + 1));
}

void learned_summarize(const struct learned *learned, const struct plan *plan, size_t stage,
                       struct learned_summary *ret_summary)
{
	struct learned_law law;
	static const struct learned_origin anybody;
	assert(stage < plan->count);
	learned_predict(learned, plan, &anybody, &law);
	*ret_summary = (struct learned_summary){
	    .typical_s = exp(law.mean[stage]),
	    .low_s = exp(law.mean[stage] - DECILE_Z * law.spread[stage]),
	    .high_s = exp(law.mean[stage] + DECILE_Z * law.spread[stage]),
	    .share = learned_share(learned, stage),
	    .jobs = learned != NULL ? learned->stages[stage].weight : 0,
	};
}
