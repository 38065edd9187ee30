/*
 * What of a connection's bytes goes on to the HTTP library: whole heads that are well formed, and their bodies. The
 * beginning of a head is kept back until the rest of it is there, so that the library's clock of idle connections runs
 * against those who send a head by drops. In the place of a head that is refused the library gets a request of our own
 * ("refused /NUMBER"), which no client can send, and nothing of what comes after it.
 */
#ifndef HTTP_SIEVE_H
#define HTTP_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/chunks.h"
#include "http/head.h"

/* The method of the request that stands for a refused one; the path is '/' and a number of enum refusal. */
#define SIEVE_REFUSED_METHOD "refused"

enum sieve_place { SIEVE_HEAD, SIEVE_BODY, SIEVE_CHUNKS, SIEVE_SHUT };

struct sieve {
	enum sieve_place place;
	enum refusal broken; /* the body of the present request is not well formed: the connection must be closed */
	int blank_bytes;     /* before the present head */
	struct chunks chunks;
	uint64_t body_left;
	char *held; /* of a head that is not whole yet; NULL: none */
	size_t held_bytes;
	char *ready; /* may go on but did not fit; NULL: none */
	size_t ready_at;
	size_t ready_bytes;
};

/* All zero is a new sieve. */
void sieve_finish(struct sieve *sieve);

/* Sifts `length` bytes at `bytes`, in place: what goes on stands at `bytes` afterwards, at most `room` bytes, and its
 * length is returned. More may be ready, for sieve_take. False in ret_is_good: no memory. */
size_t sieve_sift(struct sieve *sieve, char *bytes, size_t length, size_t room, bool *ret_is_good);

/* Moves up to `room` bytes that are ready to `out`. */
size_t sieve_take(struct sieve *sieve, char *out, size_t room);

#endif
