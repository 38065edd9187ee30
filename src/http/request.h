/* Messages to the service made from the parts of a URL, written field by field. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/exchange.h"

#define REQUEST_SERVICE "/progress.v1.ProgressTrackerService/"

struct request {
	struct arena *arena;
	uint8_t *at; /* in the arena */
	size_t length;
	size_t capacity;
	bool is_full; /* the arena is */
};

void request_init(struct request *request, struct arena *arena);

/* Appends a string or number field; an empty or NULL string and the number 0 are left out. */
void request_put_text(struct request *request, uint32_t field, const char *text);
void request_put_number(struct request *request, uint32_t field, uint64_t number);

/* Appends bytes as a field, even if there are none. */
void request_put_bytes(struct request *request, uint32_t field, const void *bytes, size_t length);

/* Appends what is serialized already. */
void request_append(struct request *request, const void *bytes, size_t length);

/* Calls "GetProgress" and the like with it, without a deadline, or answers that there was no memory. */
void request_make(struct request *request, struct exchange *exchange, const char *method,
                  void (*finish)(struct exchange *exchange));

#endif
