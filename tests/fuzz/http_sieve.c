/*
 * Bytes of an HTTP connection: the first byte is the size of the pieces they come in. What goes on must not depend on
 * how they are cut, must be whole heads and their bodies, and must hold no line end but CRLF outside of bodies.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

struct output {
	char *at;
	size_t length;
	enum sieve_place place;
	enum refusal broken;
};

static struct output sift(const uint8_t *input, size_t length, size_t piece)
{
	/* A refused head is replaced by a request of ours, which is short. */
	struct output output = {.at = malloc(length + 2 * piece + 256)};
	struct sieve sieve = {0};
	size_t place = 0;
	while ((place < length && sieve.broken == REFUSAL_NONE) || sieve.ready != NULL) {
		bool is_good;
		output.length += sieve_take(&sieve, output.at + output.length, piece);
		size_t part = length - place < piece ? length - place : piece;
		memcpy(output.at + output.length, input + place, part);
		place += part;
		output.length += sieve_sift(&sieve, output.at + output.length, part, piece, &is_good);
		assert(is_good);
	}
	output.place = sieve.place;
	output.broken = sieve.broken;
	sieve_finish(&sieve);
	return output;
}

/* The heads in what goes on are well formed, all of them. */
static void check_heads(const struct output *output)
{
	struct head head;
	size_t length = head_length(output->at, output->length, 0);
	bool is_ours = output->length > 8 && memcmp(output->at, SIEVE_REFUSED_METHOD " ", 8) == 0;
	assert(output->length == 0 || length > 0);
	assert(length == 0 || is_ours || head_check(output->at, length, &head) == REFUSAL_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	if (length < 2)
		return 0;
	struct output whole = sift(input + 1, length - 1, length);
	struct output pieces = sift(input + 1, length - 1, 1 + input[0]);
	assert(whole.place == pieces.place && whole.broken == pieces.broken);
	assert(whole.length == pieces.length && memcmp(whole.at, pieces.at, whole.length) == 0);
	check_heads(&whole);
	free(whole.at);
	free(pieces.at);
	return 0;
}
