/* The common fields, and the shape of errors. */
#include "http/answer.h"

#include <string.h>

#include "base/metrics.h"
#include "http/origin.h"
#include "wire/json.h"

static void add(struct MHD_Response *response, const char *name, const char *value)
{
	/* Without memory for a field the answer goes without it; what must not be left out is checked by the caller. */
	(void)!MHD_add_response_header(response, name, value);
}

/* Pages of origins that were named may read the answer; those of others may not even embed it. */
static void add_sharing(const struct exchange *exchange, struct MHD_Response *response)
{
	const struct origin_rules *rules = &exchange->server->rules;
	const char *origin = rules->origin_count > 0 ? exchange_field(exchange, MHD_HTTP_HEADER_ORIGIN) : NULL;
	if (rules->origin_count > 0)
		add(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ORIGIN);
	if (origin == NULL || !origin_is_friend(rules, origin)) {
		add(response, "Cross-Origin-Resource-Policy", "same-origin");
		return;
	}
	add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, "Progress-Durability");
}

void answer_add_common(const struct exchange *exchange, struct MHD_Response *response)
{
	add(response, "X-Content-Type-Options", "nosniff");
	add_sharing(exchange, response);
	if (atomic_load_explicit(&exchange->server->is_draining, memory_order_relaxed))
		add(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

void answer_response(struct exchange *exchange, int status, struct MHD_Response *response)
{
	exchange->answer_status = status;
	exchange->is_answered = MHD_queue_response(exchange->connection, (unsigned)status, response) == MHD_YES;
	MHD_destroy_response(response);
}

void answer_text_with(struct exchange *exchange, int status, const char *type, const char *const *fields)
{
	struct buffer *text = &exchange->text;
	struct MHD_Response *response =
	    text->is_full ? NULL : MHD_create_response_from_buffer(text->length, text->at, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return;
	if (type != NULL)
		add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	answer_add_common(exchange, response);
	for (; fields != NULL && fields[0] != NULL; fields += 2)
		add(response, fields[0], fields[1]);
	exchange->answer_bytes = text->length;
	answer_response(exchange, status, response);
}

void answer_text(struct exchange *exchange, int status, const char *type)
{
	answer_text_with(exchange, status, type, NULL);
}

void answer_write_fault(struct buffer *out, const struct fault *fault)
{
	buffer_put_string(out, "{\"code\":\"");
	buffer_put_string(out, err_text(fault->code));
	buffer_put_string(out, "\",\"message\":");
	json_put_string(out, fault->text, strlen(fault->text));
	buffer_put_char(out, '}');
}

void answer_fault_with(struct exchange *exchange, int status, const struct fault *fault, const char *const *fields)
{
	buffer_clear(&exchange->text);
	answer_write_fault(&exchange->text, fault);
	answer_text_with(exchange, status, ANSWER_JSON, fields);
}

void answer_fault_as(struct exchange *exchange, int status, const struct fault *fault)
{
	answer_fault_with(exchange, status, fault, NULL);
}

void answer_fault_of(struct exchange *exchange, const struct fault *fault)
{
	static const char *const challenge[] = {MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer", NULL};
	answer_fault_with(exchange, err_http_status(fault->code), fault,
	                  fault->code == ERR_UNAUTHENTICATED ? challenge : NULL);
}
