/* Pages of jobs. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "error.h"
#include "progress.h"
#include "text.h"

_Static_assert(sizeof(enum prg_state) == sizeof(Progress__V1__JobState), "arrays of states are lent as they are");
_Static_assert(sizeof(enum prg_stage) == sizeof(Progress__V1__PipelineStage), "arrays of stages are lent as they are");

/* One block: the list, its pointers and the token; the jobs are blocks of their own. NULL: no memory. */
static struct prg_job_list *build_list(const Progress__V1__ListJobsResponse *response)
{
	size_t pointer_bytes = response->n_jobs * sizeof(struct prg_progress *);
	size_t token_bytes = strlen(response->next_page_token) + 1;
	struct prg_job_list *list = malloc(sizeof *list + pointer_bytes + token_bytes);
	if (list == NULL)
		return NULL;
	list->jobs = (struct prg_progress **)(list + 1);
	list->count = 0;
	list->next_page_token = memcpy((char *)list->jobs + pointer_bytes, response->next_page_token, token_bytes);
	while (list->count < response->n_jobs) {
		struct prg_progress *job = progress_copy(response->jobs[list->count]);
		if (job == NULL) {
			prg_job_list_free(list);
			return NULL;
		}
		list->jobs[list->count++] = job;
	}
	return list;
}

static void take_list(const Progress__V1__ListJobsResponse *response, void *context)
{
	struct prg_job_list **list = context;
	if (response == NULL)
		return;
	*list = build_list(response);
	if (*list == NULL)
		error_no_memory();
}

static void fill_filter(Progress__V1__JobFilter *message, const struct prg_filter *filter)
{
	message->states = (Progress__V1__JobState *)(uintptr_t)filter->states;
	message->n_states = filter->state_count;
	message->stages = (Progress__V1__PipelineStage *)(uintptr_t)filter->stages;
	message->n_stages = filter->stage_count;
	message->pipeline = text_lend(filter->pipeline);
	message->parent = text_lend(filter->parent);
	message->job_id_prefix = text_lend(filter->job_id_prefix);
}

enum prg_code prg_list_jobs(struct prg_client *client, const struct prg_filter *filter, int page_size,
                            const char *page_token, struct prg_job_list **ret_list)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	Progress__V1__JobFilter message = PROGRESS__V1__JOB_FILTER__INIT;
	Progress__V1__ListJobsRequest request = PROGRESS__V1__LIST_JOBS_REQUEST__INIT;
	if (filter != NULL) {
		fill_filter(&message, filter);
		request.filter = &message;
	}
	request.page_size = page_size;
	request.page_token = text_lend(page_token);
	struct prg_job_list *list = NULL;
	progress__v1__progress_tracker_service__list_jobs(&client->service, &request, take_list, &list);
	if (list != NULL)
		*ret_list = list;
	return client_leave(client);
}

void prg_job_list_free(struct prg_job_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		prg_progress_free(list->jobs[i]);
	free(list);
}
