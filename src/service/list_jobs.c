/* ListJobs: a page of jobs straight from the store, as an errand beside the corridor; it shows only what is committed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/answer.h"
#include "service/check.h"
#include "service/check_filter.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/compose.h"
#include "wire/info.h"

enum {
	PAGE_SIZE_DEFAULT = 50,
	PAGE_SIZE_MAX = 1000,
	PAGE_BYTES_MAX = 1000 * 1000, /* a page beyond it ends early, so that the reply stays within 1 MiB */
	PAGE_TOKEN_BYTES = 24,
};

struct page {
	struct errand errand;
	struct store *store;
	struct store_query query;
	struct call *call;
	struct compose_part *jobs;
	size_t count;
	size_t count_max;
	size_t rows; /* looked at */
	size_t bytes;
	int64_t last_row;
	bool has_more;
	struct info_moment moment;
	listed_report *on_unreadable;
};

static void set_filter(struct store_query *query, const struct feed_filter *filter)
{
	query->states = filter->states;
	query->stages = filter->stages;
	query->pipeline = filter->pipeline;
	query->parent = filter->parent;
	query->job_id_prefix = filter->job_id_prefix;
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

/* A listing is for those who do not know the names yet. */
static bool check_no_ids(struct call *call, const struct feed_filter *filter)
{
	if (filter->job_id_count == 0)
		return true;
	return check_refuse(call, "FILTER_INVALID", "filter.job_ids: is for watches; a listing does not take it");
}

static bool add_job(struct page *page, const struct job *job, int64_t row)
{
	struct call *call = page->call;
	struct wire_bytes info;
	if (page->count == page->count_max) {
		page->has_more = true;
		return false;
	}
	if (info_seal(job, &job->view, &page->moment, call->arena, &info, &call->fault) != ERR_OK)
		return false;
	if (page->count > 0 && page->bytes + info.length > PAGE_BYTES_MAX) {
		page->has_more = true;
		return false;
	}
	page->jobs[page->count++] = (struct compose_part){.bytes = info};
	page->bytes += info.length;
	page->last_row = row;
	return true;
}

static bool visit(const struct store_record *record, int64_t row, void *context)
{
	struct page *page = context;
	struct job *job = NULL;
	if (listed_open(record, page->on_unreadable, &job, &page->call->fault) != ERR_OK)
		return false;
	bool goes_on = job == NULL || add_job(page, job, row);
	job_destroy(job);
	/* What is no job may fill what was asked for: then nobody has seen whether there is more. */
	if (goes_on && ++page->rows == page->query.limit) {
		page->has_more = true;
		page->last_row = row;
	}
	return goes_on;
}

static bool fill_page(struct page *page)
{
	struct call *call = page->call;
	page->count_max = page->query.limit - 1;
	page->jobs = arena_take(call->arena, page->query.limit * sizeof *page->jobs);
	if (page->jobs == NULL) {
		answer_set_full(&call->fault);
		return false;
	}
	return store_list(page->store, &page->query, visit, page, &call->fault) == ERR_OK && call->fault.code == ERR_OK;
}

static void seal_page(const struct page *page)
{
	struct call *call = page->call;
	char token[PAGE_TOKEN_BYTES] = "";
	if (page->has_more)
		write_page_token(page->last_row, token);
	/* A page that does not fit leaves its error in the call's fault. */
	(void)!compose_page(page->jobs, page->count, token, false, call->arena, &call->response, &call->fault);
}

static void run(struct errand *errand)
{
	struct page *page = LIST_MEMBER(errand, struct page, errand);
	if (fill_page(page))
		seal_page(page);
	page->call->reply(page->call);
}

RPC_METHOD(list_jobs, ListJobs)
{
	struct call *call = closure_data;
	struct service *service = service_of(methods);
	struct feed_filter filter = {0};
	struct page *page = arena_take_zeroed(call->arena, sizeof *page);
	if (page == NULL) {
		answer_full(call);
		return;
	}
	page->errand.run = run;
	page->store = service->store;
	page->call = call;
	page->moment = service_moment(service);
	page->on_unreadable = service->options.on_unreadable;
	bool is_checked = check_filter(call, request->filter, &filter) && check_no_ids(call, &filter) &&
	                  check_page_size(call, request->page_size, &page->query) &&
	                  check_page_token(call, request->page_token, &page->query);
	set_filter(&page->query, &filter);
	if (!is_checked || errands_put(&service->errands, &page->errand, &call->fault) != ERR_OK)
		call->reply(call);
}
