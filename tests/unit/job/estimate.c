/* Single events of a run and what is shown then. */
#include "job/estimate.h"

#include <criterion/criterion.h>
#include <math.h>

static struct plan plan;
static struct learned learned;
static struct estimate estimate;
static const struct learned_origin anybody;

/* Three stages of 100, 200 and 100 seconds, known from twenty jobs. */
static void start(void)
{
	static const double seconds[] = {100, 200, 100};
	struct learned_job job = {.is_completed = true};
	plan = (struct plan){.count = 3};
	for (int i = 0; i < 3; i++) {
		plan.stages[i] = (struct plan_stage){
		    .number = i + 1, .start_percent = 25 * i, .end_percent = i == 2 ? 100 : 25 * (i + 1), .nominal_s = 50};
		job.stays[i] =
		    (struct learned_stay){.is_finished = true, .is_passed = true, .was_there = true, .log_s = log(seconds[i])};
	}
	learned_init(&learned, &plan);
	for (int i = 0; i < 20; i++)
		learned_add(&learned, &plan, &job);
	estimate_begin(&estimate, &plan, &learned, &anybody, 0, 1000);
}

static struct estimate_view look(double now)
{
	struct estimate_view view;
	estimate_look(&estimate, &plan, now, &view);
	return view;
}

Test(estimate_look, shows_a_usual_run_near_the_truth, .init = start)
{
	for (int t = 0; t < 400; t += 10) {
		double now = 1000 + t;
		if (t == 100 || t == 300)
			estimate_enter(&estimate, &plan, &learned, t == 100 ? 1 : 2, now);
		struct estimate_view view = look(now);
		cr_assert_float_eq(view.time_fraction, t / 400.0, 0.1, "%g at %d", view.time_fraction, t);
		cr_assert(view.has_eta && view.has_history && view.source == ESTIMATE_SOURCE_SIMULATED);
		cr_assert(view.eta_low_s < 400 - t && view.eta_high_s > 400 - t, "at %d", t);
	}
	estimate_finish(&estimate, ESTIMATE_COMPLETED, 1400);
	struct estimate_view view = look(1400);
	cr_assert(view.time_fraction == 1 && view.percent == 100 && !view.has_eta);
	cr_assert_eq(view.source, ESTIMATE_SOURCE_MEASURED);
}

Test(estimate_look, does_not_know_whether_a_stage_will_be_left_out, .init = start)
{
	struct learned_job with = {.is_completed = true}, without;
	for (int i = 0; i < 3; i++)
		with.stays[i] =
		    (struct learned_stay){.is_finished = true, .is_passed = true, .was_there = true, .log_s = log(100)};
	without = with;
	without.stays[1] = (struct learned_stay){.is_passed = true};
	learned_init(&learned, &plan);
	for (int i = 0; i < 60; i++)
		learned_add(&learned, &plan, i % 2 == 0 ? &with : &without);
	estimate_begin(&estimate, &plan, &learned, &anybody, 0, 1000);
	struct estimate_view view = look(1000);
	cr_assert(view.eta_s > 200 && view.eta_s < 300, "%g", view.eta_s);
	cr_assert(view.eta_low_s < 200 && view.eta_high_s > 300, "%g to %g", view.eta_low_s, view.eta_high_s);
}

Test(estimate_look, says_no_eta_without_history, .init = start)
{
	estimate_begin(&estimate, &plan, NULL, &anybody, 0, 1000);
	struct estimate_view view = look(1010);
	cr_assert(!view.has_eta && !view.has_history);
	cr_assert_gt(view.time_fraction, 0);
}

Test(estimate_look, stands_still_and_says_lost_after_three_heartbeats_are_missing, .init = start)
{
	for (int t = 0; t <= 60; t += 15)
		estimate_beat(&estimate, 1000 + t);
	cr_assert_eq(look(1060 + 41.9).flag, ESTIMATE_FLAG_NONE);
	struct estimate_view view = look(1060 + 42);
	cr_assert_eq(view.flag, ESTIMATE_FLAG_LOST);
	cr_assert(!view.has_eta && view.speed == 0);
	cr_assert_eq(look(5000).time_fraction, view.time_fraction);
	cr_assert_eq(look(5000).percent, view.percent);
	cr_assert(isinf(estimate_next_change(&estimate, &plan, 2000, 0.5)));
}

Test(estimate_look, goes_on_when_a_lost_worker_is_heard_again, .init = start)
{
	estimate_beat(&estimate, 1010);
	double held = look(1200).time_fraction;
	estimate_beat(&estimate, 1200);
	struct estimate_view view = look(1220);
	cr_assert_eq(view.flag, ESTIMATE_FLAG_NONE);
	cr_assert(view.has_eta && view.time_fraction > held);
}

Test(estimate_look, is_never_lost_while_nobody_promised_signs, .init = start)
{
	cr_assert_eq(look(1099).flag, ESTIMATE_FLAG_NONE);
	cr_assert_eq(look(1e9).flag, ESTIMATE_FLAG_OVERDUE);
	cr_assert_gt(look(1e9).speed, 0);
}

Test(estimate_look, says_lost_when_a_promise_is_broken, .init = start)
{
	estimate_promise(&estimate, 30, 1000);
	cr_assert_eq(look(1029).flag, ESTIMATE_FLAG_NONE);
	cr_assert_eq(look(1030).flag, ESTIMATE_FLAG_LOST);
}

Test(estimate_look, says_silent_when_the_reports_stop, .init = start)
{
	for (int i = 1; i <= 5; i++)
		estimate_report(&estimate, 0.05 * i, 1000 + 5 * i);
	cr_assert_eq(look(1030).flag, ESTIMATE_FLAG_NONE);
	cr_assert_eq(look(1025 + 31).flag, ESTIMATE_FLAG_SILENT);
	estimate_report(&estimate, 0.9, 1060);
	cr_assert_eq(look(1060).flag, ESTIMATE_FLAG_NONE);
}

