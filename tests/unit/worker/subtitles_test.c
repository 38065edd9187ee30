#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subtitles.h"

static void say(struct words *words, const char *text, double start, double end, bool ends_phrase)
{
	struct word word = {.start = start, .end = end, .confidence = 1, .ends_phrase = ends_phrase};
	snprintf(word.text, sizeof word.text, "%s", text);
	cr_assert(words_add(words, &word));
}

/* The file for the part; free it. */
static char *written(struct words *words, double start, double end)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	cr_assert(stream);
	subtitles_write(stream, words, start, end);
	fclose(stream);
	words_clear(words);
	return text;
}

static size_t line_count(const char *text)
{
	size_t count = 0;
	while ((text = strstr(text, "\nDialogue:")))
		count++, text++;
	return count;
}

Test(subtitles_write, counts_times_from_the_start_of_the_clip)
{
	struct words words = {0};
	say(&words, "good", 3725.5, 3726, false);
	say(&words, "morning", 3726, 3726.5, true);
	char *text = written(&words, 60, 4000);
	cr_assert(strstr(text, "Dialogue: 0,1:01:05.50,1:01:06.85,Words,,0,0,0,,{\\k50}good {\\k50}morning\n"), "%s", text);
	free(text);
}

Test(subtitles_write, leaves_out_words_of_other_parts)
{
	struct words words = {0};
	say(&words, "before", 1, 2, false);
	say(&words, "within", 11, 12, false);
	say(&words, "after", 21, 22, false);
	char *text = written(&words, 10, 20);
	cr_assert_not(strstr(text, "before"));
	cr_assert(strstr(text, "within"));
	cr_assert_not(strstr(text, "after"));
	free(text);
}

Test(subtitles_write, writes_a_file_without_lines_when_nothing_is_said)
{
	struct words words = {0};
	char *text = written(&words, 0, 10);
	cr_assert_eq(line_count(text), 0);
	cr_assert(strstr(text, "[Events]"));
	free(text);
}

Test(subtitles_write, ends_a_line_with_the_phrase_and_at_a_pause)
{
	struct words words = {0};
	say(&words, "one", 0, 0.5, true);
	say(&words, "two", 0.6, 1, false);
	say(&words, "three", 3, 3.5, false);
	char *text = written(&words, 0, 10);
	cr_assert_eq(line_count(text), 3);
	free(text);
}

Test(subtitles_write, keeps_lines_short_enough_to_read)
{
	struct words words = {0};
	for (int i = 0; i < 12; i++)
		say(&words, "wonderful", i * 0.5, i * 0.5 + 0.5, false);
	char *text = written(&words, 0, 10);
	cr_assert_eq(line_count(text), 6);
	free(text);
}

Test(subtitles_write, never_shows_two_lines_at_once)
{
	struct words words = {0};
	say(&words, "one", 0, 1, true);
	say(&words, "two", 1.1, 2, true);
	char *text = written(&words, 0, 10);
	cr_assert(strstr(text, "Dialogue: 0,0:00:00.00,0:00:01.10,"), "%s", text);
	free(text);
}

Test(subtitles_write, lets_no_word_become_a_command)
{
	struct words words = {0};
	say(&words, "{\\fs99}\n", 0, 1, true);
	char *text = written(&words, 0, 10);
	cr_assert(strstr(text, "{\\k100}(/fs99) \n"), "%s", text);
	free(text);
}
