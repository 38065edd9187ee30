/* ListJobs: a page of jobs straight from the store, beside the corridor; it shows only what is committed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/info.h"
#include "wire/record.h"

enum {
	PAGE_SIZE_DEFAULT = 50,
	PAGE_SIZE_MAX = 1000,
	PAGE_BYTES_MAX = 1000 * 1000, /* a page beyond it ends early, so that the reply stays within 1 MiB */
	PAGE_TOKEN_BYTES = 24,
};

struct page {
	struct call *call;
	Progress__V1__ProgressInfo **jobs;
	struct job **opened; /* the strings of `jobs` belong to these */
	size_t count;
	size_t count_max;
	size_t bytes;
	int64_t last_row;
	bool has_more;
	int64_t default_ttl_ms;
};

static bool check_states(struct call *call, const Progress__V1__JobFilter *filter, struct store_query *query)
{
	for (size_t i = 0; i < filter->n_states; i++) {
		int state = (int)filter->states[i];
		if (state < JOB_STATE_ACTIVE || state > JOB_STATE_CANCELLED)
			return check_refuse(call, "FILTER_INVALID", "filter.states: %d is no state", state);
		query->states |= UINT64_C(1) << state;
	}
	return true;
}

static bool check_stages(struct call *call, const Progress__V1__JobFilter *filter, struct store_query *query)
{
	for (size_t i = 0; i < filter->n_stages; i++) {
		int stage = (int)filter->stages[i];
		if (stages_find(stage) == NULL)
			return check_refuse(call, "FILTER_INVALID", "filter.stages: %d is no stage", stage);
		query->stages |= UINT64_C(1) << stage;
	}
	return true;
}

static bool check_filter(struct call *call, const Progress__V1__JobFilter *filter, struct store_query *query)
{
	if (filter == NULL)
		return true;
	query->pipeline = *filter->pipeline != '\0' ? filter->pipeline : NULL;
	query->parent = *filter->parent != '\0' ? filter->parent : NULL;
	query->job_id_prefix = *filter->job_id_prefix != '\0' ? filter->job_id_prefix : NULL;
	return check_states(call, filter, query) && check_stages(call, filter, query) &&
	       check_name(call, "filter.pipeline", filter->pipeline) && check_name(call, "filter.parent", filter->parent) &&
	       check_name(call, "filter.job_id_prefix", filter->job_id_prefix);
}

/* A page token is the row of the last job of the page before. */
static void write_page_token(int64_t row, char ret_token[PAGE_TOKEN_BYTES])
{
	snprintf(ret_token, PAGE_TOKEN_BYTES, "%" PRId64, row);
}

static bool check_page_token(struct call *call, const char *token, struct store_query *query)
{
	if (*token == '\0')
		return true;
	char again[PAGE_TOKEN_BYTES];
	query->before_row = strtoll(token, NULL, 10);
	write_page_token(query->before_row, again);
	if (query->before_row > 0 && strcmp(token, again) == 0)
		return true;
	return check_refuse(call, "PAGE_TOKEN_INVALID", "page_token: is not one that ListJobs gave out");
}

static bool check_page_size(struct call *call, int page_size, struct store_query *query)
{
	if (page_size < 0 || page_size > PAGE_SIZE_MAX)
		return check_refuse(call, "PAGE_SIZE_INVALID", "page_size: is %d; allowed is 0 to %d", page_size,
		                    PAGE_SIZE_MAX);
	/* One more than asked for tells whether there is a next page. */
	query->limit = (size_t)(page_size > 0 ? page_size : PAGE_SIZE_DEFAULT) + 1;
	return true;
}

static bool add_job(struct page *page, struct job *job, int64_t row)
{
	Progress__V1__ProgressInfo *info = info_build(job, &job->view, page->default_ttl_ms, page->call->arena);
	size_t bytes = info != NULL ? progress__v1__progress_info__get_packed_size(info) : 0;
	bool is_full = page->count == page->count_max || (page->count > 0 && page->bytes + bytes > PAGE_BYTES_MAX);
	if (info == NULL || is_full) {
		job_destroy(job);
		page->has_more = true;
		if (info == NULL)
			answer_set_full(&page->call->fault);
		return false;
	}
	page->opened[page->count] = job;
	page->jobs[page->count++] = info;
	page->bytes += bytes;
	page->last_row = row;
	return true;
}

static bool visit(const struct store_record *record, int64_t row, void *context)
{
	struct page *page = context;
	struct job *job;
	if (record_open(record->payload, record->payload_bytes, &job, &page->call->fault) != ERR_OK)
		return false;
	return add_job(page, job, row);
}

static bool fill_page(struct page *page, struct store *store, const struct store_query *query)
{
	page->count_max = query->limit - 1;
	page->jobs = arena_take(page->call->arena, query->limit * sizeof(void *));
	page->opened = arena_take(page->call->arena, query->limit * sizeof(void *));
	if (page->jobs == NULL || page->opened == NULL) {
		answer_set_full(&page->call->fault);
		return false;
	}
	return store_list(store, query, visit, page, &page->call->fault) == ERR_OK && page->call->fault.code == ERR_OK;
}

static void answer_page(const struct page *page, ProtobufCClosure closure)
{
	Progress__V1__ListJobsResponse response = PROGRESS__V1__LIST_JOBS_RESPONSE__INIT;
	char token[PAGE_TOKEN_BYTES] = "";
	if (page->has_more)
		write_page_token(page->last_row, token);
	response.n_jobs = page->count;
	response.jobs = page->jobs;
	response.next_page_token = token;
	closure(&response.base, page->call);
}

RPC_METHOD(list_jobs, ListJobs)
{
	struct call *call = closure_data;
	struct service *service = service_of(methods);
	struct store_query query = {0};
	struct page page = {.call = call, .default_ttl_ms = service->options.default_ttl_ms};
	bool is_checked = check_filter(call, request->filter, &query) &&
	                  check_page_size(call, request->page_size, &query) &&
	                  check_page_token(call, request->page_token, &query);
	if (is_checked && fill_page(&page, service->store, &query))
		answer_page(&page, (ProtobufCClosure)closure);
	for (size_t i = 0; i < page.count; i++)
		job_destroy(page.opened[i]);
	call->reply(call);
}
