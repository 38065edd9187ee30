#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"

static const struct media media = {.seconds = 12.5, .has_video = true, .width = 640, .height = 360};
static const struct results_origin origin = {
    .job_id = "job-1", .source = "http://a/\"b\"", .source_sha256 = "00ff", .media = &media};

static struct words two_phrases(void)
{
	static struct word items[] = {{.text = "good", .start = 0.5, .end = 1, .confidence = 0.9},
	                              {.text = "morning", .start = 1, .end = 1.5, .confidence = 1, .ends_phrase = true},
	                              {.text = "bye", .start = 9, .end = 9.5, .confidence = 0.5}};
	return (struct words){.items = items, .count = 3};
}

static void expect(FILE *stream, char **text, const char *wanted)
{
	fclose(stream);
	cr_expect(strstr(*text, wanted), "no «%s» in «%s»", wanted, *text);
	free(*text);
}

Test(results_write_json_string, escapes_what_json_cannot_hold)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	results_write_json_string(stream, "a\"b\\c\n\x01é");
	expect(stream, &text, "\"a\\\"b\\\\c\\u000a\\u0001é\"");
}

Test(results_write_text, writes_a_line_for_each_phrase)
{
	char *text;
	size_t size;
	struct words words = two_phrases();
	FILE *stream = open_memstream(&text, &size);
	results_write_text(stream, &words);
	expect(stream, &text, "good morning\nbye\n");
}

Test(results_write_transcript, gives_each_word_its_time)
{
	char *text;
	size_t size;
	struct words words = two_phrases();
	FILE *stream = open_memstream(&text, &size);
	results_write_transcript(stream, &origin, &words);
	expect(stream, &text, "{\"word\": \"good\", \"start\": 0.50, \"end\": 1.00, \"confidence\": 0.90},\n");
}

Test(results_write_transcript, writes_an_empty_list_when_nothing_is_said)
{
	char *text;
	size_t size;
	struct words words = {0};
	FILE *stream = open_memstream(&text, &size);
	results_write_transcript(stream, &origin, &words);
	expect(stream, &text,
	       "\"source\": \"http://a/\\\"b\\\"\",\n  \"source_sha256\": \"00ff\",\n"
	       "  \"source_seconds\": 12.500,\n  \"words\": []\n}\n");
}

Test(results_write_clips, lists_the_words_of_each_clip)
{
	char *text;
	size_t size;
	struct words words = two_phrases();
	struct clip clips[] = {{.start = 0, .end = 8, .score = 0.5}, {.start = 8, .end = 12, .score = 0.25}};
	uint64_t sizes[] = {1000, 2000};
	FILE *stream = open_memstream(&text, &size);
	results_write_clips(stream, &origin, &words, clips, sizes, 2);
	expect(stream, &text,
	       "{\"file\": \"clip-2.mp4\", \"bytes\": 2000, \"start\": 8.000, \"end\": 12.000, "
	       "\"score\": 0.250,\n     \"words\": [\"bye\"]}");
}
