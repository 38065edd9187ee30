/* How a commit is published: NUMBER ROW INSTANCE.COUNT JOB_ID, a line feed, and the news. A sign of life has the number
 * 0. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/redis_parts.h"

/* What stands before the text, up to the mark. */
struct rest {
	const char *at;
	const char *end;
};

/* Cuts off the word before the next mark. False: there is no such mark. */
static bool cut(struct rest *rest, char mark, const char **ret_word, size_t *ret_length)
{
	const char *found = memchr(rest->at, mark, (size_t)(rest->end - rest->at));
	if (found == NULL)
		return false;
	*ret_word = rest->at;
	*ret_length = (size_t)(found - rest->at);
	rest->at = found + 1;
	return true;
}

static bool cut_number(struct rest *rest, uint64_t *ret_number)
{
	const char *word;
	size_t length;
	if (!cut(rest, ' ', &word, &length) || length == 0 || length > 18)
		return false;
	uint64_t number = 0;
	for (size_t i = 0; i < length; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(word[i] - '0');
	}
	*ret_number = number;
	return true;
}

struct redis_message *redis_message_read(const char *text, size_t length, int lane, const char *instance)
{
	struct rest rest = {text, text + length};
	uint64_t number, row;
	const char *name, *job_id, *dot;
	size_t name_bytes, id_bytes;
	bool is_whole = cut_number(&rest, &number) && cut_number(&rest, &row) && cut(&rest, ' ', &name, &name_bytes) &&
	                cut(&rest, '\n', &job_id, &id_bytes) && id_bytes <= JOB_ID_BYTES_MAX && id_bytes > 0;
	if (!is_whole)
		return NULL;
	size_t news_bytes = (size_t)(rest.end - rest.at);
	struct redis_message *message = malloc(sizeof *message + id_bytes + 1 + news_bytes);
	if (message == NULL)
		return NULL;
	dot = memchr(name, '.', name_bytes);
	size_t instance_bytes = dot != NULL ? (size_t)(dot - name) : name_bytes;
	memcpy(message->bytes, job_id, id_bytes);
	message->bytes[id_bytes] = '\0';
	memcpy(message->bytes + id_bytes + 1, rest.at, news_bytes);
	message->next = NULL;
	message->lane = lane;
	message->number = number;
	message->news = (struct store_news){
	    .job_id = message->bytes,
	    .row = (int64_t)row,
	    .is_sign = number == 0,
	    .is_own = strlen(instance) == instance_bytes && memcmp(instance, name, instance_bytes) == 0,
	    .bytes = (const uint8_t *)message->bytes + id_bytes + 1,
	    .length = news_bytes,
	};
	return message;
}
