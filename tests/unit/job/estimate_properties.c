/*
 * What must be true of every estimate whatever happens to the run, on many random lives. A failure can be had again
 * with the TEST_SEED that the test prints.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "estimate_walk.h"

static void check_same(const struct estimate_view *a, const struct estimate_view *b)
{
	cr_assert_eq(a->time_fraction, b->time_fraction, "%.17g is not %.17g", a->time_fraction, b->time_fraction);
	cr_assert_eq(a->percent, b->percent, "%.17g is not %.17g", a->percent, b->percent);
	cr_assert_eq(a->has_eta, b->has_eta);
	cr_assert_eq(a->eta_s, b->eta_s);
	cr_assert_eq(a->eta_low_s, b->eta_low_s);
	cr_assert_eq(a->eta_high_s, b->eta_high_s);
	cr_assert_eq(a->flag, b->flag);
	cr_assert_eq(a->source, b->source);
	cr_assert_eq(a->speed, b->speed);
	cr_assert_eq(a->speed_until, b->speed_until);
}

static void begin(struct estimate_walk *walk, struct estimate *estimate, struct random *random)
{
	estimate_walk_start(walk, random);
	estimate_begin(estimate, &walk->plan, &walk->learned, &walk->origin, 0, walk->now);
}

/* The bounds of one look, and that it is not below the one before. */
static void check_view(const struct estimate_walk *walk, const struct estimate *estimate,
                       const struct estimate_view *view, const struct estimate_view *before)
{
	cr_assert_geq(view->time_fraction, before->time_fraction);
	cr_assert_geq(view->percent, before->percent);
	if (estimate->end == ESTIMATE_COMPLETED) {
		cr_assert(view->time_fraction == 1 && view->percent == 100);
		return;
	}
	const struct plan_stage *stage = &walk->plan.stages[estimate->stage];
	cr_assert_lt(view->time_fraction, 1);
	cr_assert(view->percent < stage->end_percent || stage->end_percent == stage->start_percent ||
	              view->percent == estimate->percent_floor,
	          "%.17g has reached the stage's end at %.17g", view->percent, stage->end_percent);
	cr_assert(view->speed >= 0 && isfinite(view->speed));
	if (!view->has_eta)
		return;
	cr_assert(view->eta_s > 0 && isfinite(view->eta_high_s) && walk->learned.jobs > 0);
	cr_assert(view->eta_low_s > 0 && view->eta_low_s <= view->eta_s && view->eta_s <= view->eta_high_s);
	cr_assert(view->flag != ESTIMATE_FLAG_LOST && view->flag != ESTIMATE_FLAG_SILENT);
}

Test(estimate_property, never_goes_down_and_is_never_at_the_end_before_the_end)
{
	struct random random;
	random_start(&random, "bounds");
	for (int i = 0; i < ESTIMATE_WALKS; i++) {
		struct estimate_walk walk;
		struct estimate estimate;
		begin(&walk, &estimate, &random);
		struct estimate_view before = estimate_walk_look(&walk, &estimate, walk.now);
		for (int j = 0; j < ESTIMATE_WALK_STEPS; j++) {
			struct estimate_event event = estimate_walk_on(&walk, &estimate, j > ESTIMATE_WALK_STEPS / 2);
			for (double part = 0.25; part <= 1; part += 0.25) {
				double at = event.at - (1 - part) * walk.pace_s / 100;
				struct estimate_view view = estimate_walk_look(&walk, &estimate, fmax(at, estimate.seen_at));
				check_view(&walk, &estimate, &view, &before);
				estimate_advance(&estimate, at);
				before = view;
			}
			estimate_walk_apply(&walk, &estimate, &event);
			struct estimate_view view = estimate_walk_look(&walk, &estimate, event.at);
			check_view(&walk, &estimate, &view, &before);
			before = view;
		}
	}
}

/* Looked at as often as chance will have it, or kept in a store between all events. */
static void poll(const struct random *random, struct estimate *estimate, double until)
{
	struct random looks = *random;
	for (uint64_t i = random_below(&looks, 20); i > 0 && estimate->seen_at < until; i--)
		estimate_advance(estimate, estimate->seen_at + (until - estimate->seen_at) * random_unit(&looks));
}

