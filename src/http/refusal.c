/* The list as a table. */
#include "http/refusal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *reason;
	const char *text;
	int status;
	enum err code;
} rows[REFUSAL_COUNT] = {
#define REFUSAL_ROW(NAME, http_status, err_code, description)                                                          \
	[REFUSAL_##NAME] = {#NAME, description, http_status, err_code},
    REFUSAL_LIST(REFUSAL_ROW)
#undef REFUSAL_ROW
};

int refusal_explain(enum refusal refusal, struct fault *fault)
{
	assert(refusal > REFUSAL_NONE && refusal < REFUSAL_COUNT);
	fault_set(fault, rows[refusal].code, rows[refusal].reason, "%s", rows[refusal].text);
	return rows[refusal].status;
}

size_t refusal_write(enum refusal refusal, char *out, size_t room)
{
	struct fault fault = {0};
	char body[sizeof fault.text + 64];
	int status = refusal_explain(refusal, &fault);
	int body_bytes =
	    snprintf(body, sizeof body, "{\"code\":\"%s\",\"message\":\"%s\"}", err_text(fault.code), fault.text);
	int length = snprintf(out, room,
	                      "HTTP/1.1 %d Refused\r\nConnection: close\r\nContent-Type: application/json\r\n"
	                      "X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n\r\n%s",
	                      status, body_bytes, body);
	return length > 0 && (size_t)length < room ? (size_t)length : 0;
}
