/*
 * What a reader is shown of a simulated job, through random lives: reports that are late, repeated or out of order,
 * stages, silences, restarts and crashes in the same boot of the machine or another one, and wall clocks that are set
 * by a year. A failure can be had again with the TEST_SEED that the test prints.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "life.h"
#include "support/random.h"

enum { LIVES = 60, STEPS = 80, MINUTE_MS = 60000 };

#define YEAR_MS INT64_C(31536000000)

struct shown {
	struct stand *stand;
	struct random *random;
	double fraction; /* as shown last */
	double time_fraction;
	double reported; /* the furthest report of the present stage, on the whole bar */
	const struct stage *stage;
};

static const Progress__V1__ProgressInfo *read_job(struct shown *shown)
{
	struct asked *asked = ask_read(shown->stand, "r", "a");
	stand_walk(shown->stand);
	cr_assert_not_null(asked->info);
	return asked->info;
}

static const Progress__V1__ProgressInfo *check(struct shown *shown)
{
	const Progress__V1__ProgressInfo *info = read_job(shown);
	cr_assert_geq(info->fraction, shown->fraction, "%.17g after %.17g", info->fraction, shown->fraction);
	cr_assert_geq(info->time_fraction, shown->time_fraction, "%.17g after %.17g of the time", info->time_fraction,
	              shown->time_fraction);
	cr_assert_lt(info->time_fraction, 1);
	cr_assert_lt(info->progress, 100);
	cr_assert(info->fraction < shown->stage->end_percent / 100.0 || info->fraction <= shown->reported,
	          "%.17g is beyond %s", info->fraction, shown->stage->status);
	shown->fraction = info->fraction;
	shown->time_fraction = info->time_fraction;
	return info;
}

/* Another reader at the same moment, who knows nothing but the store. */
static void check_after_crash(struct shown *shown)
{
	const Progress__V1__ProgressInfo *before = check(shown);
	life_restart(shown->stand);
	const Progress__V1__ProgressInfo *after = check(shown);
	cr_assert_eq(after->fraction, before->fraction);
	cr_assert_eq(after->time_fraction, before->time_fraction);
	cr_assert_eq(after->progress, before->progress);
	cr_assert_eq(after->revision, before->revision);
}

static void simulate(struct shown *shown, const struct stage *stage)
{
	struct job_update update = to_stage(stage->number);
	update.claim = JOB_CLAIM_SIMULATED;
	update.expected_ms = (int64_t)random_below(shown->random, 3) * (int64_t)random_below(shown->random, 10 * MINUTE_MS);
	life_update(shown->stand, "a", update);
	shown->stage = stage;
}

/* Of any share: below the last one, the same again, or far ahead. */
static void report(struct shown *shown)
{
	struct job_update update = to_stage(shown->stage->number);
	double share = (double)random_below(shown->random, 9) / 8,
	       width = shown->stage->end_percent - shown->stage->start_percent;
	update.claim = JOB_CLAIM_FRACTION;
	update.fraction = share;
	life_update(shown->stand, "a", update);
	shown->reported = fmax(shown->reported, (shown->stage->start_percent + share * width) / 100);
}

/* The machine boots, and the steady clock begins anew. The wall clock has gone on, or is lost just after something was
 * written: what was only shown is gone with the machine. */
static void boot(struct shown *shown)
{
	struct stand *stand = shown->stand;
	char text[32];
	int64_t shown_ms = (int64_t)(corridor_now_s(&stand->corridor) * 1000);
	stand->now.wall_ms = shown_ms + (int64_t)random_below(shown->random, MINUTE_MS);
	if (random_below(shown->random, 2) == 0) {
		snprintf(text, sizeof text, "boot %d", (int)stand->corridor.options.boot_key);
		life_update(stand, "a", with_message(to_stage(shown->stage->number), text));
		check(shown);
		stand->now.wall_ms = 1000;
	}
	stand->corridor.options.boot_key++;
	stand->now.steady_ms = (int64_t)random_below(shown->random, 100);
	life_restart(stand);
}

static void act(struct shown *shown)
{
	struct stand *stand = shown->stand;
	switch (random_below(shown->random, 9)) {
	case 0:
		report(shown);
		break;
	case 1:
		simulate(shown, shown->stage);
		break;
	case 2:
		check_after_crash(shown);
		break;
	case 3: /* the wall clock is set, and a crash may follow */
		stand->now.wall_ms += random_below(shown->random, 2) == 0 ? YEAR_MS : -YEAR_MS;
		if (random_below(shown->random, 2) == 0)
			check_after_crash(shown);
		break;
	case 4:
		if (random_below(shown->random, 4) == 0)
			boot(shown);
		break;
	case 5:
		life_sign(stand, "a", 0, random_below(shown->random, 2) == 0 ? 0 : 20000);
		break;
	case 6:
		if (random_below(shown->random, 8) == 0 && shown->stage->number < STAGE_UPLOADING_CLIPS)
			simulate(shown, shown->stage + 1);
		break;
	default:
		stand->now.steady_ms += (int64_t)random_below(shown->random, 20000);
		stand_walk(stand);
	}
}

Test(corridor_move_property, never_falls_and_never_leaves_its_stage_through_crashes_and_clocks_that_are_set)
{
	struct random random;
	random_start(&random, "moves");
	for (int i = 0; i < LIVES; i++) {
		struct shown shown = {.stand = life_start(), .random = &random};
		simulate(&shown, stages_find(STAGE_DOWNLOADING));
		for (int step = 0; step < STEPS; step++) {
			act(&shown);
			check(&shown);
		}
		life_update(shown.stand, "a", to_stage(STAGE_COMPLETED));
		const Progress__V1__ProgressInfo *end = read_job(&shown);
		cr_assert(end->fraction == 1 && end->time_fraction == 1 && end->progress == 100);
		life_stop(shown.stand);
	}
}
