/*
 * The jobs of a memory store in the order of their creation. Rows only rise and are never used again. Not safe for use
 * by two threads at once.
 */
#ifndef STORE_MEMORY_ROWS_H
#define STORE_MEMORY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_entry;

struct memory_row {
	int64_t row;
	struct memory_entry *entry; /* NULL: removed, a gap */
};

struct memory_rows {
	struct memory_row *rows; /* rising; at most half of them are gaps, but for a few */
	size_t count;
	size_t capacity;
	size_t gaps;
	int64_t last_row;
};

/* Makes room for so many more rows. False: no memory, nothing changed. */
bool memory_rows_reserve(struct memory_rows *rows, size_t count);

/* Appends the entry, for which room was made, and returns its row. */
int64_t memory_rows_append(struct memory_rows *rows, struct memory_entry *entry);

/* Takes out the row, which must exist. Costs O(log n) on average. */
void memory_rows_remove(struct memory_rows *rows, int64_t row);

/* Index of the first row that is not before the given one; rows->count if all are. */
size_t memory_rows_place(const struct memory_rows *rows, int64_t row);

void memory_rows_finish(struct memory_rows *rows);

#endif
