/* The table of stages, generated from the schema, and questions about it. */
#ifndef JOB_STAGES_H
#define JOB_STAGES_H

#include <stdbool.h>
#include <stddef.h>

/* The numbers are those of the schema's enums, on the wire and in the store. */
enum stage_flow { STAGE_FLOW_UNSPECIFIED, STAGE_FLOW_MAIN, STAGE_FLOW_POSTING, STAGE_FLOW_ANY };

enum job_state {
	JOB_STATE_UNSPECIFIED,
	JOB_STATE_ACTIVE,
	JOB_STATE_STALLED,
	JOB_STATE_SUCCEEDED,
	JOB_STATE_FAILED,
	JOB_STATE_CANCELLED,
};

enum stage_number {
	STAGE_UNSPECIFIED = 0,
#define STAGE(NAME, number, ...) STAGE_##NAME = number,
#include <progress/v1/stages.inc>
#undef STAGE
};

struct stage {
	int number;         /* of the schema's enum */
	const char *status; /* name in lower case */
	const char *label;
	int start_percent;
	int end_percent;
	double typical_seconds; /* 0: not known */
	enum stage_flow flow;
	enum job_state ends_as; /* JOB_STATE_UNSPECIFIED: the job goes on */
};

/* The rows in the schema's order; stages_count() of them. */
const struct stage *stages_all(void);
size_t stages_count(void);

/* The row of that number, or NULL. */
const struct stage *stages_find(int number);

/* The row of that status in any case, or NULL. */
const struct stage *stages_find_status(const char *status);

/* All statuses in order, "queued, downloading, …"; for messages. Lives for ever. */
const char *stages_status_list(void);

/* Whether `a` stands before `b` in the schema's order. */
bool stages_is_before(const struct stage *a, const struct stage *b);

/* The state's name in lower case, "active"; "unspecified" for a number that is none. */
const char *job_state_name(enum job_state state);

static inline bool job_state_is_final(enum job_state state)
{
	return state >= JOB_STATE_SUCCEEDED;
}

#endif
