/*
 * Draws a bar: a filled part with an edge of eighths of a cell, and the track behind it. What was measured is solid;
 * what is only simulated is shaded. Without colours the bar stands in a frame, without block characters it is ASCII.
 */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include "terminal.h"
#include "text.h"

enum bar_tone { TONE_ACTIVE, TONE_GOOD, TONE_BAD, TONE_WARNING, TONE_QUIET };

struct bar {
	double fraction; /* 0 to 1; the rest is cut off */
	double measured; /* from here to fraction it is simulated; 1: nothing is */
	enum bar_tone tone;
};

/* Adds the bar in exactly `columns` columns, at least 3. It looks full only when the fraction is 1. */
void bar_add(struct text *text, const struct bar *bar, int columns, const struct terminal *terminal);

/* Adds the string in a tone; the string holds no escapes. */
void bar_add_toned(struct text *text, const char *string, enum bar_tone tone, const struct terminal *terminal);

#endif
