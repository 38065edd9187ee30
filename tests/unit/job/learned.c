/* What a pipeline's jobs teach. */
#include "job/learned.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "support/random.h"

static const struct learned_origin anybody;

static struct plan two_stages(void)
{
	return (struct plan){.count = 2,
	                     .stages = {{.number = 1, .start_percent = 0, .end_percent = 40, .nominal_s = 10},
	                                {.number = 2, .start_percent = 40, .end_percent = 100, .nominal_s = 60}}};
}

/* A job that was in both stages for so long. */
static struct learned_job job_of(double first_s, double second_s)
{
	struct learned_job job = {.is_completed = true};
	for (int i = 0; i < 2; i++)
		job.stays[i] = (struct learned_stay){
		    .is_finished = true, .is_passed = true, .was_there = true, .log_s = log(i == 0 ? first_s : second_s)};
	return job;
}

static struct learned_law law_of(const struct learned *learned, const struct plan *plan,
                                 const struct learned_origin *origin)
{
	struct learned_law law;
	learned_predict(learned, plan, origin, &law);
	return law;
}

Test(learned_predict, believes_the_nominal_seconds_of_what_was_never_seen)
{
	struct plan plan = two_stages();
	struct learned learned;
	learned_init(&learned, &plan);
	for (int i = 0; i < 2; i++) {
		struct learned_law law = law_of(i == 0 ? NULL : &learned, &plan, &anybody);
		cr_assert_float_eq(law.mean[0], log(10), 1e-12);
		cr_assert_float_eq(law.mean[1], log(60), 1e-12);
		cr_assert_float_eq(law.spread[0], 0.6, 1e-12);
		cr_assert_float_eq(law.variance[0][1], 0.4 * 0.36, 1e-12);
	}
}

Test(learned_add, learns_times_and_that_they_hardly_vary)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct learned_job job = job_of(100, 30);
	learned_init(&learned, &plan);
	for (int i = 0; i < 60; i++)
		learned_add(&learned, &plan, &job);
	struct learned_law law = law_of(&learned, &plan, &anybody);
	cr_assert_float_eq(exp(law.mean[0]), 100, 5);
	cr_assert_float_eq(exp(law.mean[1]), 30, 1);
	cr_assert_lt(law.spread[0], 0.45);
	cr_assert_eq(learned.jobs, 60);
}

Test(learned_add, moves_no_mean_far_for_one_outlier)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct learned_job usual = job_of(10, 60), outlier = job_of(10, 6e7);
	learned_init(&learned, &plan);
	for (int i = 0; i < 20; i++)
		learned_add(&learned, &plan, &usual);
	double spread = law_of(&learned, &plan, &anybody).spread[1];
	learned_add(&learned, &plan, &outlier);
	struct learned_law law = law_of(&learned, &plan, &anybody);
	cr_assert_lt(exp(law.mean[1]), 66);
	cr_assert_gt(law.spread[1], spread);
}

Test(learned_predict, stays_within_reason_whatever_was_told)
{
	struct plan plan = two_stages();
	struct learned learned;
	learned_init(&learned, &plan);
	for (int i = 0; i < 200; i++) {
		struct learned_job job = job_of(i % 2 == 0 ? 1e15 : 1e-3, i % 3 == 0 ? 1e15 : 1e-3);
		job.origin = (struct learned_origin){.has_hint = true, .log_hint = i % 2 == 0 ? 700 : -700};
		learned_add(&learned, &plan, &job);
		struct learned_law law = law_of(&learned, &plan, &job.origin);
		for (int j = 0; j < 2; j++)
			cr_assert(fabs(law.mean[j]) <= 40 && law.spread[j] > 0 && law.spread[j] <= 3);
	}
}

Test(learned_add, learns_how_times_grow_with_the_size)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct random random;
	random_start(&random, "sizes");
	learned_init(&learned, &plan);
	for (int i = 0; i < 200; i++) {
		double size = 4 * random_unit(&random) - 2 + log(500);
		struct learned_job job = job_of(10, 60 * exp(size - log(500)));
		job.origin = (struct learned_origin){.has_hint = true, .log_hint = size};
		learned_add(&learned, &plan, &job);
	}
	struct learned_origin large = {.has_hint = true, .log_hint = log(500) + 1.5};
	struct learned_law law = law_of(&learned, &plan, &large);
	cr_assert_float_eq(exp(law.mean[0]), 10, 1);
	cr_assert_float_eq(law.mean[1], log(60) + 1.5, 0.15);
}

