/* A job in a memory store: a fixed part that map, rows and timers point to, and a content that each put replaces. */
#ifndef STORE_MEMORY_ENTRY_H
#define STORE_MEMORY_ENTRY_H

#include "base/timer_queue.h"
#include "store/store.h"

/* A record with all it points to, in one block. */
struct memory_content {
	struct store_record record;
	char bytes[];
};

struct memory_entry {
	struct timer expiry; /* waits while the record's expires_ms is set */
	int64_t row;
	struct memory_content *content; /* NULL until first committed */
	char job_id[];
};

/* A copy that owns everything; NULL strings become empty. NULL: no memory. To be freed by free(). */
struct memory_content *memory_content_create(const struct store_record *record);

/* An entry without content. NULL: no memory. */
struct memory_entry *memory_entry_create(const char *job_id);

/* Frees the entry and its content; accepts NULL. */
void memory_entry_destroy(struct memory_entry *entry);

#endif
