/* The tokens of one reading of the file. */
#ifndef AUTH_TABLE_H
#define AUTH_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "auth/auth.h"

enum { AUTH_HASH_BYTES = 32 };

struct table_token {
	uint8_t hash[AUTH_HASH_BYTES];
	struct auth_grant grant;
};

struct table {
	struct table_token *tokens; /* by hash */
	size_t count;
	bool has_key;
	uint8_t key[AUTH_HASH_BYTES];
	uint64_t key_number; /* stands for all tokens that are signed with the key, as grants do */
};

/* Reads all lines. INVALID_ARGUMENT: the text names the line and what is allowed. RESOURCE_EXHAUSTED: too many tokens,
 * or no memory. The caller finishes the table in any case. */
enum err table_read(struct table *table, FILE *file, struct fault *fault) MUST_USE;
void table_finish(struct table *table);

/* The token with that hash, or NULL. */
const struct table_token *table_find(const struct table *table, const uint8_t hash[static AUTH_HASH_BYTES]);

/* Whether a token, or the key, has this number. */
bool table_has_number(const struct table *table, uint64_t number);

#endif
