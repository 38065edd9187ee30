/* What a line is: \r ends it, too, because programs draw their progress with it. */
#include "lines.h"

void lines_end(struct lines *lines)
{
	if (!lines->length)
		return;
	lines->text[lines->length] = '\0';
	lines->length = 0;
	lines->take(lines->context, lines->text);
}

void lines_feed(struct lines *lines, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			lines_end(lines);
		else if (lines->length < sizeof lines->text - 1 && bytes[i])
			lines->text[lines->length++] = bytes[i];
	}
}
