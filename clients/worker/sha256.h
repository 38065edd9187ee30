/* SHA-256 (FIPS 180-4): to know that a copy is the same. */
#ifndef WORKER_SHA256_H
#define WORKER_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_HEX_BYTES = 65 };

struct sha256 {
	uint32_t state[8];
	uint64_t bytes; /* taken so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_take(struct sha256 *sha, const void *bytes, size_t size);

/* The sum of all that was taken, in lower-case hexadecimal with a NUL. */
void sha256_finish(struct sha256 *sha, char ret_hex[SHA256_HEX_BYTES]);

#endif
