/* How words become lines: a line ends with a phrase, at a pause, and before it grows too long. */
#include "subtitles.h"

#include <math.h>
#include <string.h>

enum { LINE_CHARACTERS_MAX = 24 };
static const double pause_seconds = 0.6;
static const double linger_seconds = 0.35; /* a line stays a moment after its last word */

static const char head[] =
    "[Script Info]\n"
    "ScriptType: v4.00+\n"
    "PlayResX: %d\n"
    "PlayResY: %d\n"
    "WrapStyle: 0\n"
    "ScaledBorderAndShadow: yes\n"
    "\n"
    "[V4+ Styles]\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    "MarginV, Encoding\n"
    "Style: Words,DejaVu Sans,40,&H0033E0FF,&H00FFFFFF,&H00101010,&H80000000,-1,0,0,0,100,100,0,0,1,3,1,2,24,24,170,1\n"
    "\n"
    "[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";

static void write_time(FILE *stream, double seconds)
{
	long centiseconds = lround(fmax(seconds, 0) * 100);
	fprintf(stream, "%ld:%02ld:%02ld.%02ld", centiseconds / 360000, centiseconds / 6000 % 60, centiseconds / 100 % 60,
	        centiseconds % 100);
}

/* Braces and backslashes are commands, so others take their place. */
static void write_text(FILE *stream, const char *text)
{
	static const char commands[] = "{}\\", places[] = "()/";
	for (; *text; text++) {
		const char *command = strchr(commands, *text);
		if (command)
			fputc(places[command - commands], stream);
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
	}
}

/* How many of the words go into the line that begins with the first. */
static size_t line_length(const struct word *words, size_t count)
{
	size_t characters = strlen(words[0].text);
	for (size_t i = 1; i < count; i++) {
		characters += 1 + strlen(words[i].text);
		if (words[i - 1].ends_phrase || words[i].start - words[i - 1].end > pause_seconds ||
		    characters > LINE_CHARACTERS_MAX)
			return i;
	}
	return count;
}

/* `until` is when the next line begins. */
static void write_line(FILE *stream, const struct word *words, size_t count, double origin, double until)
{
	double start = fmax(words[0].start, origin);
	fputs("Dialogue: 0,", stream);
	write_time(stream, start - origin);
	fputc(',', stream);
	write_time(stream, fmin(words[count - 1].end + linger_seconds, until) - origin);
	fputs(",Words,,0,0,0,,", stream);
	for (size_t i = 0; i < count; i++) {
		double next = i + 1 < count ? words[i + 1].start : words[i].end;
		fprintf(stream, "{\\k%ld}", lround(fmax(next - fmax(words[i].start, start), 0) * 100));
		write_text(stream, words[i].text);
		fputs(i + 1 < count ? " " : "\n", stream);
	}
}

void subtitles_write(FILE *stream, const struct words *words, double start, double end)
{
	size_t count;
	size_t first = words_between(words, start, end, &count);
	fprintf(stream, head, SUBTITLES_WIDTH, SUBTITLES_HEIGHT);
	while (count > 0) {
		const struct word *line = words->items + first;
		size_t length = line_length(line, count);
		write_line(stream, line, length, start, length < count ? fmin(line[length].start, end) : end);
		first += length;
		count -= length;
	}
}
