/* Plans from the stage table. */
#include "job/plan.h"

#include <assert.h>

void plan_of_flow(struct plan *plan, enum stage_flow flow)
{
	*plan = (struct plan){0};
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = &stages_all()[i];
		if (stage->flow != flow || stage->ends_as != JOB_STATE_UNSPECIFIED)
			continue;
		assert(plan->count < PLAN_STAGES_MAX);
		plan->stages[plan->count++] = (struct plan_stage){
		    .number = stage->number,
		    .start_percent = stage->start_percent,
		    .end_percent = stage->end_percent,
		    .nominal_s = stage->typical_seconds > 0 ? stage->typical_seconds : PLAN_NOMINAL_UNKNOWN_S,
		};
	}
	assert(plan->count > 0);
}

size_t plan_find(const struct plan *plan, int number)
{
	size_t place = 0;
	while (place < plan->count && plan->stages[place].number != number)
		place++;
	return place;
}
