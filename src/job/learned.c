/*
 * Learning from a job that has ended, and what follows for the next one. The constants are the strength of the priors
 * (one job at the nominal seconds, three of spread 0.6, four of correlation 0.4: these make the first jobs usable) and
 * how fast old jobs fade. A residual is taken against what was predicted before the job was learned from, and clipped,
 * so that one outlier moves no mean far and yet widens the spread.
 */
#include "job/learned.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define FADE        0.96 /* of one job, for times */
#define FADE_LABEL  0.97 /* of one job of that label */
#define FADE_REPORT 0.99 /* of one mark */
#define CLIP        3.0  /* spreads */

#define PRIOR_SLOPE              0.5
#define PRIOR_SLOPE_WEIGHT       2.0
#define PRIOR_VARIANCE           0.36
#define PRIOR_VARIANCE_WEIGHT    3.0
#define PRIOR_CORRELATION        0.4
#define PRIOR_CORRELATION_WEIGHT 4.0
#define PRIOR_SCATTER            0.09
#define PRIOR_SCATTER_WEIGHT     3.0
#define PRIOR_MARKS_WEIGHT       2.0
#define PRIOR_WORKER_WEIGHT      2.0
#define PRIOR_CLASS_WEIGHT       3.0

#define CORRELATION_MIN   -0.18
#define CORRELATION_MAX   0.9
#define SCATTER_SHARE_MAX 9.0
#define SHARE_MIN         0.02
#define DECILE_Z          1.2816

size_t learned_pair(size_t a, size_t b)
{
	size_t high = a > b ? a : b, low = a > b ? b : a;
	return high * (high + 1) / 2 + low;
}

/* FNV-1a: known answers in every language, for names that nobody chooses against us. */
uint64_t learned_key(const char *name)
{
	if (name == NULL || *name == '\0')
		return 0;
	uint64_t hash = 0xcbf29ce484222325;
	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return hash != 0 ? hash : 1;
}

void learned_init(struct learned *learned, const struct plan *plan)
{
	assert(plan->count >= 1 && plan->count <= PLAN_STAGES_MAX);
	memset(learned, 0, sizeof *learned);
	learned->stage_count = plan->count;
	for (size_t i = 0; i < plan->count; i++)
		learned->stages[i].number = plan->stages[i].number;
}

static bool fits(const struct learned *learned, const struct plan *plan)
{
	if (learned->stage_count != plan->count)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (learned->stages[i].number != plan->stages[i].number)
			return false;
	return true;
}

static void move_stage(struct learned *to, size_t new_place, const struct learned *from, size_t old_place)
{
	to->stages[new_place] = from->stages[old_place];
	for (size_t i = 0; i < LEARNED_CLASSES_MAX; i++) {
		to->classes[i].sums[new_place] = from->classes[i].sums[old_place];
		to->classes[i].weights[new_place] = from->classes[i].weights[old_place];
	}
}

void learned_fit(struct learned *learned, const struct plan *plan)
{
	if (fits(learned, plan))
		return;
	const struct learned old = *learned;
	size_t old_places[PLAN_STAGES_MAX];
	learned_init(learned, plan);
	learned->jobs = old.jobs;
	learned->clock = old.clock;
	learned->hint_sum = old.hint_sum;
	learned->hint_weight = old.hint_weight;
	memcpy(learned->workers, old.workers, sizeof old.workers);
	for (size_t i = 0; i < LEARNED_CLASSES_MAX; i++) {
		learned->classes[i].key = old.classes[i].key;
		learned->classes[i].used = old.classes[i].used;
	}
	for (size_t i = 0; i < plan->count; i++) {
		size_t place = 0;
		while (place < old.stage_count && old.stages[place].number != plan->stages[i].number)
			place++;
		old_places[i] = place;
		if (place == old.stage_count)
			continue;
		move_stage(learned, i, &old, place);
		for (size_t j = 0; j <= i; j++) {
			if (old_places[j] == old.stage_count)
				continue;
			learned->products[learned_pair(i, j)] = old.products[learned_pair(place, old_places[j])];
			learned->pairs[learned_pair(i, j)] = old.pairs[learned_pair(place, old_places[j])];
		}
	}
}

/* ---- predicting */

static double size_of(const struct learned *learned, const struct learned_origin *origin)
{
	if (!origin->has_hint || learned->hint_weight == 0)
		return 0;
	return origin->log_hint - learned->hint_sum / learned->hint_weight;
}

