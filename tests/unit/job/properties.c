/*
 * What must be true of every job whatever is sent to it, on many random walks. Each test is one property. A failure
 * can be had again with the TEST_SEED that the test prints.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "steps.h"
#include "walk.h"

typedef void check_step(const struct job *job, const struct walk_step *step);

static void check_walks(const char *name, bool is_modest, check_step *check)
{
	struct random random;
	random_start(&random, name);
	for (int i = 0; i < WALKS; i++) {
		struct walk walk;
		struct job *job = walk_start(&walk, &random, is_modest);
		for (int j = 0; j < WALK_STEPS; j++) {
			struct walk_step step = walk_on(&walk, job);
			check(job, &step);
		}
		job_destroy(job);
	}
}

static bool is_bad_end(enum job_state state)
{
	return state == JOB_STATE_FAILED || state == JOB_STATE_CANCELLED;
}

static bool is_same_bar(const struct job_view *a, const struct job_view *b)
{
	return a->attempt == b->attempt && a->run == b->run;
}

static void check_bounds(const struct job *job, const struct walk_step *step)
{
	(void)step;
	int percent = shown(job);
	cr_assert(percent >= 0 && percent <= 100);
	cr_assert(percent <= job->view.percent + 1e-9 && job->view.percent < percent + 1);
	cr_assert(job->view.reached_percent >= job->view.percent && job->view.reached_percent <= 100);
	cr_assert(job_is_sound(job));
}

Test(job_property, progress_is_within_0_and_100_and_every_job_is_sound)
{
	check_walks("bounds", false, check_bounds);
}

static void check_monotonic(const struct job *job, const struct walk_step *step)
{
	if (!is_same_bar(&job->view, &step->before))
		return;
	cr_assert_geq(job->view.reached_percent, step->before.reached_percent);
	if (is_bad_end(job->view.state))
		cr_assert_eq(shown(job), 0);
	else
		cr_assert_geq(job->view.percent, step->before.percent);
}

static void check_order(const struct job *job, const struct walk_step *step)
{
	const struct job_view *before = &step->before, *now = &job->view;
	cr_assert_geq(now->attempt, before->attempt);
	cr_assert(now->attempt > before->attempt || now->run >= before->run);
	if (now->stage == before->stage)
		return;
	cr_assert_eq(now->stage, step->update->stage->number, "only an update's own stage is entered");
	if (is_same_bar(now, before) && !is_bad_end(now->state))
		cr_assert(stages_is_before(stages_find(before->stage), stages_find(now->stage)));
	if (now->run > before->run)
		cr_assert(before->stage == STAGE_COMPLETED && stages_find(now->stage)->flow == STAGE_FLOW_POSTING);
}

static void check_attempts(const struct job *job, const struct walk_step *step)
{
	(void)job;
	bool is_known = step->err == ERR_OK || step->err == ERR_FAILED_PRECONDITION || step->err == ERR_ABORTED;
	cr_assert(is_known, "err %d", step->err);
	if (step->err == ERR_ABORTED)
		cr_assert(step->update->attempt != 0 && step->update->attempt < step->before.attempt);
	if (step->err == ERR_OK && step->result.outcome == JOB_OUTCOME_APPLIED)
		cr_assert(step->update->attempt == 0 || step->update->attempt == job->view.attempt);
}

static void check_direction(const struct job *job, const struct walk_step *step)
{
	check_monotonic(job, step);
	check_order(job, step);
	check_attempts(job, step);
}

Test(job_property, progress_stages_and_attempts_never_go_back)
{
	check_walks("direction", false, check_direction);
}

static void check_range(const struct job *job, const struct walk_step *step)
{
	(void)step;
	const struct stage *stage = stages_find(job->view.stage);
	cr_assert(job->view.percent >= stage->start_percent && job->view.percent <= stage->end_percent, "%s shows %.17g",
	          stage->status, job->view.percent);
}

Test(job_property, progress_lies_in_the_range_of_its_stage_unless_somebody_chose_a_percent)
{
	check_walks("range", true, check_range);
}

static void check_increment(const struct job *job, const struct walk_step *step)
{
	const struct stage *stage = stages_find(job->view.stage);
	if (step->err == ERR_OK && step->result.outcome == JOB_OUTCOME_APPLIED &&
	    step->update->claim == JOB_CLAIM_FRACTION && job->view.percent > step->before.percent) {
		cr_assert_geq(job->view.percent, stage->start_percent);
		cr_assert_leq(job->view.percent, stage->end_percent, "an increment does not leave its stage");
	}
}

Test(job_property, an_increment_stays_in_its_stage)
{
	check_walks("increment", false, check_increment);
}

static void check_same_view(const struct job_view *a, const struct job_view *b)
{
	cr_assert_eq(a->revision, b->revision);
	cr_assert_eq(a->stage, b->stage);
	cr_assert_eq(a->percent, b->percent);
	cr_assert_eq(a->reached_percent, b->reached_percent);
	cr_assert_eq(a->state, b->state);
	cr_assert_eq(a->attempt, b->attempt);
	cr_assert_eq(a->run, b->run);
	cr_assert_eq(a->updated_ms, b->updated_ms);
	cr_assert_eq(a->ended_ms, b->ended_ms);
	cr_assert_eq(a->done, b->done);
	cr_assert_eq(a->total, b->total);
	cr_assert_str_eq(a->message != NULL ? a->message : "", b->message != NULL ? b->message : "");
	cr_assert_str_eq(a->error != NULL ? a->error : "", b->error != NULL ? b->error : "");
}

static void check_revision(const struct job *job, const struct walk_step *step)
{
	bool is_applied = step->err == ERR_OK && step->result.outcome == JOB_OUTCOME_APPLIED;
	cr_assert_eq(job->view.revision, step->before.revision + is_applied);
	if (is_applied) {
		cr_assert_eq(step->result.view, &job->view);
		cr_assert_eq(step->result.previous_revision, step->before.revision);
		cr_assert_geq(job->view.updated_ms, step->before.updated_ms);
		return;
	}
	bool has_same_texts = job->view.message == step->before.message && job->view.error == step->before.error;
	cr_assert(has_same_texts, "what is not applied changes nothing shown");
	check_same_view(&job->view, &step->before);
	if (step->err == ERR_OK)
		cr_assert_eq(step->result.previous_revision, step->result.view->revision);
}

static void check_spans(const struct job *job, const struct walk_step *step)
{
	(void)step;
	int64_t total_ms = 0;
	for (size_t i = 0; i < job->span_count; i++)
		total_ms += job->spans[i].ended_ms - job->spans[i].started_ms;
	total_ms += job->view.updated_ms - job->view.stage_entered_ms;
	cr_assert_eq(total_ms, job->view.updated_ms - job->created_ms);
}

static void check_counts(const struct job *job, const struct walk_step *step)
{
	check_revision(job, step);
	check_spans(job, step);
}

Test(job_property, the_revision_counts_the_applied_updates_and_the_stays_add_up_to_the_time_of_the_job)
{
	check_walks("counts", false, check_counts);
}

/* Sends any updates to a job that has ended, all but those that start the posting flow. */
static void knock(struct walk *walk, struct job *job)
{
	struct job *before = job_copy(job);
	for (int i = 0; i < 10 && walk->sent_count < WALK_STEPS; i++) {
		const struct job_update *update = walk_choose(walk, job);
		if (update->stage->flow == STAGE_FLOW_POSTING)
			continue;
		struct walk_step step = walk_apply(walk, job, update);
		bool is_absorbed = step.err == ERR_OK && step.result.outcome != JOB_OUTCOME_APPLIED;
		cr_assert(is_absorbed || step.err == ERR_FAILED_PRECONDITION || step.err == ERR_ABORTED);
	}
	cr_assert(is_same(before, job), "a job that has ended was changed");
	job_destroy(before);
}

