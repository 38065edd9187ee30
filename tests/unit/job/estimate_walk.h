/* Random lives of a run: events at random moments, some of them late, repeated or out of order. */
#ifndef TESTS_UNIT_JOB_ESTIMATE_WALK_H
#define TESTS_UNIT_JOB_ESTIMATE_WALK_H

#include "job/estimate.h"
#include "support/random.h"

enum { ESTIMATE_WALKS = 150, ESTIMATE_WALK_STEPS = 60 };

enum estimate_act {
	ACT_WAIT,
	ACT_ENTER,
	ACT_REPORT,
	ACT_BEAT,
	ACT_PROMISE,
	ACT_EXPECT,
	ACT_FINISH,
};

struct estimate_event {
	enum estimate_act act;
	double at;
	size_t stage;
	double work;
	double seconds;
	enum estimate_end end;
};

struct estimate_walk {
	struct random *random;
	struct plan plan;
	struct learned learned;
	struct learned_origin origin;
	double now;
	double pace_s; /* of the steps */
};

/* A random plan, something learned or nothing, and a time of birth. */
void estimate_walk_start(struct estimate_walk *walk, struct random *random);

/* The next event, a little later. The last of the steps may end the run. */
struct estimate_event estimate_walk_on(struct estimate_walk *walk, const struct estimate *estimate, bool may_end);

void estimate_walk_apply(const struct estimate_walk *walk, struct estimate *estimate,
                         const struct estimate_event *event);

struct estimate_view estimate_walk_look(const struct estimate_walk *walk, const struct estimate *estimate, double now);

#endif
