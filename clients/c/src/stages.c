/* The table of stages: as the schema had it when the library was built, and as the service has it now. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "channel.h"
#include "client.h"
#include "error.h"
#include "text.h"

static const struct prg_stage_info table[] = {
#define STAGE(NAME, number, status, start, end, typical, label, FLOW, ENDS_AS)                                         \
	{PRG_STAGE_##NAME, status, label, start, end, typical, PRG_FLOW_##FLOW, PRG_STATE_##ENDS_AS},
#include <prg/stages.inc>
#undef STAGE
};

enum { TABLE_COUNT = sizeof table / sizeof *table };

const struct prg_stage_info *prg_stage_find(enum prg_stage stage)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (table[i].stage == stage)
			return &table[i];
	return NULL;
}

enum prg_stage prg_stage_from_status(const char *status)
{
	for (size_t i = 0; status != NULL && i < TABLE_COUNT; i++)
		if (strcasecmp(table[i].status, status) == 0)
			return table[i].stage;
	return PRG_STAGE_UNSPECIFIED;
}

struct stages_result {
	struct prg_stage_info *stages;
	size_t count;
	bool no_memory;
};

static size_t string_bytes(const Progress__V1__GetAllStagesResponse *response)
{
	size_t bytes = 0;
	for (size_t i = 0; i < response->n_stages; i++)
		bytes += strlen(response->stages[i]->status) + strlen(response->stages[i]->label) + 2;
	return bytes;
}

/* Makes one block: the rows, then their strings. */
static void take_stages(const Progress__V1__GetAllStagesResponse *response, void *context)
{
	struct stages_result *result = context;
	if (response == NULL)
		return;
	size_t row_bytes = response->n_stages * sizeof *result->stages;
	struct prg_stage_info *rows = malloc(row_bytes + string_bytes(response) + 1);
	result->no_memory = rows == NULL;
	if (rows == NULL)
		return;
	char *place = (char *)rows + row_bytes;
	for (size_t i = 0; i < response->n_stages; i++) {
		const Progress__V1__StageInfo *stage = response->stages[i];
		rows[i] = (struct prg_stage_info){
		    .stage = (enum prg_stage)stage->stage,
		    .status = text_put(&place, stage->status),
		    .label = text_put(&place, stage->label),
		    .start_percent = stage->start_percent,
		    .end_percent = stage->end_percent,
		    .typical_seconds = stage->typical_seconds,
		    .flow = (enum prg_flow)stage->flow,
		    .ends_as = (enum prg_state)stage->ends_as,
		};
	}
	result->stages = rows;
	result->count = response->n_stages;
}

enum prg_code prg_get_all_stages(struct prg_client *client, struct prg_stage_info **ret_stages, size_t *ret_count)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct stages_result result = {0};
	Progress__V1__GetAllStagesRequest request = PROGRESS__V1__GET_ALL_STAGES_REQUEST__INIT;
	progress__v1__progress_tracker_service__get_all_stages(&client->service, &request, take_stages, &result);
	if (result.no_memory)
		error_no_memory();
	if (error_code() == PRG_OK) {
		*ret_stages = result.stages;
		*ret_count = result.count;
	}
	return client_leave(client);
}

void prg_stages_free(struct prg_stage_info *stages, size_t count)
{
	(void)count;
	free(stages);
}