/* Unchanged to the last byte of its record, marks included: nothing that comes after the end is remembered. */
Test(job_property, the_end_is_final)
{
	struct random random;
	random_start(&random, "final");
	size_t ended = 0;
	for (int i = 0; i < WALKS; i++) {
		struct walk walk;
		struct job *job = walk_start(&walk, &random, false);
		for (int j = 0; j < 40 && !job_state_is_final(job->view.state); j++)
			walk_on(&walk, job);
		if (job_state_is_final(job->view.state)) {
			ended++;
			knock(&walk, job);
		}
		job_destroy(job);
	}
	cr_assert_gt(ended, WALKS / 4, "too few walks came to an end to mean anything");
}

Test(job_property, every_status_leads_to_its_stage_and_back)
{
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = stages_find_status(stages_all()[i].status);
		struct job *job = born_by(at_stage(stage->number));
		struct job *again = reload(job);
		cr_assert_str_eq(stages_find(again->view.stage)->status, stages_all()[i].status);
		job_destroy(job);
		job_destroy(again);
	}
}

/* What the latest update of one origin was answered, kept apart from the job. */
struct told {
	struct job_origin origin;
	struct job *answer; /* a copy of the job as it was answered; NULL: nothing yet */
};

static bool is_given(const char *string)
{
	return string != NULL && *string != '\0';
}

