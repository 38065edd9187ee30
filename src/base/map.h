/*
 * A hash map from strings to pointers. Keys are borrowed: they must live, unchanged, as long as their entry; usually
 * they are a field of the value. The hash is keyed with a random secret, so that nobody can choose colliding keys.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	const char *key; /* NULL: empty */
	void *value;
	uint64_t hash;
};

struct map {
	struct map_slot *slots; /* a power of two of them, at most 3/4 in use; NULL while the map was never used */
	size_t slot_count;
	size_t count;
};

/* Makes an empty map; all zero is an empty map, too. */
void map_init(struct map *map);
void map_finish(struct map *map);

/* The value of the key, or NULL. */
void *map_find(const struct map *map, const char *key);

/* Sets the value of the key, which must not be NULL. False: no memory, nothing changed. */
bool map_put(struct map *map, const char *key, void *value);

/* The same; ret_old gets the value that the key had, or NULL. */
bool map_exchange(struct map *map, const char *key, void *value, void **ret_old);

/* Removes the key and returns its value, or NULL if there was none. */
void *map_remove(struct map *map, const char *key);

/* Steps through all values in no set order: start with *position = 0; NULL at the end. The map must not change
 * meanwhile. */
void *map_next(const struct map *map, size_t *position);

/* A keyed hash of the bytes, the same for the life of the process. */
uint64_t map_hash(const void *bytes, size_t length);

#endif
