/* With 256 colours the track is a background, so that the edge can be drawn to an eighth of a cell without gaps. */
#include "bar.h"

#include <assert.h>

static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
static const char *const shades[] = {"", "░", "░", "░", "░", "░", "▒", "▒"};

static const char *tone_code(enum bar_tone tone, enum terminal_paint paint)
{
	static const char *const many[] = {"38;5;39", "38;5;41", "38;5;203", "38;5;220", "38;5;245"};
	static const char *const few[] = {"36", "32", "31", "33", "90"};
	return paint == PAINT_256 ? many[tone] : few[tone];
}

struct cells {
	int solid;  /* whole cells that were measured */
	int shaded; /* whole cells that are simulated */
	int part;   /* eighths of the cell at the edge, 0 to 7 */
	int empty;
	bool edge_shaded;
};

static struct cells divide(const struct bar *bar, int columns)
{
	double fraction = bar->fraction > 0 ? (bar->fraction < 1 ? bar->fraction : 1) : 0;
	int filled = (int)(fraction * columns * 8 + 1e-9);
	int whole = filled / 8;
	bool simulated = bar->measured < fraction;
	int measured = simulated ? (int)(bar->measured * columns + 0.5) : whole;
	int solid = measured < 0 ? 0 : measured < whole ? measured : whole;
	int part = filled % 8;
	return (struct cells){.solid = solid,
	                      .shaded = whole - solid,
	                      .part = part,
	                      .empty = columns - whole - (part > 0 ? 1 : 0),
	                      .edge_shaded = simulated && measured <= whole};
}

static void add_ascii(struct text *text, const struct cells *cells)
{
	text_add_repeated(text, "=", cells->solid);
	text_add_repeated(text, "~", cells->shaded);
	text_add(text, cells->part > 0 ? ">" : "");
	text_add_repeated(text, " ", cells->empty);
}

static void add_blocks(struct text *text, const struct cells *cells)
{
	text_add_repeated(text, "█", cells->solid);
	text_add_repeated(text, "▒", cells->shaded);
	text_add(text, cells->edge_shaded ? shades[cells->part] : eighths[cells->part]);
	text_add_repeated(text, " ", cells->empty);
}

void bar_add(struct text *text, const struct bar *bar, int columns, const struct terminal *terminal)
{
	assert(columns >= 3);
	bool has_track = terminal->paint == PAINT_256 && terminal->has_blocks;
	struct cells cells = divide(bar, has_track ? columns : columns - 2);
	if (!terminal->has_blocks)
		text_add(text, "[");
	else if (!has_track)
		text_add(text, "▕");
	if (terminal->paint != PAINT_NONE)
		text_addf(text, "\x1b[%s%sm", tone_code(bar->tone, terminal->paint), has_track ? ";48;5;238" : "");
	if (terminal->has_blocks)
		add_blocks(text, &cells);
	else
		add_ascii(text, &cells);
	if (terminal->paint != PAINT_NONE)
		text_add(text, "\x1b[0m");
	if (!terminal->has_blocks)
		text_add(text, "]");
	else if (!has_track)
		text_add(text, "▏");
}

void bar_add_toned(struct text *text, const char *string, enum bar_tone tone, const struct terminal *terminal)
{
	if (terminal->paint != PAINT_NONE && string[0] != '\0')
		text_addf(text, "\x1b[%sm%s\x1b[0m", tone_code(tone, terminal->paint), string);
	else
		text_add(text, string);
}
