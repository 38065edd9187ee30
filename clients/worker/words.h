/* The words that were spoken, in order of time. */
#ifndef WORKER_WORDS_H
#define WORKER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORD_BYTES_MAX = 48, WORDS_MAX = 500000 };

struct word {
	char text[WORD_BYTES_MAX];
	double start, end; /* seconds in the source */
	double confidence; /* 0 to 1 */
	bool ends_phrase;  /* a pause follows */
};

struct words {
	struct word *items; /* owned */
	size_t count;
	size_t capacity;
};

/* Appends a copy. False: no memory, or more than WORDS_MAX. */
bool words_add(struct words *words, const struct word *word);

/* The words whose middle lies in start <= t < end: index of the first, and how many. */
size_t words_between(const struct words *words, double start, double end, size_t *ret_count);

/* Frees the words; the list is empty then. */
void words_clear(struct words *words);

#endif
