/* Bytes that stay where they are cost nothing but the look; what must be kept or replaced goes through `ready`. */
#include "http/sieve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLANK_BYTES_MAX = 4 };

/* One sifting: what is in, and how much of it is out again at the same place. */
struct pass {
	struct sieve *sieve;
	char *bytes;
	size_t length;
	size_t in; /* of `length`, taken */
	size_t out;
	bool is_good;
};

void sieve_finish(struct sieve *sieve)
{
	free(sieve->held);
	free(sieve->ready);
	*sieve = (struct sieve){0};
}

static void make_ready(struct pass *pass, const char *bytes, size_t length)
{
	struct sieve *sieve = pass->sieve;
	char *ready = realloc(sieve->ready, sieve->ready_bytes + length);
	if (ready == NULL) {
		pass->is_good = false;
		return;
	}
	memcpy(ready + sieve->ready_bytes, bytes, length);
	sieve->ready = ready;
	sieve->ready_bytes += length;
}

/* Lets the next bytes of the input go on. */
static void let_pass(struct pass *pass, size_t length)
{
	if (pass->sieve->ready != NULL)
		make_ready(pass, pass->bytes + pass->in, length);
	else if (pass->out != pass->in)
		memmove(pass->bytes + pass->out, pass->bytes + pass->in, length);
	if (pass->sieve->ready == NULL)
		pass->out += length;
	pass->in += length;
}

static void refuse(struct pass *pass, enum refusal refusal)
{
	char request[96];
	int length =
	    snprintf(request, sizeof request,
	             SIEVE_REFUSED_METHOD " /%d HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n", (int)refusal);
	make_ready(pass, request, (size_t)length);
	pass->sieve->place = SIEVE_SHUT;
}

/* Whether the head may go on; then what follows is as it says. */
static bool is_welcome(struct pass *pass, const char *head_bytes, size_t length)
{
	struct sieve *sieve = pass->sieve;
	struct head head;
	enum refusal refusal = length > HEAD_BYTES_MAX ? REFUSAL_HEAD_TOO_LARGE : head_check(head_bytes, length, &head);
	if (refusal != REFUSAL_NONE) {
		refuse(pass, refusal);
		return false;
	}
	sieve->blank_bytes = 0;
	sieve->body_left = head.body_bytes;
	chunks_init(&sieve->chunks);
	if (head.body != HEAD_BODY_NONE)
		sieve->place = head.body == HEAD_BODY_LENGTH ? SIEVE_BODY : SIEVE_CHUNKS;
	return true;
}

/* Keeps the rest of the input: the beginning of a head. */
static void hold(struct pass *pass)
{
	struct sieve *sieve = pass->sieve;
	size_t length = pass->length - pass->in;
	char *held = realloc(sieve->held, sieve->held_bytes + length);
	if (held == NULL) {
		pass->is_good = false;
		return;
	}
	memcpy(held + sieve->held_bytes, pass->bytes + pass->in, length);
	sieve->held = held;
	sieve->held_bytes += length;
	pass->in = pass->length;
}

static void drop_held(struct sieve *sieve)
{
	free(sieve->held);
	sieve->held = NULL;
	sieve->held_bytes = 0;
}

/* A head that is not whole yet must not be too large already. */
static void bound_held(struct pass *pass)
{
	if (pass->sieve->held_bytes > HEAD_BYTES_MAX)
		refuse(pass, REFUSAL_HEAD_TOO_LARGE);
}

/* Empty lines before a head are let fall; what begins with no method is no HTTP. */
static void begin_head(struct pass *pass)
{
	struct sieve *sieve = pass->sieve;
	while (pass->in < pass->length && sieve->blank_bytes < BLANK_BYTES_MAX) {
		char c = pass->bytes[pass->in];
		if (c != '\r' && c != '\n')
			break;
		pass->in++;
		sieve->blank_bytes++;
	}
	if (pass->in < pass->length && (pass->bytes[pass->in] < 'A' || pass->bytes[pass->in] > 'Z'))
		refuse(pass, REFUSAL_BAD_REQUEST_LINE);
}

static void sift_new_head(struct pass *pass)
{
	begin_head(pass);
	if (pass->sieve->place == SIEVE_SHUT || pass->in == pass->length)
		return;
	size_t length = head_length(pass->bytes + pass->in, pass->length - pass->in, 0);
	if (length == 0) {
		hold(pass);
		bound_held(pass);
	} else if (is_welcome(pass, pass->bytes + pass->in, length)) {
		let_pass(pass, length);
	}
}

static void sift_held_head(struct pass *pass)
{
	struct sieve *sieve = pass->sieve;
	size_t before = sieve->held_bytes, begin = pass->in;
	hold(pass);
	if (!pass->is_good)
		return;
	size_t length = head_length(sieve->held, sieve->held_bytes, before);
	if (length == 0) {
		bound_held(pass);
		return;
	}
	pass->in = begin + (length - before);
	if (is_welcome(pass, sieve->held, length))
		make_ready(pass, sieve->held, length);
	drop_held(sieve);
}

static void sift_body(struct pass *pass)
{
	struct sieve *sieve = pass->sieve;
	size_t left = pass->length - pass->in;
	size_t length = left < sieve->body_left ? left : (size_t)sieve->body_left;
	let_pass(pass, length);
	sieve->body_left -= length;
	if (sieve->body_left == 0)
		sieve->place = SIEVE_HEAD;
}

static void sift_chunks(struct pass *pass)
{
	struct sieve *sieve = pass->sieve;
	let_pass(pass, chunks_follow(&sieve->chunks, pass->bytes + pass->in, pass->length - pass->in));
	if (sieve->chunks.place == CHUNKS_BROKEN) {
		sieve->broken = REFUSAL_BAD_CHUNK;
		sieve->place = SIEVE_SHUT;
	} else if (sieve->chunks.place == CHUNKS_OVER) {
		sieve->place = SIEVE_HEAD;
	}
}

size_t sieve_sift(struct sieve *sieve, char *bytes, size_t length, size_t room, bool *ret_is_good)
{
	struct pass pass = {.sieve = sieve, .bytes = bytes, .length = length, .is_good = true};
	while (pass.in < length && pass.is_good && sieve->place != SIEVE_SHUT) {
		if (sieve->place == SIEVE_BODY)
			sift_body(&pass);
		else if (sieve->place == SIEVE_CHUNKS)
			sift_chunks(&pass);
		else if (sieve->held != NULL)
			sift_held_head(&pass);
		else
			sift_new_head(&pass);
	}
	*ret_is_good = pass.is_good;
	return pass.out + sieve_take(sieve, bytes + pass.out, room - pass.out);
}

size_t sieve_take(struct sieve *sieve, char *out, size_t room)
{
	size_t left = sieve->ready_bytes - sieve->ready_at;
	size_t taken = left < room ? left : room;
	if (sieve->ready == NULL)
		return 0;
	memcpy(out, sieve->ready + sieve->ready_at, taken);
	sieve->ready_at += taken;
	if (taken == left) {
		free(sieve->ready);
		sieve->ready = NULL;
		sieve->ready_at = 0;
		sieve->ready_bytes = 0;
	}
	return taken;
}
