/* Pipelines and jobs by name. */
#include "replay/world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char DEFAULT_PIPELINE[] = "default";

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory");
}

static void destroy_pipeline(struct world_pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	for (size_t i = 0; i < PLAN_STAGES_MAX; i++)
		free(pipeline->stage_names[i]);
	free(pipeline->name);
	free(pipeline);
}

static void destroy_job(struct world_job *job)
{
	if (job == NULL)
		return;
	free(job->name);
	free(job);
}

void world_finish(struct world *world)
{
	size_t position = 0;
	for (void *job; (job = map_next(&world->jobs, &position)) != NULL;)
		destroy_job(job);
	position = 0;
	for (void *pipeline; (pipeline = map_next(&world->pipelines, &position)) != NULL;)
		destroy_pipeline(pipeline);
	map_finish(&world->jobs);
	map_finish(&world->pipelines);
}

/* ---- pipelines */

static struct world_pipeline *create_pipeline(const char *name)
{
	struct world_pipeline *pipeline = calloc(1, sizeof *pipeline);
	if (pipeline == NULL || (pipeline->name = strdup(name)) == NULL) {
		destroy_pipeline(pipeline);
		return NULL;
	}
	return pipeline;
}

/* Takes the pipeline, which is destroyed when there is no memory. */
static enum err add_pipeline(struct world *world, struct world_pipeline *pipeline, struct fault *fault)
{
	learned_init(&pipeline->learned, &pipeline->plan);
	if (map_put(&world->pipelines, pipeline->name, pipeline))
		return ERR_OK;
	destroy_pipeline(pipeline);
	return no_memory(fault);
}

static enum err read_plan(struct world_pipeline *pipeline, const json_t *stages, struct fault *fault)
{
	size_t count = json_array_size(stages);
	if (count > PLAN_STAGES_MAX)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "stages: %zu are too many; at most %d", count,
		                 PLAN_STAGES_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *name;
		struct plan_stage *stage = &pipeline->plan.stages[i];
		enum err err = line_read_stage(json_array_get(stages, i), &name, stage, fault);
		if (err != ERR_OK)
			return err;
		stage->number = (int)i + 1;
		pipeline->stage_names[i] = strdup(name);
		if (pipeline->stage_names[i] == NULL)
			return no_memory(fault);
	}
	pipeline->plan.count = count;
	return ERR_OK;
}

static bool has_same_stages(const struct world_pipeline *a, const struct world_pipeline *b)
{
	if (!a->is_declared || a->plan.count != b->plan.count)
		return false;
	for (size_t i = 0; i < a->plan.count; i++)
		if (strcmp(a->stage_names[i], b->stage_names[i]) != 0)
			return false;
	return true;
}

enum err world_declare(struct world *world, const struct line *line, struct fault *fault)
{
	struct world_pipeline *present = map_find(&world->pipelines, line->pipeline);
	struct world_pipeline *declared = create_pipeline(line->pipeline);
	if (declared == NULL)
		return no_memory(fault);
	declared->is_declared = true;
	enum err err = read_plan(declared, line->stages, fault);
	if (err == ERR_OK && present == NULL)
		return add_pipeline(world, declared, fault);
	if (err == ERR_OK && has_same_stages(present, declared))
		present->plan = declared->plan;
	else if (err == ERR_OK)
		err =
		    fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "pipeline: %s has other stages already", line->pipeline);
	destroy_pipeline(declared);
	return err;
}

static enum err open_pipeline(struct world *world, const char *name, struct world_pipeline **ret_pipeline,
                              struct fault *fault)
{
	struct world_pipeline *pipeline = map_find(&world->pipelines, name);
	if (pipeline == NULL) {
		pipeline = create_pipeline(name);
		if (pipeline == NULL)
			return no_memory(fault);
		plan_of_flow(&pipeline->plan, STAGE_FLOW_MAIN);
		enum err err = add_pipeline(world, pipeline, fault);
		if (err != ERR_OK)
			return err;
	}
	*ret_pipeline = pipeline;
	return ERR_OK;
}

/* ---- jobs */

enum err world_create(struct world *world, const struct line *line, struct fault *fault)
{
	struct world_pipeline *pipeline = NULL;
	if (map_find(&world->jobs, line->job) != NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "job: there is a %s already", line->job);
	const char *name = line->pipeline != NULL ? line->pipeline : DEFAULT_PIPELINE;
	enum err err = open_pipeline(world, name, &pipeline, fault);
	if (err != ERR_OK)
		return err;
	struct world_job *job = calloc(1, sizeof *job);
	if (job == NULL || (job->name = strdup(line->job)) == NULL || !map_put(&world->jobs, job->name, job)) {
		destroy_job(job);
		return no_memory(fault);
	}
	job->pipeline = pipeline;
	estimate_begin(&job->estimate, &pipeline->plan, &pipeline->learned, &line->origin, 0, line->at);
	return ERR_OK;
}

enum err world_find_job(const struct world *world, const char *name, struct world_job **ret_job, struct fault *fault)
{
	*ret_job = map_find(&world->jobs, name);
	if (*ret_job == NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "job: there is no %s yet; create it first", name);
	return ERR_OK;
}

enum err world_find_stage(const struct world_job *job, const char *name, size_t *ret_stage, struct fault *fault)
{
	const struct world_pipeline *pipeline = job->pipeline;
	size_t place = 0;
	if (pipeline->is_declared) {
		while (place < pipeline->plan.count && strcmp(pipeline->stage_names[place], name) != 0)
			place++;
	} else {
		const struct stage *stage = stages_find_status(name);
		place = stage != NULL ? plan_find(&pipeline->plan, stage->number) : pipeline->plan.count;
	}
	if (place == pipeline->plan.count)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "stage: pipeline %s has no %s", pipeline->name, name);
	*ret_stage = place;
	return ERR_OK;
}
