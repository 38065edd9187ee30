/* What goes on to the library: good requests unchanged however they are cut, a word of ours in the place of bad ones.
 */
#include "http/sieve.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"

enum { OUT_BYTES_MAX = 64 * 1024 };

static char out[OUT_BYTES_MAX];
static size_t out_bytes;

/* Sifts the text in pieces up to `piece` bytes, with room for as many at a time, as the intake does. */
static void sift(struct sieve *sieve, const char *text, size_t length, size_t piece)
{
	size_t place = 0;
	out_bytes = 0;
	*sieve = (struct sieve){0};
	while (place < length || sieve->ready != NULL) {
		bool is_good;
		out_bytes += sieve_take(sieve, out + out_bytes, piece);
		size_t part = length - place < piece ? length - place : piece;
		memcpy(out + out_bytes, text + place, part);
		place += part;
		out_bytes += sieve_sift(sieve, out + out_bytes, part, piece, &is_good);
		cr_assert(is_good);
	}
}

static void expect(const char *text, const char *wanted)
{
	for (size_t piece = 1; piece <= strlen(text); piece++) {
		struct sieve sieve;
		sift(&sieve, text, strlen(text), piece);
		cr_assert_eq(out_bytes, strlen(wanted), "%zu: %.*s", piece, (int)out_bytes, out);
		cr_assert_arr_eq(out, wanted, out_bytes);
		sieve_finish(&sieve);
	}
}

#define HEAD(line)      line " HTTP/1.1\r\nHost: a\r\n"
#define GET             HEAD("GET /") "\r\n"
#define REFUSED(number) "refused /" #number " HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n"

Test(sieve_sift, lets_good_requests_pass_as_they_are)
{
	expect(GET, GET);
	expect(GET GET, GET GET);
	expect(HEAD("POST /") "Content-Length: 5\r\n\r\nhello" GET, HEAD("POST /") "Content-Length: 5\r\n\r\nhello" GET);
	expect(HEAD("POST /") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET,
	       HEAD("POST /") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET);
	expect(HEAD("POST /") "Content-Length: 18\r\n\r\nGET / HTTP/1.1\n\n\r\n" GET,
	       HEAD("POST /") "Content-Length: 18\r\n\r\nGET / HTTP/1.1\n\n\r\n" GET);
}

Test(sieve_sift, lets_empty_lines_before_a_request_fall)
{
	expect("\r\n" GET "\r\n\r\n" GET, GET GET);
	struct sieve sieve;
	sift(&sieve, "\r\n\r\n\r\n" GET, strlen("\r\n\r\n\r\n" GET), 7);
	cr_assert_eq(sieve.place, SIEVE_SHUT, "not any number of them");
	sieve_finish(&sieve);
}

Test(sieve_sift, puts_a_word_of_ours_in_the_place_of_a_bad_request_and_nothing_behind)
{
	expect("GET / HTTP/1.1\r\n\r\n" GET, REFUSED(9));
	expect(GET "GET / HTTP/1.1\nHost: a\r\n\r\n" GET, GET REFUSED(1));
	expect(HEAD("POST /") "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET, REFUSED(8));
	expect("\x16\x03\x01\x02", REFUSED(3));
	expect("refused /1 HTTP/1.1\r\nHost: a\r\n\r\n", REFUSED(3));
}

Test(sieve_sift, keeps_the_beginning_of_a_head_back)
{
	struct sieve sieve;
	sift(&sieve, GET "GET / HT", strlen(GET "GET / HT"), 1000);
	cr_assert_eq(out_bytes, strlen(GET));
	cr_assert_eq(sieve.held_bytes, 8);
	sieve_finish(&sieve);
}

Test(sieve_sift, refuses_a_head_that_grows_too_large)
{
	static char text[HEAD_BYTES_MAX * 2];
	memset(text, 'a', sizeof text);
	memcpy(text, "GET /", 5);
	for (size_t piece = 100; piece < sizeof text; piece *= 3) {
		struct sieve sieve;
		sift(&sieve, text, sizeof text, piece);
		cr_assert_eq(out_bytes, strlen(REFUSED(13)));
		cr_assert_arr_eq(out, REFUSED(13), out_bytes);
		sieve_finish(&sieve);
	}
}

Test(sieve_sift, takes_a_head_of_any_size_before_a_large_body)
{
	static char text[OUT_BYTES_MAX - 1024];
	size_t head_bytes = (size_t)snprintf(text, sizeof text, HEAD("POST /") "Content-Length: 60000\r\n\r\n");
	memset(text + head_bytes, '\n', 60000);
	for (size_t piece = 20; piece <= 32768; piece *= 4) {
		struct sieve sieve;
		sift(&sieve, text, head_bytes + 60000, piece);
		cr_assert_eq(out_bytes, head_bytes + 60000);
		cr_assert_arr_eq(out, text, out_bytes);
		cr_assert_eq(sieve.place, SIEVE_HEAD);
		sieve_finish(&sieve);
	}
}

Test(sieve_sift, notes_a_broken_body)
{
	struct sieve sieve;
	const char *text = HEAD("POST /") "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n" GET;
	sift(&sieve, text, strlen(text), 1000);
	cr_assert_eq(sieve.broken, REFUSAL_BAD_CHUNK);
	cr_assert_eq(sieve.place, SIEVE_SHUT);
	cr_assert_eq(out_bytes, strlen(HEAD("POST /") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc"));
	sieve_finish(&sieve);
}

Test(sieve_sift, gives_the_same_however_the_bytes_are_cut)
{
	static const char *const parts[] = {GET, HEAD("POST /") "Content-Length: 3\r\n\r\nabc",
	                                    HEAD("POST /") "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "\r\n"};
	struct random random;
	random_start(&random, "sieve_sift");
	for (int round = 0; round < 2000; round++) {
		char text[4096] = "", wanted[4096] = "";
		bool may_be_blank = true;
		for (uint64_t count = 1 + random_below(&random, 10); count > 0; count--) {
			const char *part = parts[random_below(&random, may_be_blank ? 4 : 3)];
			may_be_blank = *part != '\r';
			strcat(text, part);
			strcat(wanted, may_be_blank ? part : "");
		}
		struct sieve sieve;
		size_t piece = 1 + random_below(&random, 300);
		sift(&sieve, text, strlen(text), piece);
		cr_assert_eq(out_bytes, strlen(wanted));
		cr_assert_arr_eq(out, wanted, out_bytes);
		sieve_finish(&sieve);
	}
}