Test(learned_add, tells_workers_apart_and_classes_by_stage)
{
	struct plan plan = two_stages();
	struct learned learned;
	uint64_t slow = learned_key("slow"), quick = learned_key("quick"), heavy = learned_key("heavy");
	learned_init(&learned, &plan);
	for (int i = 0; i < 150; i++) {
		double factor = i % 2 == 0 ? 1.5 : 1 / 1.5, heavier = i % 3 == 0 ? 2 : 1;
		struct learned_job job = job_of(10 * factor, 60 * factor * heavier);
		job.origin.worker = i % 2 == 0 ? slow : quick;
		job.origin.class = i % 3 == 0 ? heavy : 0;
		learned_add(&learned, &plan, &job);
	}
	struct learned_law law = law_of(&learned, &plan, &(struct learned_origin){.worker = slow});
	struct learned_law other = law_of(&learned, &plan, &(struct learned_origin){.worker = quick});
	struct learned_law heavier = law_of(&learned, &plan, &(struct learned_origin){.worker = quick, .class = heavy});
	cr_assert_float_eq(law.mean[0] - other.mean[0], 2 * log(1.5), 0.2);
	cr_assert_gt(heavier.mean[1] - other.mean[1], 0.4);
	cr_assert_lt(heavier.mean[0] - other.mean[0], 0.3);
}

Test(learned_add, forgets_the_worker_that_was_not_seen_for_the_longest_time)
{
	struct plan plan = two_stages();
	struct learned learned;
	learned_init(&learned, &plan);
	for (int i = 0; i <= LEARNED_WORKERS_MAX; i++) {
		struct learned_job job = job_of(30, 180);
		char name[16];
		snprintf(name, sizeof name, "w%d", i);
		job.origin.worker = learned_key(name);
		learned_add(&learned, &plan, &job);
	}
	cr_assert_eq(law_of(&learned, &plan, &(struct learned_origin){.worker = learned_key("w0")}).worker, 0);
	cr_assert_neq(law_of(&learned, &plan, &(struct learned_origin){.worker = learned_key("w1")}).worker, 0);
}

Test(learned_add, learns_from_a_job_that_failed_only_the_stages_it_had_finished)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct learned_job job = job_of(30, 600);
	job.is_completed = false;
	job.stays[1] = (struct learned_stay){0};
	learned_init(&learned, &plan);
	double before = law_of(&learned, &plan, &anybody).mean[1];
	learned_add(&learned, &plan, &job);
	struct learned_law law = law_of(&learned, &plan, &anybody);
	cr_assert_gt(law.mean[0], log(10) + 0.2);
	cr_assert_eq(law.mean[1], before);
	cr_assert_eq(learned.jobs, 0);
}

Test(learned_share, falls_with_each_job_that_leaves_the_stage_out)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct learned_job job = job_of(10, 60);
	learned_init(&learned, &plan);
	learned_add(&learned, &plan, &job);
	cr_assert_eq(learned_share(&learned, 1), 1);
	job.stays[1] = (struct learned_stay){.is_passed = true};
	for (double before = 1; learned_share(&learned, 1) > 0.1; before = learned_share(&learned, 1)) {
		learned_add(&learned, &plan, &job);
		cr_assert_lt(learned_share(&learned, 1), before);
	}
	cr_assert_eq(learned_share(NULL, 1), 1);
}

Test(learned_reports, learns_when_the_tenths_of_the_work_are_done)
{
	struct plan plan = two_stages();
	struct learned learned;
	struct learned_reports reports;
	struct learned_job job = job_of(10, 60);
	job.stays[1].has_reports = true;
	job.stays[1].gap = 0.2;
	for (int i = 0; i < LEARNED_MARKS; i++)
		job.stays[1].marks[i] = pow((i + 1) / 10.0, 2);
	learned_init(&learned, &plan);
	learned_reports(&learned, 1, &reports);
	cr_assert_float_eq(reports.marks[4], 0.5, 1e-12);
	cr_assert_float_eq(reports.scatter, 0.04, 1e-12);
	cr_assert_eq(reports.gap, 0);
	for (int i = 0; i < 60; i++)
		learned_add(&learned, &plan, &job);
	learned_reports(&learned, 1, &reports);
	cr_assert_float_eq(reports.marks[4], 0.25, 0.03);
	cr_assert_lt(reports.scatter, 0.04);
	cr_assert_float_eq(reports.gap, 0.2, 1e-9);
}

