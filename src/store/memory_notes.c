/* Each note is one block, by its key in a map. */
#include "store/memory_notes.h"

#include <stdlib.h>
#include <string.h>

struct memory_note {
	uint64_t revision;
	size_t length;
	const uint8_t *bytes; /* behind the key */
	char key[];
};

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
}

enum err memory_notes_load(const struct map *notes, const char *key, struct store_note *ret_note, struct fault *fault)
{
	const struct memory_note *found = map_find(notes, key);
	struct store_note note = {0};
	if (found != NULL) {
		note = (struct store_note){malloc(found->length + 1), found->length, found->revision};
		if (note.bytes == NULL)
			return no_memory(fault);
		memcpy(note.bytes, found->bytes, found->length);
	}
	*ret_note = note;
	return ERR_OK;
}

static struct memory_note *create(const char *key, uint64_t revision, const uint8_t *bytes, size_t length)
{
	size_t key_bytes = strlen(key) + 1;
	struct memory_note *note = malloc(sizeof *note + key_bytes + length);
	if (note == NULL)
		return NULL;
	memcpy(note->key, key, key_bytes);
	if (length > 0)
		memcpy(note->key + key_bytes, bytes, length);
	note->bytes = (const uint8_t *)note->key + key_bytes;
	note->length = length;
	note->revision = revision;
	return note;
}

enum err memory_notes_put(struct map *notes, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                          size_t length, bool *ret_is_conflict, struct fault *fault)
{
	struct memory_note *former = map_find(notes, key);
	bool is_conflict = (former != NULL ? former->revision : 0) != expected_revision;
	if (!is_conflict) {
		struct memory_note *note = create(key, expected_revision + 1, bytes, length);
		if (note == NULL)
			return no_memory(fault);
		if (former != NULL)
			map_remove(notes, key);
		if (!map_put(notes, note->key, note)) {
			/* Where one was removed there is room for it to come back. */
			(void)(former != NULL && map_put(notes, former->key, former));
			free(note);
			return no_memory(fault);
		}
		free(former);
	}
	*ret_is_conflict = is_conflict;
	return ERR_OK;
}

void memory_notes_finish(struct map *notes)
{
	struct memory_note *note;
	for (size_t position = 0; (note = map_next(notes, &position)) != NULL;)
		free(note);
	map_finish(notes);
}
