/*
 * Learning from a job that has ended. A residual is taken against what was predicted before the job was learned from,
 * and clipped, so that one outlier moves no mean far and yet widens the spread.
 */
#include "job/learned.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "job/learned_parts.h"

#define FADE              0.96 /* of one job, for times */
#define FADE_LABEL        0.97 /* of one job of that label */
#define FADE_REPORT       0.99 /* of one mark */
#define CLIP              3.0  /* spreads */
#define SCATTER_SHARE_MAX 9.0

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

bool learned_fits(const struct learned *learned, const struct plan *plan)
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
	if (learned_fits(learned, plan))
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

static void learn_worker(struct learned *learned, const struct learned_job *job, const struct learned_law *law,
                         const double *residuals)
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
	worker->sum = (float)(FADE_LABEL * worker->sum + sum / count + law->worker);
	worker->weight = (float)(FADE_LABEL * worker->weight + 1);
	worker->used = learned->clock;
}

static void learn_class(struct learned *learned, const struct learned_job *job, const struct learned_law *law,
                        const double *residuals)
{
	if (job->origin.class == 0)
		return;
	struct learned_class *class = claim_class(learned, job->origin.class);
	for (size_t i = 0; i < learned->stage_count; i++) {
		if (!job->stays[i].is_finished)
			continue;
		class->sums[i] = (float)(FADE_LABEL * class->sums[i] + residuals[i] + law->class[i]);
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
	double size = learned_size(learned, &job->origin);
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
		learn_time(&learned->stages[i], size, law.mean[i] + residuals[i] - law.worker - law.class[i]);
	}
	learn_pairs(learned, job, residuals);
	learn_worker(learned, job, &law, residuals);
	learn_class(learned, job, &law, residuals);
	learn_hint(learned, &job->origin);
	learned->jobs += job->is_completed;
}
