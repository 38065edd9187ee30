/* A map against a plain array that does the same slowly. */
#include "base/map.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"

enum { KEYS = 300 };

struct entry {
	char key[24];
	char key_again[24]; /* equal, elsewhere in memory */
	bool is_in;
	int values[2];
	int *value;
};

static struct entry entries[KEYS];

static void make_entries(void)
{
	for (int i = 0; i < KEYS; i++) {
		snprintf(entries[i].key, sizeof entries[i].key, "job-%d", i);
		memcpy(entries[i].key_again, entries[i].key, sizeof entries[i].key);
	}
}

static void check_steps(const struct map *map, size_t count)
{
	size_t position = 0, seen = 0;
	for (int *value; (value = map_next(map, &position)) != NULL; seen++) {
		struct entry *entry = &entries[*value];
		cr_assert(entry->is_in);
		cr_assert_eq(entry->value, value);
	}
	cr_assert_eq(seen, count);
}

static bool step(struct map *map, struct entry *entry, uint64_t choice)
{
	bool was_in = entry->is_in;
	if (choice == 0) {
		cr_assert_eq(map_remove(map, entry->key_again), was_in ? entry->value : NULL);
		entry->is_in = false;
	} else {
		entry->value = &entry->values[choice - 1];
		*entry->value = (int)(entry - entries);
		cr_assert(map_put(map, choice == 1 ? entry->key : entry->key_again, entry->value));
		entry->is_in = true;
	}
	return was_in;
}

Test(map_put, agrees_with_a_plain_array_over_random_steps)
{
	struct random random;
	random_start(&random, "map_put");
	make_entries();
	struct map map;
	map_init(&map);
	size_t count = 0;
	for (int i = 0; i < 100000; i++) {
		/* The number of keys in play rises and falls, so that the map is nearly empty and nearly full at times. */
		struct entry *entry = &entries[random_below(&random, 1 + (uint64_t)(i / 100 % KEYS))];
		uint64_t choice = random_below(&random, 3);
		bool was_in = step(&map, entry, choice);
		count = count - was_in + entry->is_in;
		cr_assert_eq(map.count, count);
		const struct entry *other = &entries[random_below(&random, KEYS)];
		cr_assert_eq(map_find(&map, other->key_again), other->is_in ? other->value : NULL);
		if (i % 1000 == 0)
			check_steps(&map, count);
	}
	check_steps(&map, count);
	cr_assert_leq(map.count * 4, map.slot_count * 3);
	map_finish(&map);
}

Test(map_put, takes_the_new_key_when_it_replaces_a_value)
{
	struct map map = {0};
	char first[] = "key", second[] = "key";
	int a, b;
	cr_assert(map_put(&map, first, &a));
	cr_assert(map_put(&map, second, &b));
	memset(first, 'x', 3);
	cr_assert_eq(map_find(&map, "key"), &b);
	cr_assert_eq(map.count, 1);
	map_finish(&map);
}

Test(map_find, finds_nothing_in_a_map_that_was_never_used)
{
	struct map map = {0};
	size_t position = 0;
	cr_assert_null(map_find(&map, "a"));
	cr_assert_null(map_remove(&map, "a"));
	cr_assert_null(map_next(&map, &position));
	map_finish(&map);
}

Test(map_hash, depends_on_every_byte_and_on_the_length)
{
	unsigned char bytes[40] = {0};
	for (size_t length = 0; length <= sizeof bytes; length++) {
		uint64_t hash = map_hash(bytes, length);
		cr_assert_eq(hash, map_hash(bytes, length));
		if (length > 0)
			cr_assert_neq(hash, map_hash(bytes, length - 1));
		for (size_t i = 0; i < length; i++) {
			bytes[i] = 1;
			cr_assert_neq(hash, map_hash(bytes, length));
			bytes[i] = 0;
		}
	}
}