Test(estimate_report, moves_the_end_to_where_the_reports_point, .init = start)
{
	double before = look(1050).eta_s;
	for (int i = 1; i <= 10; i++)
		estimate_report(&estimate, 0.02 * i, 1000 + 20 * i); /* a pace of 1,000 seconds for the stage */
	struct estimate_view view = look(1200);
	cr_assert_gt(view.eta_s, 1.3 * before, "%g, before %g", view.eta_s, before);
	cr_assert_neq(view.source, ESTIMATE_SOURCE_SIMULATED);
}

Test(estimate_report, is_no_simulation_even_at_the_moment_the_stage_begins, .init = start)
{
	double begun = estimate.entered_at;
	cr_assert_eq(look(begun).source, ESTIMATE_SOURCE_SIMULATED);
	estimate_report(&estimate, 0.5, begun);
	cr_assert_eq(look(begun).source, ESTIMATE_SOURCE_ESTIMATED);
}

Test(estimate_report, absorbs_what_is_late_or_repeated, .init = start)
{
	estimate_report(&estimate, 0.5, 1050);
	struct estimate before = estimate;
	estimate_report(&estimate, 0.5, 1051);
	estimate_report(&estimate, 0.3, 1052);
	cr_assert_eq(estimate.reports, before.reports);
	cr_assert_eq(estimate.reported_at, 1050);
	estimate_enter(&estimate, &plan, &learned, 1, 1060);
	estimate_enter(&estimate, &plan, &learned, 0, 1061);
	cr_assert_eq(estimate.stage, 1);
}

Test(estimate_enter, passes_stages_that_were_left_out_without_learning_from_them, .init = start)
{
	struct learned_job lesson;
	estimate_enter(&estimate, &plan, &learned, 2, 1080);
	cr_assert_geq(look(1080).percent, 50);
	estimate_finish(&estimate, ESTIMATE_COMPLETED, 1200);
	estimate_lesson(&estimate, &lesson);
	cr_assert(lesson.stays[0].is_finished && lesson.stays[0].was_there);
	cr_assert_float_eq(lesson.stays[0].log_s, log(80), 1e-6);
	cr_assert(lesson.stays[1].is_passed && !lesson.stays[1].was_there && !lesson.stays[1].is_finished);
	cr_assert_float_eq(lesson.stays[2].log_s, log(120), 1e-6);
}

Test(estimate_finish, keeps_what_a_failed_run_had_reached, .init = start)
{
	struct learned_job lesson;
	estimate_enter(&estimate, &plan, &learned, 1, 1100);
	struct estimate_view before = look(1150);
	estimate_finish(&estimate, ESTIMATE_FAILED, 1150);
	struct estimate_view view = look(9000);
	cr_assert_eq(view.time_fraction, before.time_fraction);
	cr_assert_eq(view.percent, before.percent);
	cr_assert(!view.has_eta && view.flag == ESTIMATE_FLAG_NONE);
	estimate_lesson(&estimate, &lesson);
	cr_assert(!lesson.is_completed && lesson.stays[0].is_finished && !lesson.stays[1].is_passed);
}

Test(estimate_lesson, leaves_out_a_stage_in_which_the_worker_hung, .init = start)
{
	struct learned_job lesson;
	estimate_beat(&estimate, 1010);
	estimate_beat(&estimate, 1500);
	estimate_enter(&estimate, &plan, &learned, 1, 1510);
	estimate_finish(&estimate, ESTIMATE_FAILED, 1520);
	estimate_lesson(&estimate, &lesson);
	cr_assert(lesson.stays[0].was_there && !lesson.stays[0].is_finished);
}

Test(estimate_lesson, tells_when_the_tenths_of_the_work_were_done, .init = start)
{
	struct learned_job lesson;
	for (int i = 1; i <= 4; i++)
		estimate_report(&estimate, 0.2 * i, 1000 + 10 * i);
	estimate_enter(&estimate, &plan, &learned, 1, 1100);
	estimate_finish(&estimate, ESTIMATE_COMPLETED, 1200);
	estimate_lesson(&estimate, &lesson);
	cr_assert(lesson.stays[0].has_reports && !lesson.stays[1].has_reports);
	cr_assert_float_eq(lesson.stays[0].marks[0], 0.05, 0.002);
	cr_assert_float_eq(lesson.stays[0].marks[7], 0.4, 0.01);
	cr_assert_float_eq(lesson.stays[0].marks[8], 0.7, 0.01);
	cr_assert_float_eq(lesson.stays[0].gap, 0.6, 0.02);
}

Test(estimate_expect, is_believed_for_the_present_stage, .init = start)
{
	double before = look(1010).eta_s;
	estimate_expect(&estimate, 1000, 1010);
	for (int t = 11; t < 60; t++)
		estimate_advance(&estimate, 1000 + t);
	cr_assert_gt(look(1060).eta_s, before + 500);
}

Test(plan_of_flow, has_the_stages_that_go_on_and_none_that_end)
{
	struct plan of_table;
	plan_of_flow(&of_table, STAGE_FLOW_MAIN);
	cr_assert_eq(of_table.count, 9);
	cr_assert_eq(of_table.stages[0].number, STAGE_QUEUED);
	cr_assert_eq(of_table.stages[0].nominal_s, PLAN_NOMINAL_UNKNOWN_S);
	cr_assert_eq(of_table.stages[8].end_percent, 100);
	cr_assert_eq(plan_find(&of_table, STAGE_TRANSCRIBING), 5);
	cr_assert_eq(plan_find(&of_table, STAGE_COMPLETED), of_table.count);
}