static void reload(struct estimate *estimate)
{
	uint8_t bytes[ESTIMATE_BYTES_MAX];
	struct fault fault;
	struct estimate opened;
	size_t length = estimate_seal(estimate, bytes);
	cr_assert_leq(length, sizeof bytes);
	cr_assert_eq(estimate_open(bytes, length, &opened, &fault), ERR_OK, "%s", fault.text);
	*estimate = opened;
}

Test(estimate_property, is_the_same_for_everybody_at_any_poll_rate_and_after_any_restart)
{
	struct random random;
	random_start(&random, "observers");
	for (int i = 0; i < ESTIMATE_WALKS; i++) {
		struct estimate_walk walk;
		struct estimate quiet, polled, reloaded;
		begin(&walk, &quiet, &random);
		polled = reloaded = quiet;
		for (int j = 0; j < ESTIMATE_WALK_STEPS; j++) {
			struct estimate_event event = estimate_walk_on(&walk, &quiet, j > ESTIMATE_WALK_STEPS / 2);
			event.at = walk.now; /* the clock of one observer may be set back, but not for one alone */
			poll(&random, &polled, event.at);
			reload(&reloaded);
			estimate_walk_apply(&walk, &quiet, &event);
			estimate_walk_apply(&walk, &polled, &event);
			estimate_walk_apply(&walk, &reloaded, &event);
			double at = walk.now + random_unit(&random) * walk.pace_s;
			struct estimate_view view = estimate_walk_look(&walk, &quiet, at);
			struct estimate_view other = estimate_walk_look(&walk, &polled, at);
			check_same(&view, &other);
			other = estimate_walk_look(&walk, &reloaded, at);
			check_same(&view, &other);
		}
	}
}

Test(estimate_property, changes_nothing_that_is_shown_by_a_sign_of_life_in_time)
{
	struct random random;
	random_start(&random, "signs");
	for (int i = 0; i < ESTIMATE_WALKS; i++) {
		struct estimate_walk walk;
		struct estimate alone, heard;
		begin(&walk, &alone, &random);
		estimate_beat(&alone, walk.now);
		heard = alone;
		for (int j = 0; j < 5; j++)
			estimate_beat(&heard, walk.now + 4 * j);
		struct estimate_view view = estimate_walk_look(&walk, &alone, walk.now + 18);
		struct estimate_view other = estimate_walk_look(&walk, &heard, walk.now + 18);
		other.speed_until = view.speed_until;
		check_same(&view, &other);
	}
}

Test(estimate_next_change, is_in_the_future_and_nothing_moves_by_more_before)
{
	struct random random;
	random_start(&random, "changes");
	for (int i = 0; i < ESTIMATE_WALKS; i++) {
		struct estimate_walk walk;
		struct estimate estimate;
		begin(&walk, &estimate, &random);
		for (int j = 0; j < 20; j++) {
			struct estimate_event event = estimate_walk_on(&walk, &estimate, false);
			estimate_walk_apply(&walk, &estimate, &event);
			double now = estimate.seen_at, next = estimate_next_change(&estimate, &walk.plan, now, 0.5);
			cr_assert_gt(next, now);
			struct estimate_view view = estimate_walk_look(&walk, &estimate, now);
			double before = isinf(next) ? now + walk.pace_s : now + (next - now) * 0.5;
			struct estimate_view later = estimate_walk_look(&walk, &estimate, before);
			if (isinf(next))
				cr_assert_eq(later.time_fraction, view.time_fraction);
			cr_assert_eq(later.flag, view.flag);
		}
	}
}

Test(estimate_open, reads_or_refuses_any_bytes)
{
	struct random random;
	random_start(&random, "damage");
	for (int i = 0; i < ESTIMATE_WALKS; i++) {
		struct estimate_walk walk;
		struct estimate estimate, opened;
		struct fault fault;
		uint8_t bytes[ESTIMATE_BYTES_MAX];
		begin(&walk, &estimate, &random);
		size_t length = estimate_seal(&estimate, bytes);
		for (size_t j = 0; j < length; j++)
			cr_assert_eq(estimate_open(bytes, j, &opened, &fault), ERR_INVALID_ARGUMENT);
		for (int j = 0; j < 200; j++) {
			size_t place = random_below(&random, length);
			uint8_t before = bytes[place];
			bytes[place] = (uint8_t)random_below(&random, 256);
			if (estimate_open(bytes, length, &opened, &fault) != ERR_OK)
				cr_assert_str_eq(fault.reason, "BAD_ESTIMATE");
			bytes[place] = before;
		}
	}
}
