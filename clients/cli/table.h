/* A table with aligned columns: cells are added one after the other, row by row. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum { TABLE_COLUMNS_MAX = 12 };

struct table_cell {
	char *string;      /* with escapes already, if is_drawn */
	int drawn_columns; /* width of a drawn cell; -1: a string for people */
};

struct table {
	int column_count;
	int widths[TABLE_COLUMNS_MAX]; /* of the widest cell so far */
	bool align_right[TABLE_COLUMNS_MAX];
	bool has_heads; /* the heads are still to be printed */
	char *heads[TABLE_COLUMNS_MAX];
	struct table_cell *cells;
	size_t cell_count;
	size_t cell_capacity;
};

/* Makes an empty table. `heads` are separated by tabs; a head that begins with '>' is for a column aligned right. */
void table_init(struct table *table, const char *heads);
void table_finish(struct table *table);

/* Adds a cell: a string for people, copied. */
void table_add(struct table *table, const char *string);
void table_addf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a cell that is drawn already (it may hold escapes) and takes `columns` columns. */
void table_add_drawn(struct table *table, const char *string, int columns);

/* Prints the rows that are there, before the first ones the heads, and forgets them, but keeps the widths. The last
 * column is cut so that a line takes at most `columns`; < 0: no limit. */
void table_print(struct table *table, int columns);

#endif
