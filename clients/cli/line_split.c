/* A small machine that knows just enough of terminal escapes to leave them out. */
#include "line_split.h"

static void tell_line(struct line_split *split, line_split_fn *tell, void *context)
{
	split->line[split->length] = '\0';
	if (split->length > 0)
		tell(split->line, context);
}

static void end_line(struct line_split *split, line_split_fn *tell, void *context)
{
	if (!split->is_told)
		tell_line(split, tell, context);
	split->length = 0;
	split->is_told = false;
}

static void take_text(struct line_split *split, char byte, line_split_fn *tell, void *context)
{
	if (byte == '\x1b') {
		split->state = SPLIT_ESCAPE;
	} else if (byte == '\n' || byte == '\r' || byte == '\b') {
		end_line(split, tell, context);
	} else if (split->length < LINE_SPLIT_BYTES - 1) {
		if (byte == '\0' || byte == '\t')
			byte = ' ';
		split->line[split->length++] = byte;
		split->is_told = false;
	}
}

static void take(struct line_split *split, char byte, line_split_fn *tell, void *context)
{
	switch (split->state) {
	case SPLIT_TEXT:
		take_text(split, byte, tell, context);
		break;
	case SPLIT_ESCAPE:
		split->state = byte == '[' ? SPLIT_SEQUENCE : byte == ']' ? SPLIT_TITLE : SPLIT_TEXT;
		break;
	case SPLIT_SEQUENCE:
		if (byte < '@' || byte > '~')
			break;
		split->state = SPLIT_TEXT;
		if (byte != 'm')
			end_line(split, tell, context);
		break;
	case SPLIT_TITLE:
		if (byte == '\a' || byte == '\x1b' || byte == '\n')
			split->state = byte == '\x1b' ? SPLIT_ESCAPE : SPLIT_TEXT;
		break;
	}
}

void line_split_take(struct line_split *split, const char *bytes, size_t length, line_split_fn *tell, void *context)
{
	for (size_t i = 0; i < length; i++)
		take(split, bytes[i], tell, context);
}

void line_split_tell_rest(struct line_split *split, line_split_fn *tell, void *context)
{
	if (!split->is_told)
		tell_line(split, tell, context);
	split->is_told = true;
}

bool line_split_has_rest(const struct line_split *split)
{
	return split->length > 0 && !split->is_told;
}
