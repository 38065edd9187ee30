/* A short list is enough: who was told long ago hardly comes up again, and would only be told once more. */
#include "cancels.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { TOLD_MAX = 64 };

static bool knows(const struct cancels *cancels, const struct prg_progress *progress)
{
	for (const struct cancel *cancel = cancels->first; cancel != NULL; cancel = cancel->next)
		if (cancel->create_time_ms == progress->create_time_ms && strcmp(cancel->job_id, progress->job_id) == 0)
			return true;
	return false;
}

bool cancels_has(const struct cancels *cancels, const char *job_id, uint64_t revision)
{
	for (const struct cancel *cancel = cancels->first; cancel != NULL; cancel = cancel->next)
		if (cancel->revision <= revision && strcmp(cancel->job_id, job_id) == 0)
			return true;
	return false;
}

bool cancels_note(struct cancels *cancels, const struct prg_progress *progress)
{
	if (knows(cancels, progress))
		return false;
	size_t bytes = strlen(progress->job_id) + strlen(progress->cancel_reason) + 2;
	struct cancel *cancel = calloc(1, sizeof *cancel + bytes);
	if (cancel == NULL)
		return false;
	cancel->create_time_ms = progress->create_time_ms;
	cancel->revision = progress->revision;
	char *place = cancel->job_id;
	text_put(&place, progress->job_id);
	cancel->reason = place;
	text_put(&place, progress->cancel_reason);
	struct cancel **end = &cancels->first;
	while (*end != NULL)
		end = &(*end)->next;
	*end = cancel;
	cancels->count++;
	return true;
}

static void forget_first(struct cancels *cancels)
{
	struct cancel *first = cancels->first;
	cancels->first = first->next;
	cancels->count--;
	free(first);
}

const struct cancel *cancels_take(struct cancels *cancels)
{
	while (cancels->count > TOLD_MAX && cancels->first->told)
		forget_first(cancels);
	for (struct cancel *cancel = cancels->first; cancel != NULL; cancel = cancel->next) {
		if (cancel->told)
			continue;
		cancel->told = true;
		return cancel;
	}
	return NULL;
}

void cancels_clear(struct cancels *cancels)
{
	while (cancels->first != NULL)
		forget_first(cancels);
}
