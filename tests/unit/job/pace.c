/* What is shown of a bar that moves by itself: the same to everybody, never back, never too far. */
#include "job/pace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"

enum { LIVES = 400, EVENTS = 60 };

static struct job_update simulated(int stage, double expected_s)
{
	struct job_update update = at_stage(stage);
	update.claim = JOB_CLAIM_SIMULATED;
	update.expected_ms = (int64_t)(expected_s * 1000);
	return update;
}

static struct pace_look look_at(const struct job *job, double now)
{
	struct pace_look look;
	pace_look(job, &job->view, now, &look);
	return look;
}

static void expect_same_look(const struct job *a, const struct job *b, double now)
{
	struct pace_look one = look_at(a, now), other = look_at(b, now);
	cr_assert_eq(one.percent, other.percent, "%.17g and %.17g percent", one.percent, other.percent);
	cr_assert_eq(one.reached_percent, other.reached_percent);
	cr_assert_eq(one.time_fraction, other.time_fraction, "%.17g and %.17g of the time", one.time_fraction,
	             other.time_fraction);
	cr_assert_eq(one.has_eta, other.has_eta);
	cr_assert_eq(one.eta_s, other.eta_s);
	cr_assert_eq(one.eta_low_s, other.eta_low_s);
	cr_assert_eq(one.eta_high_s, other.eta_high_s);
	cr_assert_eq(one.flag, other.flag);
	cr_assert_eq(one.source, other.source);
	cr_assert_eq(one.has_history, other.has_history);
	cr_assert_eq(one.is_moving, other.is_moving);
	cr_assert_eq(one.curve.mean, other.curve.mean);
	cr_assert_eq(one.curve.spread, other.curve.spread);
}

/* ---- the property: any life, any observers */

struct life {
	struct random *random;
	struct learned learned;
	struct job *job;    /* as the service has it at hand */
	struct job *stored; /* as anybody reads it: changed by what is written only */
	double now;
	double percent; /* as shown last in this attempt and run … */
	double time_fraction;
	uint32_t attempt, run;
	bool has_bad_end;
};

static void keep(struct life *life)
{
	job_destroy(life->stored);
	life->stored = reload(life->job);
}

static void check(struct life *life)
{
	const struct job *job = life->job;
	struct pace_look look = look_at(job, life->now);
	const struct stage *stage = stages_find(job->view.stage);
	bool is_final = job_state_is_final(job->view.state);
	expect_same_look(job, life->stored, life->now);
	if (life->attempt != job->view.attempt || life->run != job->view.run) {
		life->percent = life->time_fraction = 0;
		life->attempt = job->view.attempt;
		life->run = job->view.run;
	}
	bool is_bad_end = is_final && job->view.state != JOB_STATE_SUCCEEDED;
	cr_assert(is_bad_end || look.percent >= life->percent, "%.17g %% after %.17g", look.percent, life->percent);
	cr_assert_geq(look.reached_percent, life->percent);
	cr_assert_geq(look.time_fraction, life->time_fraction);
	cr_assert(is_final || look.time_fraction < 1);
	if (job->view.is_simulated && look.percent > job->view.percent)
		cr_assert_lt(look.percent, stage->end_percent);
	cr_assert(!look.has_eta || (look.eta_s > 0 && look.eta_low_s <= look.eta_s && look.eta_s <= look.eta_high_s));
	cr_assert(!look.has_eta || (look.has_history && !is_final && job->view.state == JOB_STATE_ACTIVE));
	cr_assert(!(job->view.state == JOB_STATE_STALLED && look.flag != ESTIMATE_FLAG_LOST));
	if (!is_bad_end)
		life->percent = look.percent;
	life->time_fraction = look.time_fraction;
}

static struct job_update choose(struct life *life)
{
	const struct stage *present = stages_find(life->job->view.stage);
	uint64_t dice = random_below(life->random, 20);
	const struct stage *stage = dice < 4 && present + 1 < stages_all() + stages_count() ? present + 1 : present;
	struct job_update update = at_stage(stage->number);
	bool is_end = stage->ends_as != JOB_STATE_UNSPECIFIED;
	update.claim = (enum job_claim)random_below(life->random, is_end ? 2 : 4);
	update.fraction = random_unit(life->random);
	update.percent = floor(random_unit(life->random) * 101);
	update.expected_ms = (int64_t)random_below(life->random, 3) * (int64_t)random_below(life->random, 300000);
	update.attempt = random_below(life->random, 40) == 0 ? life->job->view.attempt + 1 : 0;
	return update;
}

