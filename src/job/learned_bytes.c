/* What is learned of a pipeline as bytes: only the stages there are, and only the labels in use, in single precision.
 */
#include "job/bytes.h"
#include "job/learned.h"

enum { VERSION = 1 };

static uint8_t *put_stage(uint8_t *out, const struct learned_stage *stage)
{
	const double numbers[] = {stage->weight,        stage->hint,           stage->hint_square, stage->log_time,
	                          stage->hint_log_time, stage->jobs_passed,    stage->jobs_stayed, stage->marks_weight,
	                          stage->scatter,       stage->scatter_weight, stage->gap,         stage->gap_weight};
	out = bytes_put_u32(out, (uint32_t)stage->number);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		out = bytes_put_double(out, numbers[i]);
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		out = bytes_put_double(out, stage->marks[i]);
	return out;
}

static void get_stage(struct bytes_in *in, struct learned_stage *stage)
{
	double *const numbers[] = {&stage->weight,        &stage->hint,           &stage->hint_square, &stage->log_time,
	                           &stage->hint_log_time, &stage->jobs_passed,    &stage->jobs_stayed, &stage->marks_weight,
	                           &stage->scatter,       &stage->scatter_weight, &stage->gap,         &stage->gap_weight};
	stage->number = (int)bytes_get_u32(in);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = bytes_get_double(in);
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		stage->marks[i] = bytes_get_double(in);
}

static uint8_t *put_workers(uint8_t *out, const struct learned *learned)
{
	uint8_t *count = out++;
	*count = 0;
	for (size_t i = 0; i < LEARNED_WORKERS_MAX; i++) {
		const struct learned_worker *worker = &learned->workers[i];
		if (worker->key == 0)
			continue;
		(*count)++;
		out = bytes_put_u64(out, worker->key);
		out = bytes_put_u64(out, worker->used);
		out = bytes_put_float(out, worker->sum);
		out = bytes_put_float(out, worker->weight);
	}
	return out;
}

static void get_workers(struct bytes_in *in, struct learned *learned)
{
	size_t count = bytes_get_u8(in);
	in->is_bad = in->is_bad || count > LEARNED_WORKERS_MAX;
	for (size_t i = 0; i < count && !in->is_bad; i++) {
		struct learned_worker *worker = &learned->workers[i];
		worker->key = bytes_get_u64(in);
		worker->used = bytes_get_u64(in);
		worker->sum = bytes_get_float(in);
		worker->weight = bytes_get_float(in);
	}
}

static uint8_t *put_classes(uint8_t *out, const struct learned *learned)
{
	uint8_t *count = out++;
	*count = 0;
	for (size_t i = 0; i < LEARNED_CLASSES_MAX; i++) {
		const struct learned_class *class = &learned->classes[i];
		if (class->key == 0)
			continue;
		(*count)++;
		out = bytes_put_u64(out, class->key);
		out = bytes_put_u64(out, class->used);
		for (size_t j = 0; j < learned->stage_count; j++) {
			out = bytes_put_float(out, class->sums[j]);
			out = bytes_put_float(out, class->weights[j]);
		}
	}
	return out;
}

static void get_classes(struct bytes_in *in, struct learned *learned)
{
	size_t count = bytes_get_u8(in);
	in->is_bad = in->is_bad || count > LEARNED_CLASSES_MAX;
	for (size_t i = 0; i < count && !in->is_bad; i++) {
		struct learned_class *class = &learned->classes[i];
		class->key = bytes_get_u64(in);
		class->used = bytes_get_u64(in);
		for (size_t j = 0; j < learned->stage_count; j++) {
			class->sums[j] = bytes_get_float(in);
			class->weights[j] = bytes_get_float(in);
		}
	}
}

size_t learned_seal(const struct learned *learned, uint8_t *bytes)
{
	uint8_t *out = bytes_put_u8(bytes, VERSION);
	out = bytes_put_u8(out, (unsigned)learned->stage_count);
	out = bytes_put_u64(out, learned->jobs);
	out = bytes_put_u64(out, learned->clock);
	out = bytes_put_double(out, learned->hint_sum);
	out = bytes_put_double(out, learned->hint_weight);
	for (size_t i = 0; i < learned->stage_count; i++)
		out = put_stage(out, &learned->stages[i]);
	for (size_t i = 0; i < learned_pair(0, learned->stage_count); i++) {
		out = bytes_put_double(out, learned->products[i]);
		out = bytes_put_double(out, learned->pairs[i]);
	}
	out = put_workers(out, learned);
	out = put_classes(out, learned);
	return (size_t)(out - bytes);
}

static bool is_sound(const struct learned *learned)
{
	bool is_sound = learned->hint_weight >= 0;
	for (size_t i = 0; i < learned->stage_count; i++) {
		const struct learned_stage *stage = &learned->stages[i];
		is_sound = is_sound && stage->weight >= 0 && stage->hint_square >= 0 && stage->jobs_passed >= 0 &&
		           stage->jobs_stayed >= 0 && stage->marks_weight >= 0 && stage->scatter >= 0 &&
		           stage->scatter_weight >= 0 && stage->gap >= 0 && stage->gap_weight >= 0;
		for (size_t j = 0; j < LEARNED_MARKS; j++)
			is_sound = is_sound && stage->marks[j] >= 0;
	}
	for (size_t i = 0; i < LEARNED_PAIRS; i++)
		is_sound = is_sound && learned->pairs[i] >= 0;
	return is_sound;
}

enum err learned_open(const uint8_t *bytes, size_t length, struct learned *ret_learned, struct fault *fault)
{
	struct bytes_in in = {.at = bytes, .end = bytes + length};
	struct learned learned = {0};
	unsigned version = bytes_get_u8(&in);
	learned.stage_count = bytes_get_u8(&in);
	if (in.is_bad || version != VERSION || learned.stage_count < 1 || learned.stage_count > PLAN_STAGES_MAX)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LEARNED", "what was learned is damaged, or of version %u",
		                 version);
	learned.jobs = bytes_get_u64(&in);
	learned.clock = bytes_get_u64(&in);
	learned.hint_sum = bytes_get_double(&in);
	learned.hint_weight = bytes_get_double(&in);
	for (size_t i = 0; i < learned.stage_count; i++)
		get_stage(&in, &learned.stages[i]);
	for (size_t i = 0; i < learned_pair(0, learned.stage_count); i++) {
		learned.products[i] = bytes_get_double(&in);
		learned.pairs[i] = bytes_get_double(&in);
	}
	get_workers(&in, &learned);
	get_classes(&in, &learned);
	if (in.is_bad || in.at != in.end || !is_sound(&learned))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LEARNED", "what was learned is damaged");
	*ret_learned = learned;
	return ERR_OK;
}
