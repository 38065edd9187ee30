/* A growing list of words. */
#include "words.h"

#include <stdlib.h>

bool words_add(struct words *words, const struct word *word)
{
	if (words->count == WORDS_MAX)
		return false;
	if (words->count == words->capacity) {
		size_t capacity = words->capacity ? words->capacity * 2 : 256;
		struct word *items = realloc(words->items, capacity * sizeof *items);
		if (!items)
			return false;
		words->items = items;
		words->capacity = capacity;
	}
	words->items[words->count++] = *word;
	return true;
}

/* Index of the first word whose middle is not before t. */
static size_t first_from(const struct words *words, double t)
{
	size_t low = 0, high = words->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if ((words->items[middle].start + words->items[middle].end) / 2 < t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t words_between(const struct words *words, double start, double end, size_t *ret_count)
{
	size_t first = first_from(words, start);
	size_t after = first_from(words, end);
	*ret_count = after > first ? after - first : 0;
	return first;
}

void words_clear(struct words *words)
{
	free(words->items);
	*words = (struct words){0};
}
