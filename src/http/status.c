/* The table comes from the schema, a job from the service. */
#include "http/status.h"

#include <progress/fields.h>
#include <stdio.h>
#include <string.h>

#include "http/answer.h"
#include "http/request.h"
#include "http/server.h"
#include "http/status_json.h"
#include "job/stages.h"

void status_serve_stages(struct exchange *exchange)
{
	if (!exchange_is_known(exchange))
		return;
	struct buffer *out = &exchange->text;
	const struct stage *stages = stages_all();
	for (size_t i = 0; i < stages_count(); i++) {
		char row[128];
		snprintf(row, sizeof row, "%s\"%s\":%d", i == 0 ? "{" : ",", stages[i].status, stages[i].start_percent);
		buffer_put_string(out, row);
	}
	buffer_put_char(out, '}');
	answer_text(exchange, MHD_HTTP_OK, ANSWER_JSON);
}

/* A job that many front ends show is asked for again and again within the millisecond in which its bar stands still. */
static bool write_status(struct exchange *exchange)
{
	struct memo *memo = &exchange->server->statuses;
	struct wire_bytes answer = exchange->call.response;
	if (memo_recall(memo, answer, &exchange->text))
		return true;
	size_t before = exchange->text.length;
	if (!status_json_write(answer, &exchange->text))
		return false;
	memo_remember(memo, answer, exchange->text.at + before, exchange->text.length - before);
	return true;
}

static void finish(struct exchange *exchange)
{
	const struct call *call = &exchange->call;
	struct fault broken = {0};
	if (call->fault.code != ERR_OK) {
		answer_fault_of(exchange, &call->fault);
	} else if (write_status(exchange)) {
		answer_text(exchange, MHD_HTTP_OK, ANSWER_JSON);
	} else {
		fault_set(&broken, ERR_INTERNAL, "BAD_ANSWER", "the service's answer cannot be shown");
		answer_fault_of(exchange, &broken);
	}
}

void status_serve_job(struct exchange *exchange)
{
	struct request request;
	request_init(&request, &exchange->arena);
	request_put_text(&request, GET_PROGRESS_REQUEST__JOB_ID, exchange->part);
	request_make(&request, exchange, "GetProgress", finish);
}
