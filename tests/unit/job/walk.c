/* How updates are made up: most of them near the job's present place, so that walks get far before they end. */
#include "walk.h"

#include <criterion/criterion.h>
#include <stddef.h>

#include "steps.h"

static const char *const messages[] = {NULL, "", "one", "two", "three", "caf\xc3\xa9"};
static const char *const writers[WALK_WRITERS] = {"w0", "w1", "w2"};
static const char *const requests[WALK_REQUESTS] = {"r0", "r1", "r2", "r3", "r4",  "r5",
                                                    "r6", "r7", "r8", "r9", "r10", "w0"};
static char key_a[] = "a", key_b[] = "b", key_c[] = "c", value_1[] = "1", value_2[] = "2";
static const struct job_entry entries[] = {
    {key_c, value_1}, {key_a, value_1}, {key_b, value_2}, {key_a, value_2}, {key_c, value_2}, {key_b, value_1},
};

enum { MESSAGES = sizeof messages / sizeof *messages, ENTRIES = sizeof entries / sizeof *entries };

static bool one_in(struct walk *walk, uint64_t bound)
{
	return random_below(walk->random, bound) == 0;
}

static const struct stage *choose_stage(struct walk *walk, const struct job *job)
{
	size_t count = stages_count();
	const struct stage *present = job != NULL ? stages_find(job->view.stage) : stages_all();
	size_t index = (size_t)(present - stages_all());
	if (one_in(walk, 20))
		return &stages_all()[random_below(walk->random, count)];
	if (job_state_is_final(present->ends_as))
		return stages_find(STAGE_POSTING_TIKTOK);
	if (one_in(walk, 5) && index + 1 < count && stages_all()[index + 1].flow == present->flow)
		return present + 1;
	return present;
}

static void choose_place(struct walk *walk, struct job_update *update)
{
	static const double corners[] = {0, 1, 0.28, 0.5};
	switch (random_below(walk->random, walk->is_modest ? 5 : 6)) {
	case 0:
		update->claim = JOB_CLAIM_STAGE;
		break;
	case 1:
		update->claim = JOB_CLAIM_FRACTION;
		update->fraction = corners[random_below(walk->random, sizeof corners / sizeof *corners)];
		break;
	case 2:
		update->claim = JOB_CLAIM_FRACTION;
		update->fraction = random_unit(walk->random);
		break;
	case 3:
		update->claim = JOB_CLAIM_FRACTION;
		update->total = (double)(1 + random_below(walk->random, 50));
		update->done = (double)random_below(walk->random, (uint64_t)update->total + 1);
		update->fraction = update->done / update->total;
		break;
	case 4:
		update->claim = update->stage->ends_as == JOB_STATE_UNSPECIFIED ? JOB_CLAIM_SIMULATED : JOB_CLAIM_STAGE;
		update->expected_ms = (int64_t)random_below(walk->random, 3) * (int64_t)random_below(walk->random, 100000);
		break;
	default:
		update->claim = JOB_CLAIM_PERCENT;
		update->percent = (double)random_below(walk->random, 101);
	}
}

static void choose_origin(struct walk *walk, struct job_update *update)
{
	if (one_in(walk, 4))
		return;
	if (one_in(walk, 4)) {
		update->origin.request_id = requests[random_below(walk->random, WALK_REQUESTS)];
		return;
	}
	size_t writer = random_below(walk->random, WALK_WRITERS);
	uint64_t *sequence = &walk->sequences[writer];
	update->origin.writer = writers[writer];
	if (one_in(walk, 6)) {
		update->origin.sequence = 1 + random_below(walk->random, *sequence + 1);
		return;
	}
	*sequence += one_in(walk, 10) ? 1 + random_below(walk->random, 100) : 1;
	update->origin.sequence = *sequence;
}

const struct job_update *walk_choose(struct walk *walk, const struct job *job)
{
	if (walk->sent_count > 0 && one_in(walk, 8))
		return &walk->sent[random_below(walk->random, walk->sent_count)];
	cr_assert_lt(walk->sent_count, sizeof walk->sent / sizeof *walk->sent);
	struct job_update *update = &walk->sent[walk->sent_count++];
	*update = (struct job_update){.stage = choose_stage(walk, job)};
	choose_place(walk, update);
	choose_origin(walk, update);
	update->message = messages[random_below(walk->random, MESSAGES)];
	update->attempt = one_in(walk, 12) ? (uint32_t)random_below(walk->random, 4) : 0;
	if (one_in(walk, 4)) {
		update->metadata_count = 1 + random_below(walk->random, 3);
		update->metadata = &entries[random_below(walk->random, ENTRIES - update->metadata_count + 1)];
	}
	return update;
}

struct job *walk_start(struct walk *walk, struct random *random, bool is_modest)
{
	*walk = (struct walk){.random = random, .now_ms = 1000000, .is_modest = is_modest};
	struct job_creation creation = {.job_id = "j"};
	const struct job_update *first = one_in(walk, 2) ? NULL : walk_choose(walk, NULL);
	struct job *job;
	struct fault fault;
	cr_assert_eq(job_create(&creation, first, walk->now_ms, &job, &fault), ERR_OK, "%s", fault.text);
	pace_on(job, first, walk->now_ms);
	return job;
}

struct walk_step walk_apply(const struct walk *walk, struct job *job, const struct job_update *update)
{
	struct walk_step step = {.update = update, .before = job->view};
	struct fault fault;
	pace_arrive(job, (double)walk->now_ms / 1000);
	step.err = job_apply(job, update, walk->now_ms, &step.result, &fault);
	if (step.err == ERR_OK && step.result.outcome == JOB_OUTCOME_APPLIED)
		pace_on(job, update, walk->now_ms);
	return step;
}

struct walk_step walk_on(struct walk *walk, struct job *job)
{
	walk->now_ms += (int64_t)random_below(walk->random, 500) - 50;
	return walk_apply(walk, job, walk_choose(walk, job));
}
