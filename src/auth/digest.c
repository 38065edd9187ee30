/* Decides nothing: the library's functions with our sizes. */
#include "auth/digest.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

void digest_hash(const void *bytes, size_t length, uint8_t ret_hash[static AUTH_HASH_BYTES])
{
	int code = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, ret_hash);
	assert(code == 0);
}

void digest_sign(const uint8_t key[static AUTH_HASH_BYTES], const void *bytes, size_t length,
                 uint8_t ret_mac[static AUTH_HASH_BYTES])
{
	int code = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, AUTH_HASH_BYTES, bytes, length, ret_mac);
	assert(code == 0);
}

bool digest_is_same(const uint8_t a[static AUTH_HASH_BYTES], const uint8_t b[static AUTH_HASH_BYTES])
{
	return gnutls_memcmp(a, b, AUTH_HASH_BYTES) == 0;
}

uint64_t digest_number(const uint8_t hash[static AUTH_HASH_BYTES])
{
	uint64_t number;
	memcpy(&number, hash, sizeof number);
	return number != 0 ? number : 1;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_read_hex(const char *text, uint8_t ret_bytes[static AUTH_HASH_BYTES])
{
	uint8_t bytes[AUTH_HASH_BYTES];
	if (strlen(text) != 2 * sizeof bytes)
		return false;
	for (size_t i = 0; i < sizeof bytes; i++) {
		int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_bytes, bytes, sizeof bytes);
	return true;
}

void digest_write_hex(const uint8_t bytes[static AUTH_HASH_BYTES], char ret_text[static 2 * AUTH_HASH_BYTES + 1])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < AUTH_HASH_BYTES; i++) {
		ret_text[2 * i] = digits[bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_text[2 * AUTH_HASH_BYTES] = '\0';
}
