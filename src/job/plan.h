/* A plan: the stages that one run of the bar passes, in order. What the model learns and predicts is by place in it. */
#ifndef JOB_PLAN_H
#define JOB_PLAN_H

#include <stddef.h>

#include "job/stages.h"

enum { PLAN_STAGES_MAX = 16 };

/* What a stage without typical seconds is believed to take until it has been seen: most of them only mark a moment. */
#define PLAN_NOMINAL_UNKNOWN_S 2.0

struct plan_stage {
	int number; /* names the stage in what is learned: of the schema's enum, or any other that stays the same */
	double start_percent;
	double end_percent;
	double nominal_s; /* above 0 */
};

struct plan {
	size_t count; /* 1 to PLAN_STAGES_MAX */
	struct plan_stage stages[PLAN_STAGES_MAX];
};

/* The plan of a flow of the stage table: its stages that do not end the job. */
void plan_of_flow(struct plan *plan, enum stage_flow flow);

/* The place of the stage with that number; plan->count if it has none. */
size_t plan_find(const struct plan *plan, int number);

#endif
