/*
 * What the model of progress costs, in microseconds, as one JSON object: a step of the lattice, a look at a job whose
 * display is at hand or at one that comes from the store, the events, and learning from a job.
 *
 *     bench_model
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "job/estimate.h"

enum { RUNS = 2000, LOOKS = 200000 };

static struct plan plan;
static struct learned learned;
static const struct learned_origin origin = {.has_hint = true, .log_hint = 3, .worker = 5, .class = 7};

static double now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* others may share the machine */
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void set_up(size_t stages)
{
	struct learned_job job = {.is_completed = true, .origin = origin};
	plan = (struct plan){.count = stages};
	for (size_t i = 0; i < stages; i++) {
		plan.stages[i] = (struct plan_stage){.number = (int)i + 1,
		                                     .start_percent = 100.0 * (double)i / (double)stages,
		                                     .end_percent = 100.0 * (double)(i + 1) / (double)stages,
		                                     .nominal_s = 200};
		job.stays[i] = (struct learned_stay){
		    .is_finished = true, .is_passed = true, .was_there = true, .log_s = log(150 + 10 * (double)i)};
	}
	learned_init(&learned, &plan);
	for (int i = 0; i < 20; i++)
		learned_add(&learned, &plan, &job);
}

/* One step: runs whose first stage lasts for twice the expected total. */
static double time_step(void)
{
	double steps = 0, start = now_us();
	for (int i = 0; i < RUNS / 10; i++) {
		struct estimate estimate;
		estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
		for (double end = 400.0 * (double)plan.count; estimate.next_at < end; steps++)
			estimate_advance(&estimate, estimate.next_at);
	}
	return (now_us() - start) / steps;
}

static double time_enter(void)
{
	double start = now_us();
	for (int i = 0; i < RUNS; i++) {
		struct estimate estimate;
		estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
		for (size_t stage = 1; stage < plan.count; stage++)
			estimate_enter(&estimate, &plan, &learned, stage, 1e-3 * (double)stage);
	}
	return (now_us() - start) / (RUNS * (double)plan.count);
}

static double time_report(void)
{
	struct estimate estimate;
	estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
	double start = now_us();
	for (int i = 1; i < LOOKS; i++)
		estimate_report(&estimate, (double)i / LOOKS, 100.0 * i / LOOKS);
	return (now_us() - start) / LOOKS;
}

/* `from_store`: opened and carried there from the stage's entry each time. */
static double time_look(int looks, int from_store)
{
	uint8_t bytes[ESTIMATE_BYTES_MAX];
	struct estimate estimate;
	struct estimate_view view;
	struct fault fault;
	double half = 75.0 * (double)plan.count;
	estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
	size_t length = estimate_seal(&estimate, bytes);
	estimate_advance(&estimate, half);
	double start = now_us();
	for (int i = 0; i < looks; i++) {
		if (from_store && estimate_open(bytes, length, &estimate, &fault) != ERR_OK)
			return NAN;
		estimate_look(&estimate, &plan, half, &view);
	}
	return (now_us() - start) / looks;
}

static double time_learn(void)
{
	struct estimate estimate;
	struct learned_job lesson;
	estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
	for (size_t stage = 1; stage < plan.count; stage++)
		estimate_enter(&estimate, &plan, &learned, stage, 150 * (double)stage);
	estimate_finish(&estimate, ESTIMATE_COMPLETED, 150 * (double)plan.count);
	double start = now_us();
	for (int i = 0; i < RUNS; i++) {
		estimate_lesson(&estimate, &lesson);
		learned_add(&learned, &plan, &lesson);
	}
	return (now_us() - start) / RUNS;
}

int main(void)
{
	static const size_t counts[] = {5, 9, 16};
	printf("{\"estimate_bytes\": %zu, \"learned_bytes\": %zu", sizeof(struct estimate), sizeof(struct learned));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		uint8_t bytes[ESTIMATE_BYTES_MAX];
		struct estimate estimate;
		set_up(counts[i]);
		estimate_begin(&estimate, &plan, &learned, &origin, 0, 0);
		printf(", \"stages_%zu\": {\"sealed_bytes\": %zu, \"step_us\": %.3f, \"enter_us\": %.3f, \"report_us\": %.3f, "
		       "\"look_us\": %.3f, \"look_from_store_us\": %.1f, \"learn_us\": %.2f}",
		       counts[i], estimate_seal(&estimate, bytes), time_step(), time_enter(), time_report(),
		       time_look(LOOKS, 0), time_look(RUNS, 1), time_learn());
	}
	puts("}");
	return 0;
}
