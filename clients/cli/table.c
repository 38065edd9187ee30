/* Widths are known only when the rows are, so cells are kept until they are printed. */
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, LAST_COLUMN_MIN = 12 };

void table_init(struct table *table, const char *heads)
{
	*table = (struct table){.has_heads = true};
	char *copy = text_copy(heads);
	for (char *rest, *head = strtok_r(copy, "\t", &rest); head != NULL; head = strtok_r(NULL, "\t", &rest)) {
		assert(table->column_count < TABLE_COLUMNS_MAX);
		bool right = head[0] == '>';
		table->align_right[table->column_count] = right;
		table->heads[table->column_count] = text_copy(right ? head + 1 : head);
		table->widths[table->column_count] = text_columns(head) - (right ? 1 : 0);
		table->column_count++;
	}
	free(copy);
}

static void forget_cells(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].string);
	table->cell_count = 0;
}

void table_finish(struct table *table)
{
	forget_cells(table);
	free(table->cells);
	for (int i = 0; i < table->column_count; i++)
		free(table->heads[i]);
	*table = (struct table){0};
}

static void add(struct table *table, const char *string, int drawn_columns)
{
	if (table->cell_count == table->cell_capacity) {
		table->cell_capacity = table->cell_capacity == 0 ? 64 : 2 * table->cell_capacity;
		table->cells = text_must_have(realloc(table->cells, table->cell_capacity * sizeof(table->cells[0])));
	}
	int *width = &table->widths[table->cell_count % (size_t)table->column_count];
	int columns = drawn_columns >= 0 ? drawn_columns : text_columns(string);
	*width = columns > *width ? columns : *width;
	table->cells[table->cell_count++] = (struct table_cell){text_copy(string), drawn_columns};
}

void table_add(struct table *table, const char *string)
{
	add(table, string, -1);
}

void table_add_drawn(struct table *table, const char *string, int columns)
{
	add(table, string, columns);
}

void table_addf(struct table *table, const char *format, ...)
{
	char string[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(string, sizeof(string), format, arguments);
	va_end(arguments);
	add(table, string, -1);
}

static void add_cell(struct text *line, const struct table *table, int column, const struct table_cell *cell, int width)
{
	bool is_last = column == table->column_count - 1;
	if (is_last && cell->drawn_columns < 0) {
		text_add_cut(line, cell->string, width);
		return;
	}
	int columns = cell->drawn_columns >= 0 ? cell->drawn_columns : text_columns(cell->string);
	int fill = width > columns ? width - columns : 0;
	text_add_repeated(line, " ", table->align_right[column] ? fill : 0);
	if (cell->drawn_columns >= 0)
		text_add(line, cell->string);
	else
		text_add_cut(line, cell->string, -1);
	text_add_repeated(line, " ", (table->align_right[column] || is_last ? 0 : fill) + (is_last ? 0 : GAP));
}

static void print_row(const struct table *table, const struct table_cell *cells, int last_width)
{
	struct text line = {0};
	for (int i = 0; i < table->column_count; i++)
		add_cell(&line, table, i, &cells[i], i == table->column_count - 1 ? last_width : table->widths[i]);
	while (line.length > 0 && line.bytes[line.length - 1] == ' ')
		line.bytes[--line.length] = '\0';
	puts(text_string(&line));
	text_finish(&line);
}

static int last_column_width(const struct table *table, int columns)
{
	if (columns < 0)
		return -1;
	for (int i = 0; i < table->column_count - 1; i++)
		columns -= table->widths[i] + GAP;
	return columns > LAST_COLUMN_MIN ? columns : LAST_COLUMN_MIN;
}

void table_print(struct table *table, int columns)
{
	int last_width = last_column_width(table, columns);
	if (table->has_heads) {
		struct table_cell heads[TABLE_COLUMNS_MAX];
		for (int i = 0; i < table->column_count; i++)
			heads[i] = (struct table_cell){table->heads[i], -1};
		print_row(table, heads, last_width);
		table->has_heads = false;
	}
	for (size_t i = 0; i < table->cell_count; i += (size_t)table->column_count)
		print_row(table, &table->cells[i], last_width);
	forget_cells(table);
}