static void act(struct life *life)
{
	struct pace_lesson lesson;
	struct job_result result = {0};
	struct fault fault;
	int64_t now_ms = (int64_t)(life->now * 1000);
	struct job_update update = choose(life);
	uint64_t revision = life->job->view.revision;
	bool is_update = false;
	pace_arrive(life->job, life->now);
	switch (random_below(life->random, 8)) {
	case 0: /* heartbeats are not written */
		pace_beat(life->job, life->now);
		(void)!job_sign(life->job, 0, 0, now_ms, &result, &fault);
		break;
	case 1:
		(void)!job_stall(life->job, now_ms, &result, &fault);
		break;
	case 2: /* a restart: only what was written is left */
		job_destroy(life->job);
		life->job = job_copy(life->stored);
		return;
	default:
		is_update = true;
		(void)!job_apply(life->job, &update, now_ms, &result, &fault);
	}
	if (life->job->view.revision == revision)
		return;
	if (pace_follow(life->job, is_update ? &update : NULL, &life->learned, life->now, &lesson) &&
	    lesson.flow == STAGE_FLOW_MAIN)
		learned_add(&life->learned, pace_plan(STAGE_FLOW_MAIN), &lesson.job);
	cr_assert(job_is_sound(life->job));
	keep(life);
}

static void live(struct life *life)
{
	struct job_creation creation = {.job_id = "j", .size_hint = random_unit(life->random), .worker = "w"};
	struct pace_lesson lesson;
	struct fault fault;
	double scale_s = exp(random_unit(life->random) * 8 - 3);
	life->percent = life->time_fraction = 0;
	life->attempt = life->run = 1;
	cr_assert_eq(job_create(&creation, NULL, (int64_t)(life->now * 1000), &life->job, &fault), ERR_OK);
	pace_follow(life->job, NULL, &life->learned, life->now, &lesson);
	keep(life);
	for (int i = 0; i < EVENTS; i++) {
		for (uint64_t looks = random_below(life->random, 4); looks > 0; looks--) {
			life->now += random_unit(life->random) * scale_s;
			check(life);
		}
		act(life);
		check(life);
	}
	job_destroy(life->job);
}

Test(pace_look, never_goes_back_and_is_the_same_for_all_observers_through_any_life_and_restarts)
{
	struct random random;
	random_start(&random, "pace");
	struct life *life = calloc(1, sizeof *life);
	life->random = &random;
	life->now = 1e6;
	learned_init(&life->learned, pace_plan(STAGE_FLOW_MAIN));
	for (int i = 0; i < LIVES; i++)
		live(life);
	job_destroy(life->stored);
	free(life);
}

Test(pace_look, does_not_depend_on_how_often_anybody_looks)
{
	struct job *idle = born_by(simulated(STAGE_TRANSCRIBING, 0)), *busy = job_copy(idle);
	double now = BIRTH_MS / 1000.0;
	for (int i = 0; i < 5000; i++) {
		now += 0.37;
		pace_arrive(busy, now);
		look_at(busy, now);
		if (i % 500 == 0)
			expect_same_look(idle, busy, now);
	}
	expect_same_look(idle, busy, now);
	job_destroy(idle);
	job_destroy(busy);
}

/* ---- one thing at a time */

static const double birth = BIRTH_MS / 1000.0;

Test(pace_look, moves_in_a_simulated_stage_and_never_reaches_its_end)
{
	struct job *job = born_by(simulated(STAGE_TRANSCRIBING, 0));
	double before = look_at(job, birth).percent;
	cr_assert_eq(before, 25);
	for (double age = 10; age < 1e8; age *= 1.5) {
		struct pace_look look = look_at(job, birth + age);
		cr_assert(look.percent > before || look.percent > 49.9, "%.17g", look.percent);
		cr_assert_lt(look.percent, 50);
		cr_assert_eq(look.source, ESTIMATE_SOURCE_SIMULATED);
		before = look.percent;
	}
	cr_assert_gt(before, 49);
	cr_assert_eq(job->view.percent, 25, "what was reported is left alone");
	job_destroy(job);
}

