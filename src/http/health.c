/* Readiness is asked of the service, by the cheapest call that needs all of it. */
#include "http/health.h"

#include <progress/fields.h>

#include "http/answer.h"
#include "http/request.h"

#define TYPE_TEXT "text/plain; charset=utf-8"

static void answer_word(struct exchange *exchange, int status, const char *word)
{
	buffer_put_string(&exchange->text, word);
	answer_text(exchange, status, TYPE_TEXT);
}

void health_serve_metrics(struct exchange *exchange)
{
	if (!exchange_may_read(exchange))
		return;
	health_write_metrics(&exchange->text);
	answer_text(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8");
}

void health_serve_alive(struct exchange *exchange)
{
	answer_word(exchange, MHD_HTTP_OK, "ok\n");
}

/* The job of the probe need not exist. */
static void finish(struct exchange *exchange)
{
	enum err code = exchange->call.fault.code;
	bool is_ready = code == ERR_OK || code == ERR_NOT_FOUND;
	answer_word(exchange, is_ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, is_ready ? "ready\n" : "not ready\n");
}

void health_serve_ready(struct exchange *exchange)
{
	struct request request;
	request_init(&request, &exchange->arena);
	request_put_text(&request, GET_PROGRESS_REQUEST__JOB_ID, "readyz");
	exchange->is_own_call = true;
	request_make(&request, exchange, "GetProgress", finish);
}
