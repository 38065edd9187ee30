/* The notes of a memory store: of the committing thread alone. */
#ifndef STORE_MEMORY_NOTES_H
#define STORE_MEMORY_NOTES_H

#include "base/map.h"
#include "store/store.h"

/* As store_load_note and store_put_note. */
enum err memory_notes_load(const struct map *notes, const char *key, struct store_note *ret_note,
                           struct fault *fault) MUST_USE;
enum err memory_notes_put(struct map *notes, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                          size_t length, bool *ret_is_conflict, struct fault *fault) MUST_USE;

/* Frees all of them, and the map. */
void memory_notes_finish(struct map *notes);

#endif