Test(pace_look, leaves_a_bar_alone_that_nobody_wants_simulated)
{
	struct job *job = born_by(at_stage(STAGE_TRANSCRIBING));
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.5));
	struct pace_look look = look_at(job, birth + 1000);
	cr_assert_eq(look.percent, 37.5);
	cr_assert_eq(look.source, ESTIMATE_SOURCE_MEASURED);
	cr_assert_gt(look.time_fraction, look_at(job, birth + 1).time_fraction, "its time goes on");
	cr_assert_not(look.has_eta, "nothing is learned yet");
	job_destroy(job);
}

Test(pace_look, follows_the_duration_that_is_given)
{
	struct job *quick = born_by(simulated(STAGE_TRANSCRIBING, 20)),
	           *slow = born_by(simulated(STAGE_TRANSCRIBING, 2000));
	cr_assert_gt(look_at(quick, birth + 20).percent, 35);
	cr_assert_lt(look_at(slow, birth + 20).percent, 27);
	job_destroy(quick);
	job_destroy(slow);
}

/* An update at a later time, as the corridor carries it out. */
static void apply_at(struct job *job, struct job_update update, double now)
{
	struct job_result result;
	struct fault fault = {0};
	pace_arrive(job, now);
	cr_assert_eq(job_apply(job, &update, (int64_t)(now * 1000), &result, &fault), ERR_OK, "%s", fault.text);
	cr_assert_eq(result.outcome, JOB_OUTCOME_APPLIED);
	pace_on(job, &update, (int64_t)(now * 1000));
}

Test(pace_look, shows_the_further_of_report_and_simulation)
{
	struct job *job = born_by(simulated(STAGE_TRANSCRIBING, 1000));
	step_applied(job, at_fraction(STAGE_TRANSCRIBING, 0.6));
	cr_assert_geq(look_at(job, birth + 1).percent, 40);
	cr_assert_eq(job->view.percent, 40);
	double before = look_at(job, birth + 900).percent;
	cr_assert_gt(before, 40);
	apply_at(job, at_fraction(STAGE_TRANSCRIBING, 0.61), birth + 900);
	cr_assert_geq(look_at(job, birth + 900).percent, before, "a report behind the shown place moves nothing back");
	job_destroy(job);
}

Test(pace_follow, keeps_what_a_simulated_bar_had_reached_when_the_job_fails)
{
	struct job *job = born_by(simulated(STAGE_TRANSCRIBING, 100));
	double reached = look_at(job, birth + 100).percent, time_fraction = look_at(job, birth + 100).time_fraction;
	apply_at(job, at_stage(STAGE_FAILED), birth + 100);
	struct pace_look look = look_at(job, birth + 5000);
	cr_assert_eq(look.percent, 0);
	cr_assert_eq(look.reached_percent, reached);
	cr_assert_eq(look.time_fraction, time_fraction, "it freezes");
	job_destroy(job);
}

Test(pace_follow, ends_the_simulation_with_its_stage)
{
	struct job *job = born_by(simulated(STAGE_TRANSCRIBING, 100));
	double before = look_at(job, birth + 500).percent;
	struct job_update odd = at_percent(STAGE_ANALYZING, 26);
	apply_at(job, odd, birth + 500);
	cr_assert_geq(look_at(job, birth + 500).percent, before, "a percentage behind the shown one");
	cr_assert_not(job->view.is_simulated);
	double present = look_at(job, birth + 500).percent;
	cr_assert_eq(look_at(job, birth + 900).percent, present);
	job_destroy(job);
}

Test(pace_follow, holds_the_bar_of_a_stalled_job_and_lets_it_go_on)
{
	struct job_update update = simulated(STAGE_TRANSCRIBING, 100);
	struct job_result result;
	struct fault fault;
	update.lease_ms = 1000;
	struct job *job = born_by(update);
	pace_arrive(job, birth + 10);
	cr_assert_eq(job_stall(job, BIRTH_MS + 10000, &result, &fault), ERR_OK);
	pace_on(job, NULL, BIRTH_MS + 10000);
	struct pace_look held = look_at(job, birth + 10), later = look_at(job, birth + 9000);
	cr_assert_eq(held.flag, ESTIMATE_FLAG_LOST);
	cr_assert_eq(later.flag, ESTIMATE_FLAG_LOST);
	cr_assert_not(later.is_moving);
	cr_assert_float_eq(later.percent, held.percent, 1e-3);
	pace_arrive(job, birth + 9000);
	cr_assert_eq(job_sign(job, 0, 0, BIRTH_MS + 9000000, &result, &fault), ERR_OK);
	pace_on(job, NULL, BIRTH_MS + 9000000);
	cr_assert_eq(look_at(job, birth + 9000).flag == ESTIMATE_FLAG_LOST, false);
	cr_assert_geq(look_at(job, birth + 9000).percent, later.percent);
	cr_assert_gt(look_at(job, birth + 9600).percent, later.percent);
	job_destroy(job);
}

