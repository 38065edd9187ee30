/* The stages a job has been in. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "duration.h"
#include "error.h"
#include "progress.h"
#include "text.h"

static const char *outcome_name(Progress__V1__StageOutcome outcome)
{
	static const char *const names[] = {"unspecified", "running", "finished", "failed", "cancelled", "superseded"};
	return (size_t)outcome < sizeof names / sizeof *names ? names[outcome] : "unknown";
}

static void put_span(struct prg_span *span, char **place, const Progress__V1__StageSpan *message)
{
	*span = (struct prg_span){
	    .stage = (enum prg_stage)message->stage,
	    .status = text_put(place, message->status),
	    .label = text_put(place, message->label),
	    .attempt = message->attempt,
	    .run = message->run,
	    .start_time_ms = progress_time_ms(message->start_time),
	    .end_time_ms = progress_time_ms(message->end_time),
	    .duration_ms = duration_ms(message->duration),
	    .outcome = outcome_name(message->outcome),
	};
}

/* One block: the history, its spans and their strings; the progress is a block of its own. NULL: no memory. */
static struct prg_history *build_history(const Progress__V1__GetJobHistoryResponse *response)
{
	size_t span_bytes = response->n_spans * sizeof(struct prg_span), text_bytes = 0;
	for (size_t i = 0; i < response->n_spans; i++)
		text_bytes += strlen(response->spans[i]->status) + strlen(response->spans[i]->label) + 2;
	struct prg_history *history = malloc(sizeof *history + span_bytes + text_bytes);
	if (history == NULL)
		return NULL;
	history->spans = (struct prg_span *)(history + 1);
	history->span_count = response->n_spans;
	char *place = (char *)history->spans + span_bytes;
	for (size_t i = 0; i < response->n_spans; i++)
		put_span(&history->spans[i], &place, response->spans[i]);
	history->progress = progress_copy(response->progress_info);
	if (history->progress != NULL)
		return history;
	free(history);
	return NULL;
}

static void take_history(const Progress__V1__GetJobHistoryResponse *response, void *context)
{
	struct prg_history **history = context;
	if (response == NULL)
		return;
	if (response->progress_info == NULL) {
		error_set(PRG_INTERNAL, "BAD_REPLY", "the answer has no progress_info: not a progressd?");
		return;
	}
	*history = build_history(response);
	if (*history == NULL)
		error_no_memory();
}

enum prg_code prg_get_job_history(struct prg_client *client, const char *job_id, struct prg_history **ret_history)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	Progress__V1__GetJobHistoryRequest request = PROGRESS__V1__GET_JOB_HISTORY_REQUEST__INIT;
	request.job_id = text_lend(job_id);
	struct prg_history *history = NULL;
	progress__v1__progress_tracker_service__get_job_history(&client->service, &request, take_history, &history);
	if (history != NULL)
		*ret_history = history;
	return client_leave(client);
}

void prg_history_free(struct prg_history *history)
{
	if (history == NULL)
		return;
	prg_progress_free(history->progress);
	free(history);
}
