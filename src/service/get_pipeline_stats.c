/* GetPipelineStats: what is believed of the stages of a pipeline. */
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

static Progress__V1__StageStats *build_stage(const struct learned *learned, const struct plan *plan, size_t place,
                                             struct arena *arena)
{
	Progress__V1__StageStats *stats = arena_take(arena, sizeof *stats);
	struct learned_summary summary;
	if (stats == NULL)
		return NULL;
	const struct stage *stage = stages_find(plan->stages[place].number);
	learned_summarize(learned, plan, place, &summary);
	progress__v1__stage_stats__init(stats);
	stats->stage = (Progress__V1__PipelineStage)stage->number;
	/* Not written to: the generated struct only lacks the const. */
	stats->status = (char *)(uintptr_t)stage->status;
	stats->label = (char *)(uintptr_t)stage->label;
	stats->typical_seconds = summary.typical_s;
	stats->lo_seconds = summary.low_s;
	stats->hi_seconds = summary.high_s;
	stats->share = summary.share;
	stats->jobs = learned->jobs;
	stats->weight = summary.jobs;
	return stats;
}

static bool add_flow(const struct subject *subject, enum stage_flow flow,
                     Progress__V1__GetPipelineStatsResponse *response)
{
	const struct learned *learned = subject->learned[flow];
	const struct plan *plan = pace_plan(flow);
	for (size_t i = 0; learned != NULL && i < plan->count; i++) {
		Progress__V1__StageStats *stats = build_stage(learned, plan, i, subject->command->call->arena);
		if (stats == NULL)
			return false;
		response->stages[response->n_stages++] = stats;
	}
	return learned != NULL;
}

static enum err answer(const struct subject *subject, struct fault *fault)
{
	struct call *call = subject->command->call;
	Progress__V1__GetPipelineStatsResponse response;
	progress__v1__get_pipeline_stats_response__init(&response);
	response.pipeline = (char *)(uintptr_t)subject->command->pipeline;
	response.stages = arena_take(call->arena, 2 * PLAN_STAGES_MAX * sizeof(Progress__V1__StageStats *));
	bool is_full = response.stages == NULL || !add_flow(subject, STAGE_FLOW_MAIN, &response) ||
	               !add_flow(subject, STAGE_FLOW_POSTING, &response);
	return is_full ? answer_set_full(fault) : wire_seal(&response.base, call->arena, &call->response, fault);
}

RPC_METHOD(get_pipeline_stats, GetPipelineStats)
{
	struct call *call = closure_data;
	if (!check_name(call, "pipeline", request->pipeline)) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_STATS, NULL, answer);
	if (command == NULL)
		return;
	command->pipeline = *request->pipeline != '\0' ? request->pipeline : JOB_PIPELINE_DEFAULT;
	service_submit(methods, command);
}
