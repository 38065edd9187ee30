/* What a script has spoken of so far: pipelines with what is learned of them, and jobs. */
#ifndef REPLAY_WORLD_H
#define REPLAY_WORLD_H

#include "base/map.h"
#include "job/estimate.h"
#include "replay/line.h"

struct world_pipeline {
	char *name;
	bool is_declared;
	char *stage_names[PLAN_STAGES_MAX]; /* of a declared one; else the names of the stage table count */
	struct plan plan;
	struct learned learned;
};

struct world_job {
	char *name;
	struct world_pipeline *pipeline;
	struct estimate estimate;
};

/* All zero: empty. */
struct world {
	struct map pipelines;
	struct map jobs;
};

void world_finish(struct world *world);

/* Declares a pipeline. The same stages may be declared again, with other ranges and seconds. */
enum err world_declare(struct world *world, const struct line *line, struct fault *fault) MUST_USE;

/* A new job; a pipeline that nobody has declared is one of the stage table. */
enum err world_create(struct world *world, const struct line *line, struct fault *fault) MUST_USE;

enum err world_find_job(const struct world *world, const char *name, struct world_job **ret_job,
                        struct fault *fault) MUST_USE;

/* The place of the stage in the job's plan. */
enum err world_find_stage(const struct world_job *job, const char *name, size_t *ret_stage,
                          struct fault *fault) MUST_USE;

#endif