Test(pace_patience, is_nearly_three_periods_once_there_were_heartbeats)
{
	struct job *job = born();
	cr_assert_eq(pace_patience(job), 0);
	pace_beat(job, birth + 1);
	cr_assert_float_eq(pace_patience(job), 42, 1e-9);
	for (int i = 2; i < 200; i++)
		pace_beat(job, birth + i * 30.0);
	cr_assert_float_eq(pace_patience(job), 84, 1);
	job_destroy(job);
}

Test(pace_look, knows_when_a_job_will_end_once_others_have)
{
	struct learned learned;
	struct pace_lesson lesson;
	learned_init(&learned, pace_plan(STAGE_FLOW_MAIN));
	for (int i = 0; i < 5; i++) {
		struct job *job = born();
		apply_at(job, at_stage(STAGE_TRANSCRIBING), birth + 10);
		apply_at(job, at_stage(STAGE_ANALYZING), birth + 110);
		struct job_result result;
		struct fault fault;
		struct job_update end = at_stage(STAGE_COMPLETED);
		cr_assert_eq(job_apply(job, &end, BIRTH_MS + 210000, &result, &fault), ERR_OK);
		cr_assert(pace_follow(job, &end, NULL, birth + 210, &lesson));
		learned_add(&learned, pace_plan(STAGE_FLOW_MAIN), &lesson.job);
		cr_assert_eq(look_at(job, birth + 999).time_fraction, 1);
		job_destroy(job);
	}
	struct job_update first = at_stage(STAGE_TRANSCRIBING);
	struct job_creation creation = {.job_id = "j"};
	struct job *job;
	struct fault fault;
	cr_assert_eq(job_create(&creation, &first, BIRTH_MS, &job, &fault), ERR_OK);
	pace_follow(job, &first, &learned, birth, &lesson);
	struct pace_look look = look_at(job, birth + 10);
	cr_assert(look.has_eta && look.has_history);
	cr_assert(look.eta_s > 100 && look.eta_s < 260, "%g s", look.eta_s);
	cr_assert(look.eta_low_s < look.eta_s && look.eta_s < look.eta_high_s);
	job_destroy(job);
}

Test(pace_open, guesses_for_a_record_without_an_estimate_and_always_the_same)
{
	struct job *job = born_by(at_stage(STAGE_DOWNLOADING));
	apply_at(job, at_stage(STAGE_ANALYZING), birth + 100);
	job->pace.has_estimate = false; /* as if it had been written before there were any */
	struct job *one = reload(job), *other = reload(job);
	cr_assert(one->pace.has_estimate);
	expect_same_look(one, other, birth + 300);
	cr_assert_gt(look_at(one, birth + 300).time_fraction, 0);
	apply_at(one, at_stage(STAGE_PROCESSING), birth + 400);
	cr_assert(job_is_sound(one));
	job_destroy(job);
	job_destroy(one);
	job_destroy(other);
}

Test(pace_seal, leaves_the_record_of_an_ended_job_as_it_was_whatever_comes_late)
{
	struct job *job = born_by(simulated(STAGE_TRANSCRIBING, 100));
	apply_at(job, at_stage(STAGE_COMPLETED), birth + 50);
	struct job *before = job_copy(job);
	struct job_update late[] = {at_stage(STAGE_TRANSCRIBING), at_fraction(STAGE_TRANSCRIBING, 0.9),
	                            simulated(STAGE_TRANSCRIBING, 3), at_stage(STAGE_COMPLETED)};
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		struct job_result result;
		struct fault fault;
		pace_arrive(job, birth + 60);
		(void)!job_apply(job, &late[i], BIRTH_MS + 60000, &result, &fault);
		pace_beat(job, birth + 61);
	}
	cr_assert(is_same(job, before));
	job_destroy(job);
	job_destroy(before);
}
