/* What the service has learned of a pipeline. */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "client.h"
#include "error.h"
#include "text.h"

struct stats_result {
	struct prg_stage_stats *stats;
	size_t count;
};

static size_t string_bytes(const Progress__V1__GetPipelineStatsResponse *response)
{
	size_t bytes = 0;
	for (size_t i = 0; i < response->n_stages; i++)
		bytes += strlen(response->stages[i]->status) + strlen(response->stages[i]->label) + 2;
	return bytes;
}

/* Makes one block: the rows, then their strings. */
static void take_stats(const Progress__V1__GetPipelineStatsResponse *response, void *context)
{
	struct stats_result *result = context;
	if (response == NULL)
		return;
	size_t row_bytes = response->n_stages * sizeof *result->stats;
	struct prg_stage_stats *rows = malloc(row_bytes + string_bytes(response) + 1);
	if (rows == NULL) {
		error_no_memory();
		return;
	}
	char *place = (char *)rows + row_bytes;
	for (size_t i = 0; i < response->n_stages; i++) {
		const Progress__V1__StageStats *stage = response->stages[i];
		rows[i] = (struct prg_stage_stats){
		    .stage = (enum prg_stage)stage->stage,
		    .status = text_put(&place, stage->status),
		    .label = text_put(&place, stage->label),
		    .typical_seconds = stage->typical_seconds,
		    .lo_seconds = stage->lo_seconds,
		    .hi_seconds = stage->hi_seconds,
		    .share = stage->share,
		    .jobs = stage->jobs,
		    .weight = stage->weight,
		};
	}
	*result = (struct stats_result){rows, response->n_stages};
}

enum prg_code prg_get_pipeline_stats(struct prg_client *client, const char *pipeline,
                                     struct prg_stage_stats **ret_stats, size_t *ret_count)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct stats_result result = {0};
	Progress__V1__GetPipelineStatsRequest request = PROGRESS__V1__GET_PIPELINE_STATS_REQUEST__INIT;
	request.pipeline = text_lend(pipeline);
	progress__v1__progress_tracker_service__get_pipeline_stats(&client->service, &request, take_stats, &result);
	if (result.stats != NULL) {
		*ret_stats = result.stats;
		*ret_count = result.count;
	}
	return client_leave(client);
}

void prg_stats_free(struct prg_stage_stats *stats)
{
	free(stats);
}