/* The regression's value for a job of size h. */
static double regress(const struct learned_stage *stage, double nominal_s, double size)
{
	double a11 = stage->weight + 1, a12 = stage->hint, a22 = stage->hint_square + PRIOR_SLOPE_WEIGHT;
	double b1 = stage->log_time + log(nominal_s);
	double b2 = stage->hint_log_time + PRIOR_SLOPE_WEIGHT * PRIOR_SLOPE;
	double determinant = a11 * a22 - a12 * a12;
	double base = (b1 * a22 - b2 * a12) / determinant;
	double slope = (b2 * a11 - b1 * a12) / determinant;
	return base + slope * size;
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

static double worker_effect(const struct learned *learned, uint64_t key)
{
	const struct learned_worker *worker = find_worker(learned, key);
	return worker != NULL ? worker->sum / (worker->weight + PRIOR_WORKER_WEIGHT) : 0;
}

static double class_effect(const struct learned *learned, uint64_t key, size_t stage)
{
	const struct learned_class *class = find_class(learned, key);
	return class != NULL ? class->sums[stage] / (class->weights[stage] + PRIOR_CLASS_WEIGHT) : 0;
}

static void predict_means(const struct learned *learned, const struct plan *plan, const struct learned_origin *origin,
                          struct learned_law *law)
{
	static const struct learned_stage unseen;
	for (size_t i = 0; i < plan->count; i++) {
		if (learned == NULL) {
			law->mean[i] = regress(&unseen, plan->stages[i].nominal_s, 0);
			continue;
		}
		law->mean[i] = regress(&learned->stages[i], plan->stages[i].nominal_s, size_of(learned, origin)) +
		               worker_effect(learned, origin->worker) + class_effect(learned, origin->class, i);
	}
}

static double seen_product(const struct learned *learned, size_t pair)
{
	return learned != NULL ? learned->products[pair] : 0;
}

static double seen_pairs(const struct learned *learned, size_t pair)
{
	return learned != NULL ? learned->pairs[pair] : 0;
}

static void predict_spreads(const struct learned *learned, size_t count, struct learned_law *law)
{
	for (size_t i = 0; i < count; i++) {
		size_t self = learned_pair(i, i);
		law->variance[i][i] = (seen_product(learned, self) + PRIOR_VARIANCE_WEIGHT * PRIOR_VARIANCE) /
		                      (seen_pairs(learned, self) + PRIOR_VARIANCE_WEIGHT);
		law->spread[i] = sqrt(law->variance[i][i]);
		for (size_t j = 0; j < i; j++) {
			size_t pair = learned_pair(i, j);
			double most = law->spread[i] * law->spread[j];
			double covariance = (seen_product(learned, pair) + PRIOR_CORRELATION_WEIGHT * PRIOR_CORRELATION * most) /
			                    (seen_pairs(learned, pair) + PRIOR_CORRELATION_WEIGHT);
			covariance = fmin(fmax(covariance, CORRELATION_MIN * most), CORRELATION_MAX * most);
			law->variance[i][j] = law->variance[j][i] = covariance;
		}
	}
}

void learned_predict(const struct learned *learned, const struct plan *plan, const struct learned_origin *origin,
                     struct learned_law *ret_law)
{
	assert(learned == NULL || fits(learned, plan));
	predict_means(learned, plan, origin, ret_law);
	predict_spreads(learned, plan->count, ret_law);
}

void learned_reports(const struct learned *learned, size_t stage, struct learned_reports *ret_reports)
{
	static const struct learned_stage unseen;
	const struct learned_stage *seen = learned != NULL ? &learned->stages[stage] : &unseen;
	for (size_t i = 0; i < LEARNED_MARKS; i++) {
		double work = (double)(i + 1) / (LEARNED_MARKS + 1);
		ret_reports->marks[i] =
		    (seen->marks[i] + PRIOR_MARKS_WEIGHT * work) / (seen->marks_weight + PRIOR_MARKS_WEIGHT);
	}
	ret_reports->scatter =
	    (seen->scatter + PRIOR_SCATTER_WEIGHT * PRIOR_SCATTER) / (seen->scatter_weight + PRIOR_SCATTER_WEIGHT);
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

/* ---- learning */

/* The size is measured from the mean of the hints, which moves: the sums move with it, so that the line stays. */
static void recenter(struct learned_stage *stage, double shift)
{
	stage->hint_square += shift * (shift * stage->weight - 2 * stage->hint);
	stage->hint -= shift * stage->weight;
	stage->hint_log_time -= shift * stage->log_time;
}

static void learn_hint(struct learned *learned, const struct learned_origin *origin)
{
	if (!origin->has_hint)
		return;
	double before = learned->hint_weight > 0 ? learned->hint_sum / learned->hint_weight : origin->log_hint;
	learned->hint_sum = FADE * learned->hint_sum + origin->log_hint;
	learned->hint_weight = FADE * learned->hint_weight + 1;
	double shift = learned->hint_sum / learned->hint_weight - before;
	for (size_t i = 0; i < learned->stage_count; i++)
		recenter(&learned->stages[i], shift);
}

static void learn_time(struct learned_stage *stage, double size, double log_time)
{
	stage->weight = FADE * stage->weight + 1;
	stage->hint = FADE * stage->hint + size;
	stage->hint_square = FADE * stage->hint_square + size * size;
	stage->log_time = FADE * stage->log_time + log_time;
	stage->hint_log_time = FADE * stage->hint_log_time + size * log_time;
}

static void learn_pairs(struct learned *learned, const struct learned_job *job, const double *residuals)
{
	for (size_t i = 0; i < learned->stage_count; i++)
		for (size_t j = 0; j <= i; j++) {
			if (!job->stays[i].is_finished || !job->stays[j].is_finished)
				continue;
			size_t pair = learned_pair(i, j);
			learned->products[pair] = FADE * learned->products[pair] + residuals[i] * residuals[j];
			learned->pairs[pair] = FADE * learned->pairs[pair] + 1;
		}
}

/* The slot of the key: its own, a free one, or the one not used for the longest time, made empty. */
static struct learned_worker *claim_worker(struct learned *learned, uint64_t key)
{
	struct learned_worker *oldest = &learned->workers[0];
	for (size_t i = 0; i < LEARNED_WORKERS_MAX; i++) {
		struct learned_worker *worker = &learned->workers[i];
		if (worker->key == key)
			return worker;
		if (worker->used < oldest->used)
			oldest = worker;
	}
	*oldest = (struct learned_worker){.key = key};
	return oldest;
}

static struct learned_class *claim_class(struct learned *learned, uint64_t key)
{
	struct learned_class *oldest = &learned->classes[0];
	for (size_t i = 0; i < LEARNED_CLASSES_MAX; i++) {
		struct learned_class *class = &learned->classes[i];
		if (class->key == key)
			return class;
		if (class->used < oldest->used)
			oldest = class;
	}
	*oldest = (struct learned_class){.key = key};
	return oldest;
}

static void learn_worker(struct learned *learned, const struct learned_job *job, const double *residuals)
{
	double sum = 0;
	int count = 0;
	for (size_t i = 0; i < learned->stage_count; i++)
		if (job->stays[i].is_finished) {
			sum += residuals[i];
			count++;
		}
	if (job->origin.worker == 0 || count == 0)
		return;
	struct learned_worker *worker = claim_worker(learned, job->origin.worker);
	double effect = worker->sum / (worker->weight + PRIOR_WORKER_WEIGHT);
	worker->sum = (float)(FADE_LABEL * worker->sum + sum / count + effect);
	worker->weight = (float)(FADE_LABEL * worker->weight + 1);
	worker->used = learned->clock;
}

static void learn_class(struct learned *learned, const struct learned_job *job, const double *residuals)
{
	if (job->origin.class == 0)
		return;
	struct learned_class *class = claim_class(learned, job->origin.class);
	for (size_t i = 0; i < learned->stage_count; i++) {
		if (!job->stays[i].is_finished)
			continue;
		double effect = class->sums[i] / (class->weights[i] + PRIOR_CLASS_WEIGHT);
		class->sums[i] = (float)(FADE_LABEL * class->sums[i] + residuals[i] + effect);
		class->weights[i] = (float)(FADE_LABEL * class->weights[i] + 1);
	}
	class->used = learned->clock;
}

static void learn_reports(struct learned_stage *stage, const struct learned_reports *before,
                          const struct learned_stay *stay)
{
	if (!stay->is_finished || !stay->has_reports)
		return;
	for (size_t i = 0; i < LEARNED_MARKS; i++) {
		double work = (double)(i + 1) / (LEARNED_MARKS + 1);
		double miss = log(stay->marks[i] / before->marks[i]);
		double expected = (1 - work) * (1 - work) / work;
		stage->marks[i] = FADE * stage->marks[i] + stay->marks[i];
		stage->scatter = FADE_REPORT * stage->scatter + fmin(SCATTER_SHARE_MAX, miss * miss / expected);
		stage->scatter_weight = FADE_REPORT * stage->scatter_weight + 1;
	}
	stage->marks_weight = FADE * stage->marks_weight + 1;
	stage->gap = FADE * stage->gap + stay->gap;
	stage->gap_weight = FADE * stage->gap_weight + 1;
}

static void learn_stay(struct learned_stage *stage, const struct learned_stay *stay)
{
	if (!stay->is_passed)
		return;
	stage->jobs_passed = FADE * stage->jobs_passed + 1;
	stage->jobs_stayed = FADE * stage->jobs_stayed + (stay->was_there ? 1 : 0);
}

void learned_add(struct learned *learned, const struct plan *plan, const struct learned_job *job)
{
	struct learned_law law;
	double residuals[PLAN_STAGES_MAX] = {0};
	double size = size_of(learned, &job->origin);
	learned_predict(learned, plan, &job->origin, &law);
	learned->clock++;
	for (size_t i = 0; i < plan->count; i++) {
		const struct learned_stay *stay = &job->stays[i];
		struct learned_reports reports;
		learned_reports(learned, i, &reports);
		learn_reports(&learned->stages[i], &reports, stay);
		learn_stay(&learned->stages[i], stay);
		if (!stay->is_finished)
			continue;
		double clip = CLIP * law.spread[i];
		residuals[i] = fmin(fmax(stay->log_s - law.mean[i], -clip), clip);
		double labels = worker_effect(learned, job->origin.worker) + class_effect(learned, job->origin.class, i);
		learn_time(&learned->stages[i], size, law.mean[i] + residuals[i] - labels);
	}
	learn_pairs(learned, job, residuals);
	learn_worker(learned, job, residuals);
	learn_class(learned, job, residuals);
	learn_hint(learned, &job->origin);
	learned->jobs += job->is_completed;
}
