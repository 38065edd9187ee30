/* A comparison of bytes costs far less than to write them anew. */
#include "http/memo.h"

#include <progress/v1/job.pb-c.h>

#include "wire/json.h"

enum { INFO_BYTES_MAX = 256 * 1024, TEXT_BYTES_MAX = 1024 * 1024 };

void memo_finish(struct memo *memo)
{
	buffer_finish(&memo->info);
	buffer_finish(&memo->text);
}

bool memo_recall(const struct memo *memo, struct wire_bytes info, struct buffer *out)
{
	bool is_same =
	    memo->info.length > 0 && memo->info.length == info.length && memcmp(memo->info.at, info.at, info.length) == 0;
	if (is_same)
		buffer_put(out, memo->text.at, memo->text.length);
	return is_same;
}

void memo_remember(struct memo *memo, struct wire_bytes info, const char *text, size_t length)
{
	memo->info.bytes_max = INFO_BYTES_MAX;
	memo->text.bytes_max = TEXT_BYTES_MAX;
	buffer_clear(&memo->info);
	buffer_clear(&memo->text);
	buffer_put(&memo->text, text, length);
	if (!memo->text.is_full)
		buffer_put(&memo->info, info.at, info.length);
}

enum err memo_put_info(struct memo *memo, struct wire_bytes info, struct buffer *out, struct fault *fault)
{
	const struct json_options options = {.shows_defaults = true};
	if (memo_recall(memo, info, out))
		return ERR_OK;
	size_t before = out->length;
	enum err err = json_seal(&progress__v1__progress_info__descriptor, info.at, info.length, &options, out, fault);
	if (err == ERR_OK)
		memo_remember(memo, info, out->at + before, out->length - before);
	return err;
}
