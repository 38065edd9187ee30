/* How a job lies in memory: one block for what never changes, one for what does. */
#include "store/memory_entry.h"

#include <stdlib.h>
#include <string.h>

static size_t text_bytes(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 1;
}

/* Copies the text to *end, moves *end behind it, and returns the copy. */
static const char *append_text(char **end, const char *text)
{
	char *copy = *end;
	size_t bytes = text_bytes(text);
	memcpy(copy, text != NULL ? text : "", bytes);
	*end += bytes;
	return copy;
}

struct memory_content *memory_content_create(const struct store_record *record)
{
	size_t bytes = text_bytes(record->job_id) + text_bytes(record->pipeline) + text_bytes(record->parent) +
	               text_bytes(record->message) + record->payload_bytes;
	struct memory_content *content = malloc(sizeof *content + bytes);
	if (content == NULL)
		return NULL;
	char *end = content->bytes;
	content->record = *record;
	content->record.job_id = append_text(&end, record->job_id);
	content->record.pipeline = append_text(&end, record->pipeline);
	content->record.parent = append_text(&end, record->parent);
	content->record.message = append_text(&end, record->message);
	content->record.payload = (const uint8_t *)end;
	if (record->payload_bytes > 0)
		memcpy(end, record->payload, record->payload_bytes);
	return content;
}

struct memory_entry *memory_entry_create(const char *job_id)
{
	size_t bytes = strlen(job_id) + 1;
	struct memory_entry *entry = calloc(1, sizeof *entry + bytes);
	if (entry != NULL)
		memcpy(entry->job_id, job_id, bytes);
	return entry;
}

void memory_entry_destroy(struct memory_entry *entry)
{
	if (entry == NULL)
		return;
	free(entry->content);
	free(entry);
}