Test(learned_fit, keeps_what_was_learned_of_the_stages_that_stay)
{
	struct plan plan = two_stages(), longer = two_stages();
	struct learned learned;
	struct learned_job job = job_of(100, 30);
	job.origin.class = learned_key("c");
	learned_init(&learned, &plan);
	for (int i = 0; i < 20; i++)
		learned_add(&learned, &plan, &job);
	struct learned_law before = law_of(&learned, &plan, &job.origin);
	longer.count = 3;
	longer.stages[2] = longer.stages[1];
	longer.stages[1] = (struct plan_stage){.number = 7, .start_percent = 40, .end_percent = 40, .nominal_s = 1};
	learned_fit(&learned, &longer);
	struct learned_law after = law_of(&learned, &longer, &job.origin);
	cr_assert_float_eq(after.mean[0], before.mean[0], 1e-6);
	cr_assert_float_eq(after.mean[2], before.mean[1], 1e-6);
	cr_assert_float_eq(after.mean[1], 0, 1e-6);
	cr_assert_eq(learned.jobs, 20);
}

/* A state with everything in it. */
static void fill(struct learned *learned, const struct plan *plan, struct random *random)
{
	learned_init(learned, plan);
	for (int i = 0; i < 200; i++) {
		struct learned_job job = job_of(1 + 100 * random_unit(random), 1 + 100 * random_unit(random));
		char name[16];
		snprintf(name, sizeof name, "n%d", (int)random_below(random, 90));
		job.origin = (struct learned_origin){
		    .has_hint = true, .log_hint = random_unit(random), .worker = learned_key(name), .class = learned_key(name)};
		job.stays[0].has_reports = true;
		for (int j = 0; j < LEARNED_MARKS; j++)
			job.stays[0].marks[j] = (j + random_unit(random) + 0.01) / 10;
		learned_add(learned, plan, &job);
	}
}

Test(learned_open, reads_what_was_sealed_to_the_bit)
{
	static uint8_t bytes[LEARNED_BYTES_MAX], again[LEARNED_BYTES_MAX];
	struct plan plan = two_stages();
	static struct learned learned, opened;
	struct fault fault;
	struct random random;
	random_start(&random, "seal");
	fill(&learned, &plan, &random);
	size_t length = learned_seal(&learned, bytes);
	cr_assert_leq(length, sizeof bytes);
	cr_assert_eq(learned_open(bytes, length, &opened, &fault), ERR_OK);
	cr_assert_eq(learned_seal(&opened, again), length);
	cr_assert_arr_eq(bytes, again, length);
	for (int i = 0; i < 90; i++) {
		char name[16];
		snprintf(name, sizeof name, "n%d", i);
		struct learned_origin origin = {.worker = learned_key(name), .class = learned_key(name)};
		cr_assert_eq(law_of(&learned, &plan, &origin).mean[1], law_of(&opened, &plan, &origin).mean[1]);
	}
}

Test(learned_open, refuses_what_is_cut_or_changed_beyond_sense)
{
	static uint8_t bytes[LEARNED_BYTES_MAX];
	struct plan plan = two_stages();
	static struct learned learned, opened;
	struct fault fault;
	struct random random;
	random_start(&random, "damage");
	fill(&learned, &plan, &random);
	size_t length = learned_seal(&learned, bytes);
	for (size_t i = 0; i < length; i++)
		cr_assert_eq(learned_open(bytes, i, &opened, &fault), ERR_INVALID_ARGUMENT);
	for (int i = 0; i < 2000; i++) {
		size_t place = random_below(&random, length);
		uint8_t before = bytes[place];
		bytes[place] = (uint8_t)random_below(&random, 256);
		if (learned_open(bytes, length, &opened, &fault) != ERR_OK)
			cr_assert_str_eq(fault.reason, "BAD_LEARNED");
		bytes[place] = before;
	}
}

Test(learned_summarize, says_what_is_typical)
{
	struct plan plan = two_stages();
	struct learned_summary summary;
	learned_summarize(NULL, &plan, 1, &summary);
	cr_assert_float_eq(summary.typical_s, 60, 1e-9);
	cr_assert(summary.low_s < 60 && summary.high_s > 60);
	cr_assert(summary.share == 1 && summary.jobs == 0);
}
