#include "estimate_walk.h"

#include <math.h>

static double spread_out(struct random *random, double typical, double factor)
{
	return typical * pow(factor, 2 * random_unit(random) - 1);
}

static void make_plan(struct estimate_walk *walk)
{
	walk->plan = (struct plan){.count = 1 + random_below(walk->random, PLAN_STAGES_MAX)};
	double scale = spread_out(walk->random, 60, 100);
	double percent = 0;
	for (size_t i = 0; i < walk->plan.count; i++) {
		double end = i + 1 == walk->plan.count ? 100 : percent + (100 - percent) * random_unit(walk->random);
		walk->plan.stages[i] = (struct plan_stage){.number = (int)i + 1,
		                                           .start_percent = percent,
		                                           .end_percent = end,
		                                           .nominal_s = spread_out(walk->random, scale, 20)};
		percent = end;
	}
	walk->pace_s = scale;
}

static void make_history(struct estimate_walk *walk)
{
	learned_init(&walk->learned, &walk->plan);
	for (uint64_t i = random_below(walk->random, 10); i > 0; i--) {
		struct learned_job job = {.is_completed = true, .origin = walk->origin};
		for (size_t j = 0; j < walk->plan.count; j++) {
			struct learned_stay *stay = &job.stays[j];
			*stay = (struct learned_stay){.is_passed = true, .was_there = random_below(walk->random, 4) > 0};
			stay->is_finished = stay->was_there;
			stay->log_s = log(spread_out(walk->random, walk->plan.stages[j].nominal_s, 8));
			stay->has_reports = stay->was_there && random_below(walk->random, 2) == 0;
			for (size_t k = 0; k < LEARNED_MARKS; k++)
				stay->marks[k] = pow((double)(k + 1) / (LEARNED_MARKS + 1), spread_out(walk->random, 1, 4));
			stay->gap = random_unit(walk->random);
		}
		learned_add(&walk->learned, &walk->plan, &job);
	}
}

void estimate_walk_start(struct estimate_walk *walk, struct random *random)
{
	*walk = (struct estimate_walk){.random = random};
	walk->now = random_below(random, 2) == 0 ? 0 : 1.7e9 + random_unit(random);
	walk->origin = (struct learned_origin){.has_hint = random_below(random, 2) == 0,
	                                       .log_hint = 10 * random_unit(random),
	                                       .worker = random_below(random, 3),
	                                       .class = random_below(random, 3)};
	make_plan(walk);
	make_history(walk);
}

struct estimate_event estimate_walk_on(struct estimate_walk *walk, const struct estimate *estimate, bool may_end)
{
	struct random *random = walk->random;
	struct estimate_event event = {.act = (enum estimate_act)random_below(random, ACT_FINISH)};
	walk->now += spread_out(random, walk->pace_s / 10, 100);
	event.at = walk->now;
	if (may_end && random_below(random, 10) == 0)
		event.act = ACT_FINISH;
	if (random_below(random, 10) == 0)
		event.at -= spread_out(random, walk->pace_s, 100); /* the clock is set back */
	event.stage = random_below(random, estimate->stage + 2U);
	if (event.stage >= walk->plan.count)
		event.stage = walk->plan.count - 1;
	/* late and repeated ones, too */
	event.work =
	    random_below(random, 3) == 0 ? estimate->work : fmin(1, estimate->work + 0.4 * random_unit(random) - 0.1);
	event.work = fmax(0, event.work);
	event.seconds = random_below(random, 5) == 0 ? 0 : spread_out(random, walk->pace_s, 10);
	event.end = (enum estimate_end)(1 + random_below(random, ESTIMATE_CANCELLED));
	return event;
}

void estimate_walk_apply(const struct estimate_walk *walk, struct estimate *estimate,
                         const struct estimate_event *event)
{
	switch (event->act) {
	case ACT_WAIT:
		break;
	case ACT_ENTER:
		estimate_enter(estimate, &walk->plan, &walk->learned, event->stage, event->at);
		break;
	case ACT_REPORT:
		estimate_report(estimate, event->work, event->at);
		break;
	case ACT_BEAT:
		estimate_beat(estimate, event->at);
		break;
	case ACT_PROMISE:
		estimate_promise(estimate, event->seconds, event->at);
		break;
	case ACT_EXPECT:
		estimate_expect(estimate, event->seconds + 1, event->at);
		break;
	case ACT_FINISH:
		estimate_finish(estimate, event->end, event->at);
		break;
	}
}

struct estimate_view estimate_walk_look(const struct estimate_walk *walk, const struct estimate *estimate, double now)
{
	struct estimate_view view;
	estimate_look(estimate, &walk->plan, now, &view);
	return view;
}