static struct told *find_told(struct told *told, const struct job_origin *origin)
{
	size_t i = 0;
	if (is_given(origin->request_id))
		for (; told[i].answer != NULL; i++) {
			if (is_given(told[i].origin.request_id) && strcmp(told[i].origin.request_id, origin->request_id) == 0)
				break;
		}
	else
		for (; told[i].answer != NULL; i++)
			if (is_given(told[i].origin.writer) && strcmp(told[i].origin.writer, origin->writer) == 0)
				break;
	return &told[i];
}

static void note(struct told *all, const struct job *job, const struct walk_step *step)
{
	const struct job_origin *origin = &step->update->origin;
	bool is_named = is_given(origin->writer) || is_given(origin->request_id);
	if (!is_named || step->err != ERR_OK || step->result.outcome == JOB_OUTCOME_DUPLICATE)
		return;
	struct told *told = find_told(all, origin);
	bool is_overtaken = told->answer != NULL && origin->sequence < told->origin.sequence;
	if (is_overtaken)
		return;
	cr_assert(told->answer == NULL || is_given(origin->writer), "a request_id is answered but once");
	job_destroy(told->answer);
	*told = (struct told){*origin, job_copy(job)};
}

static void repeat_all(const struct told *all, const struct walk *walk, struct job *job)
{
	struct job *before = job_copy(job);
	for (const struct told *told = all; told->answer != NULL; told++) {
		struct job_update update = {.stage = stages_all(), .origin = told->origin};
		struct walk_step step = walk_apply(walk, job, &update);
		cr_assert_eq(step.err, ERR_OK);
		cr_assert_eq(step.result.outcome, JOB_OUTCOME_DUPLICATE);
		check_same_view(step.result.view, &told->answer->view);
	}
	cr_assert(is_same(before, job), "a repeat changed the job");
	job_destroy(before);
}

Test(job_property, a_repeat_changes_nothing_and_gives_the_first_answer)
{
	struct random random;
	random_start(&random, "repeats");
	for (int i = 0; i < WALKS; i++) {
		struct walk walk;
		struct told told[WALK_WRITERS + WALK_REQUESTS + 1] = {0};
		struct job *job = walk_start(&walk, &random, false);
		if (walk.sent_count == 1) {
			struct walk_step birth = {.update = &walk.sent[0], .result = {.outcome = JOB_OUTCOME_APPLIED}};
			note(told, job, &birth);
		}
		size_t steps = 1 + random_below(&random, WALK_STEPS);
		for (size_t j = 0; j < steps; j++) {
			struct walk_step step = walk_on(&walk, job);
			note(told, job, &step);
		}
		repeat_all(told, &walk, job);
		for (struct told *each = told; each->answer != NULL; each++)
			job_destroy(each->answer);
		job_destroy(job);
	}
}

Test(job_property, a_job_that_was_stored_and_reloaded_is_the_same_and_behaves_the_same)
{
	struct random random;
	random_start(&random, "reload");
	for (int i = 0; i < WALKS; i++) {
		struct walk walk;
		struct job *job = walk_start(&walk, &random, false), *twin = reload(job);
		size_t reload_at = random_below(&random, WALK_STEPS);
		for (size_t j = 0; j < WALK_STEPS; j++) {
			struct walk_step step = walk_on(&walk, job), twin_step = walk_apply(&walk, twin, step.update);
			cr_assert_eq(step.err, twin_step.err);
			if (step.err == ERR_OK) {
				cr_assert_eq(step.result.outcome, twin_step.result.outcome);
				check_same_view(step.result.view, twin_step.result.view);
			}
			if (j != reload_at)
				continue;
			cr_assert(is_same(job, twin));
			job_destroy(twin);
			twin = reload(job);
		}
		cr_assert(is_same(job, twin));
		job_destroy(job);
		job_destroy(twin);
	}
}

Test(job_property, a_copy_is_the_same_and_behaves_the_same)
{
	struct random random;
	random_start(&random, "copies");
	for (int i = 0; i < WALKS / 4; i++) {
		struct walk walk;
		struct job *job = walk_start(&walk, &random, false);
		for (int j = 0; j < WALK_STEPS / 2; j++)
			walk_on(&walk, job);
		struct job *copy = job_copy(job);
		for (int j = 0; j < WALK_STEPS / 2; j++) {
			struct walk_step step = walk_on(&walk, job);
			cr_assert_eq(walk_apply(&walk, copy, step.update).err, step.err);
		}
		cr_assert(is_same(job, copy));
		job_destroy(job);
		job_destroy(copy);
	}
}
