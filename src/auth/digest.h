/* SHA-256, by GnuTLS. */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "auth/table.h"

void digest_hash(const void *bytes, size_t length, uint8_t ret_hash[static AUTH_HASH_BYTES]);

/* HMAC. */
void digest_sign(const uint8_t key[static AUTH_HASH_BYTES], const void *bytes, size_t length,
                 uint8_t ret_mac[static AUTH_HASH_BYTES]);

/* In a time that does not depend on where they differ. */
bool digest_is_same(const uint8_t a[static AUTH_HASH_BYTES], const uint8_t b[static AUTH_HASH_BYTES]);

/* A number made of the first bytes of a hash; never 0. */
uint64_t digest_number(const uint8_t hash[static AUTH_HASH_BYTES]);

/* False: not so many digits in lower case, followed by nothing. */
bool digest_read_hex(const char *text, uint8_t ret_bytes[static AUTH_HASH_BYTES]);
void digest_write_hex(const uint8_t bytes[static AUTH_HASH_BYTES], char ret_text[static 2 * AUTH_HASH_BYTES + 1]);

#endif
