/* Chunked bodies: where they end, and what breaks them. */
#include "http/chunks.h"

#include <criterion/criterion.h>
#include <string.h>

/* Follows the text in pieces of that size; returns how much of it belongs to the body. */
static size_t follow(struct chunks *chunks, const char *text, size_t piece)
{
	size_t place = 0, length = strlen(text);
	chunks_init(chunks);
	while (place < length && chunks->place != CHUNKS_OVER && chunks->place != CHUNKS_BROKEN) {
		size_t part = length - place < piece ? length - place : piece;
		place += chunks_follow(chunks, text + place, part);
	}
	return place;
}

Test(chunks_follow, ends_behind_the_empty_line)
{
	const char *text = "4\r\nWiki\r\nA\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1";
	for (size_t piece = 1; piece < strlen(text); piece++) {
		struct chunks chunks;
		cr_assert_eq(follow(&chunks, text, piece), strlen(text) - strlen("GET / HTTP/1.1"));
		cr_assert_eq(chunks.place, CHUNKS_OVER);
	}
}

Test(chunks_follow, breaks_at_what_readers_read_differently)
{
	const char *const texts[] = {"\r\n",          "4\nWiki",      "4 \r\nWiki",    "4;a=b\r\nWiki",
	                             "0x4\r\nWiki",   "-4\r\nWiki",   "g\r\n",         "4\r\nWikiX\r\n",
	                             "4\r\nWiki\n",   "4\r\nWiki\rX", "0\r\nA: b\r\n", "0\r\n\n",
	                             "123456789\r\n", "4\rWiki",      " 4\r\n",        "+4\r\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (size_t piece = 1; piece <= strlen(texts[i]); piece++) {
			struct chunks chunks;
			follow(&chunks, texts[i], piece);
			cr_assert_eq(chunks.place, CHUNKS_BROKEN, "%s", texts[i]);
		}
	}
}
