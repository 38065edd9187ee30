/* A sorted array: appending keeps it sorted, removing leaves a gap, and many gaps are closed at once. */
#include "store/memory_rows.h"

#include <assert.h>
#include <stdlib.h>

enum { GAPS_TOLERATED = 64 };

bool memory_rows_reserve(struct memory_rows *rows, size_t count)
{
	if (rows->capacity - rows->count >= count)
		return true;
	size_t capacity = rows->capacity * 2 > rows->count + count ? rows->capacity * 2 : rows->count + count;
	struct memory_row *grown = reallocarray(rows->rows, capacity, sizeof *grown);
	if (grown == NULL)
		return false;
	rows->rows = grown;
	rows->capacity = capacity;
	return true;
}

int64_t memory_rows_append(struct memory_rows *rows, struct memory_entry *entry)
{
	assert(rows->count < rows->capacity);
	rows->rows[rows->count++] = (struct memory_row){.row = ++rows->last_row, .entry = entry};
	return rows->last_row;
}

static void close_gaps(struct memory_rows *rows)
{
	size_t kept = 0;
	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].entry != NULL)
			rows->rows[kept++] = rows->rows[i];
	rows->count = kept;
	rows->gaps = 0;
}

void memory_rows_remove(struct memory_rows *rows, int64_t row)
{
	size_t place = memory_rows_place(rows, row);
	assert(place < rows->count && rows->rows[place].row == row && rows->rows[place].entry != NULL);
	rows->rows[place].entry = NULL;
	rows->gaps++;
	if (rows->gaps > GAPS_TOLERATED && rows->gaps > rows->count / 2)
		close_gaps(rows);
}

size_t memory_rows_place(const struct memory_rows *rows, int64_t row)
{
	size_t low = 0, high = rows->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rows->rows[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void memory_rows_finish(struct memory_rows *rows)
{
	free(rows->rows);
	*rows = (struct memory_rows){0};
}
