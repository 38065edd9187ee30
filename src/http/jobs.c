/* Lists as the schema's JSON. */
#include "http/jobs.h"

#include <progress/fields.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/answer.h"
#include "http/query.h"
#include "job/stages.h"
#include "wire/json.h"

/* A walk over the fields of the query. */
struct walk {
	struct exchange *exchange;
	struct request filter;
	bool takes_ids;
	struct fault fault;
};

/* How many bytes of what came in are quoted. */
static int quoted(const char *word)
{
	return (int)text_whole_characters(word, 40);
}

static bool put_state(struct walk *walk, const char *word)
{
	for (int number = JOB_STATE_ACTIVE; number <= JOB_STATE_CANCELLED; number++) {
		if (strcasecmp(job_state_name((enum job_state)number), word) != 0)
			continue;
		request_put_number(&walk->filter, JOB_FILTER__STATES, (uint64_t)number);
		return true;
	}
	fault_set(&walk->fault, ERR_INVALID_ARGUMENT, "FILTER_INVALID",
	          "state: \"%.*s\" is no state; allowed are active, stalled, succeeded, failed, cancelled", quoted(word),
	          word);
	return false;
}

static bool put_stage(struct walk *walk, const char *word)
{
	const struct stage *stage = stages_find_status(word);
	if (stage != NULL) {
		request_put_number(&walk->filter, JOB_FILTER__STAGES, (uint64_t)stage->number);
		return true;
	}
	fault_set(&walk->fault, ERR_INVALID_ARGUMENT, "FILTER_INVALID", "stage: \"%.*s\" is no stage; allowed are: %s",
	          quoted(word), word, stages_status_list());
	return false;
}

static bool put_id(struct walk *walk, const char *word)
{
	request_put_text(&walk->filter, JOB_FILTER__JOB_IDS, word);
	return true;
}

/* Gives each part of a list to `put`. */
static bool put_list(struct walk *walk, const char *text, bool (*put)(struct walk *walk, const char *word))
{
	char *rest = arena_copy_string(&walk->exchange->arena, text), *word;
	walk->filter.is_full |= rest == NULL;
	while (rest != NULL && (word = strsep(&rest, ",")) != NULL)
		if (*word != '\0' && !put(walk, word))
			return false;
	return true;
}

static bool put_field(struct walk *walk, const char *name, const char *value)
{
	if (strcmp(name, "state") == 0)
		return put_list(walk, value, put_state);
	if (strcmp(name, "stage") == 0)
		return put_list(walk, value, put_stage);
	if (strcmp(name, "job") == 0 && walk->takes_ids)
		return put_list(walk, value, put_id);
	if (strcmp(name, "pipeline") == 0)
		request_put_text(&walk->filter, JOB_FILTER__PIPELINE, value);
	else if (strcmp(name, "parent") == 0)
		request_put_text(&walk->filter, JOB_FILTER__PARENT, value);
	else if (strcmp(name, "prefix") == 0)
		request_put_text(&walk->filter, JOB_FILTER__JOB_ID_PREFIX, value);
	return true;
}

static enum MHD_Result visit(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct walk *walk = context;
	const char *decoded;
	(void)kind;
	if (value == NULL || walk->fault.code != ERR_OK)
		return MHD_YES;
	if (query_decode(value, strlen(value), name, &walk->exchange->arena, &decoded, &walk->fault) == ERR_OK)
		put_field(walk, name, decoded);
	return MHD_YES;
}

bool jobs_put_filter(struct exchange *exchange, struct request *request, uint32_t field, bool takes_ids)
{
	struct walk walk = {.exchange = exchange, .takes_ids = takes_ids};
	request_init(&walk.filter, &exchange->arena);
	MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, visit, &walk);
	if (walk.fault.code != ERR_OK) {
		answer_fault_of(exchange, &walk.fault);
		return false;
	}
	if (walk.filter.length > 0)
		request_put_bytes(request, field, walk.filter.at, walk.filter.length);
	request->is_full |= walk.filter.is_full;
	return true;
}

/* The service's answer as JSON with all members, also those that have their default value. */
static void finish(struct exchange *exchange)
{
	struct call *call = &exchange->call;
	const struct method *method = method_find(call->method);
	struct json_options options = {.shows_defaults = true};
	if (call->fault.code == ERR_OK)
		(void)!json_seal(method->output, call->response.at, call->response.length, &options, &exchange->text,
		                 &call->fault);
	if (call->fault.code != ERR_OK)
		answer_fault_of(exchange, &call->fault);
	else
		answer_text(exchange, MHD_HTTP_OK, ANSWER_JSON);
}

static bool put_page_size(struct exchange *exchange, struct request *request, const char *text)
{
	char *end = NULL;
	long size = text != NULL ? strtol(text, &end, 10) : 0;
	if (text == NULL || (*text >= '0' && *text <= '9' && *end == '\0' && size <= 1000000)) {
		request_put_number(request, LIST_JOBS_REQUEST__PAGE_SIZE, (uint64_t)size);
		return true;
	}
	struct fault fault = {0};
	fault_set(&fault, ERR_INVALID_ARGUMENT, "PAGE_SIZE_INVALID", "page_size: \"%.*s\" is no number from 0 to 1000",
	          quoted(text), text);
	answer_fault_of(exchange, &fault);
	return false;
}

void jobs_serve_list(struct exchange *exchange)
{
	struct request request;
	const char *page_size, *page_token;
	request_init(&request, &exchange->arena);
	bool is_good = exchange_query(exchange, "page_size", &page_size) &&
	               exchange_query(exchange, "page_token", &page_token) &&
	               jobs_put_filter(exchange, &request, LIST_JOBS_REQUEST__FILTER, false) &&
	               put_page_size(exchange, &request, page_size);
	if (!is_good)
		return;
	request_put_text(&request, LIST_JOBS_REQUEST__PAGE_TOKEN, page_token);
	request_make(&request, exchange, "ListJobs", finish);
}

void jobs_serve_history(struct exchange *exchange)
{
	struct request request;
	request_init(&request, &exchange->arena);
	request_put_text(&request, GET_JOB_HISTORY_REQUEST__JOB_ID, exchange->part);
	request_make(&request, exchange, "GetJobHistory", finish);
}
