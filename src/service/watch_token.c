/* Eight numbers in hexadecimal; to watchers a text without meaning. */
#include "service/watch_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void watch_token_write(const struct watch_token *token, char ret_text[WATCH_TOKEN_BYTES])
{
	snprintf(ret_text, WATCH_TOKEN_BYTES,
	         "%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64,
	         token->epoch, token->position, token->revision, (uint64_t)token->created_ms, (uint64_t)token->row,
	         token->stretch_start, token->stretch_end, token->moved);
}

bool watch_token_read(const char *text, struct watch_token *ret_token)
{
	struct watch_token token;
	uint64_t created_ms, row;
	char again[WATCH_TOKEN_BYTES];
	int count = sscanf(text,
	                   "%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64 ".%16" SCNx64
	                   ".%16" SCNx64,
	                   &token.epoch, &token.position, &token.revision, &created_ms, &row, &token.stretch_start,
	                   &token.stretch_end, &token.moved);
	if (count != 8 || row > INT64_MAX)
		return false;
	token.created_ms = (int64_t)created_ms;
	token.row = (int64_t)row;
	watch_token_write(&token, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret_token = token;
	return true;
}
