#include <criterion/criterion.h>
#include <string.h>

#include "sha256.h"

static void expect_sum(const char *text, size_t times, const char *wanted)
{
	struct sha256 sha;
	char hex[SHA256_HEX_BYTES];
	sha256_init(&sha);
	for (size_t i = 0; i < times; i++)
		sha256_take(&sha, text, strlen(text));
	sha256_finish(&sha, hex);
	cr_assert_str_eq(hex, wanted);
}

/* The examples of FIPS 180-4. */
Test(sha256_finish, gives_the_sums_of_the_standard)
{
	expect_sum("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_sum("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect_sum("aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
