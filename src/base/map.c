/*
 * Decides how keys are spread and kept: SipHash-1-3 under a secret of the process, open addressing with linear probing.
 * A removal moves the followers back into the gap, so that there are no markers of removed entries to clean up.
 */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_SLOTS = 16 };

static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void choose_secret(void)
{
	ssize_t got = getrandom(secret, sizeof secret, 0);
	assert(got == (ssize_t)sizeof secret);
}

static uint64_t rotated(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[0] = rotated(v[0], 32);
	v[2] += v[3];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[2] = rotated(v[2], 32);
}

static void sip_absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t map_hash(const void *bytes, size_t length)
{
	pthread_once(&secret_once, choose_secret);
	uint64_t v[4] = {secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d, secret[0] ^ 0x6c7967656e657261,
	                 secret[1] ^ 0x7465646279746573};
	const unsigned char *at = bytes;
	size_t left = length;
	for (; left >= 8; left -= 8, at += 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		sip_absorb(v, word);
	}
	uint64_t last = (uint64_t)length << 56;
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)at[i] << (8 * i);
	sip_absorb(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map)
{
	*map = (struct map){0};
}

void map_finish(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}

/* The slot of the key, or the empty one where it would go. There must be an empty one. */
static struct map_slot *slot_for(const struct map *map, const char *key, uint64_t hash)
{
	size_t mask = map->slot_count - 1;
	size_t place = hash & mask;
	while (map->slots[place].key != NULL) {
		if (map->slots[place].hash == hash && strcmp(map->slots[place].key, key) == 0)
			break;
		place = (place + 1) & mask;
	}
	return &map->slots[place];
}

static bool grow(struct map *map)
{
	struct map larger = {.count = map->count, .slot_count = map->slot_count == 0 ? FIRST_SLOTS : map->slot_count * 2};
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < map->slot_count; i++) {
		const struct map_slot *slot = &map->slots[i];
		if (slot->key != NULL)
			*slot_for(&larger, slot->key, slot->hash) = *slot;
	}
	free(map->slots);
	*map = larger;
	return true;
}

void *map_find(const struct map *map, const char *key)
{
	if (map->count == 0)
		return NULL;
	return slot_for(map, key, map_hash(key, strlen(key)))->value;
}

bool map_exchange(struct map *map, const char *key, void *value, void **ret_old)
{
	assert(key != NULL && value != NULL);
	if (map->slot_count == 0 && !grow(map))
		return false;
	uint64_t hash = map_hash(key, strlen(key));
	struct map_slot *slot = slot_for(map, key, hash);
	bool is_new = slot->key == NULL;
	if (is_new && (map->count + 1) * 4 > map->slot_count * 3) {
		if (!grow(map))
			return false;
		slot = slot_for(map, key, hash);
	}
	*ret_old = slot->value;
	/* The key is replaced, too: the old one may die with the old value. */
	*slot = (struct map_slot){.key = key, .value = value, .hash = hash};
	map->count += is_new;
	return true;
}

bool map_put(struct map *map, const char *key, void *value)
{
	void *old;
	return map_exchange(map, key, value, &old);
}

/* Fills the gap with the entries behind it that may stand nearer to where their hash wants them. */
static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->slot_count - 1;
	for (size_t next = (gap + 1) & mask; map->slots[next].key != NULL; next = (next + 1) & mask) {
		size_t wanted = map->slots[next].hash & mask;
		if (((next - wanted) & mask) < ((next - gap) & mask))
			continue;
		map->slots[gap] = map->slots[next];
		gap = next;
	}
	map->slots[gap] = (struct map_slot){0};
}

void *map_remove(struct map *map, const char *key)
{
	if (map->count == 0)
		return NULL;
	struct map_slot *slot = slot_for(map, key, map_hash(key, strlen(key)));
	if (slot->key == NULL)
		return NULL;
	void *value = slot->value;
	close_gap(map, (size_t)(slot - map->slots));
	map->count--;
	return value;
}

void *map_next(const struct map *map, size_t *position)
{
	while (*position < map->slot_count) {
		const struct map_slot *slot = &map->slots[(*position)++];
		if (slot->key != NULL)
			return slot->value;
	}
	return NULL;
}
