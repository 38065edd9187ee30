/* Which watch stands behind a stream of events, and how its answers are written as events. */
#include "http/events.h"

#include <progress/fields.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/metrics.h"
#include "http/answer.h"
#include "http/jobs.h"
#include "http/memo.h"
#include "http/stream.h"
#include "wire/reader.h"

enum { POLL_SECONDS = 300 }; /* the longest a watch may wait; the heartbeat is ours */

struct event {
	struct wire_bytes info;
	uint64_t kind;
	uint64_t merged;
};

static void begin(struct buffer *out)
{
	buffer_put_string(out, "retry: 2000\n\n");
}

static void beat(struct buffer *out)
{
	buffer_put_string(out, ": heartbeat\n\n");
}

static struct event open_event(struct wire_bytes bytes)
{
	struct event event = {.kind = 0};
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	struct reader_field field;
	while (reader.at < reader.end && reader_next(&reader, &field) == NULL) {
		if (field.number == PROGRESS_EVENT__PROGRESS_INFO && field.type == READER_BYTES)
			event.info = field.bytes;
		else if (field.number == PROGRESS_EVENT__KIND)
			event.kind = field.value;
		else if (field.number == PROGRESS_EVENT__MERGED)
			event.merged = field.value;
	}
	return event;
}

/* The next event of the answer. False: there is none; the reader is at the end. */
static bool next_event(struct reader *reader, struct wire_bytes *ret_event)
{
	struct reader_field field;
	while (reader->at < reader->end && reader_next(reader, &field) == NULL) {
		if (field.number != WATCH_JOBS_RESPONSE__EVENTS || field.type != READER_BYTES)
			continue;
		*ret_event = field.bytes;
		return true;
	}
	reader->at = reader->end;
	return false;
}

static void put_merged(struct buffer *out, uint64_t merged)
{
	char line[64];
	if (merged == 0)
		return;
	snprintf(line, sizeof line, ": merged %llu\n", (unsigned long long)merged);
	buffer_put_string(out, line);
	metrics_add(METRICS_STREAM_MERGED, merged);
}

static enum err put_event(const struct stream *stream, struct wire_bytes bytes, struct buffer *out, struct fault *fault)
{
	struct event event = open_event(bytes);
	bool is_deleted = event.kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	put_merged(out, event.merged);
	buffer_put_string(out, is_deleted ? "event: deleted\ndata: " : "event: progress\ndata: ");
	metrics_add(METRICS_STREAM_EVENTS, 1);
	enum err err = memo_put_info(stream_memo(stream), event.info, out, fault);
	buffer_put_char(out, '\n');
	return err;
}

static void put_id(struct buffer *out, const char *token)
{
	buffer_put_string(out, "id: ");
	buffer_put_string(out, token);
	buffer_put_char(out, '\n');
}

/* The token stands behind all events of its answer, so only the last one carries it: whoever loses the connection in
 * between is told some of them again, and misses none. */
static enum err write_next(const struct stream *stream, size_t *place, struct buffer *out, struct fault *fault)
{
	struct stream_answer answer = stream_answer(stream);
	struct reader reader = {answer.bytes.at + *place, answer.bytes.at + answer.bytes.length};
	struct wire_bytes event, ahead;
	enum err err = ERR_OK;
	if (*place == 0 && answer.is_resync)
		buffer_put_string(out, "event: reset\ndata: {}\n\n");
	bool has_event = next_event(&reader, &event);
	*place = (size_t)(reader.at - answer.bytes.at);
	bool is_last = !next_event(&reader, &ahead);
	if (has_event)
		err = put_event(stream, event, out, fault);
	if (is_last) {
		put_id(out, answer.token);
		*place = answer.bytes.length;
	}
	buffer_put_char(out, '\n');
	return err;
}

static const struct stream_framing framing = {
    .type = "text/event-stream", .merges_when_slow = true, .begin = begin, .write = write_next, .beat = beat};

/* For those who want every change however slow they are. */
static const struct stream_framing framing_of_all = {
    .type = "text/event-stream", .begin = begin, .write = write_next, .beat = beat};

/* Sets the mode by the query's; its absence lets slow readers have the latest state. */
static bool read_mode(struct exchange *exchange, struct request *request, const struct stream_framing **ret_framing)
{
	const char *mode;
	*ret_framing = &framing;
	if (!exchange_query(exchange, "mode", &mode))
		return false;
	if (mode == NULL)
		return true;
	*ret_framing = &framing_of_all;
	if (strcasecmp(mode, "all") == 0)
		return true;
	request_put_number(request, WATCH_JOBS_REQUEST__MODE, PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST);
	if (strcasecmp(mode, "latest") == 0)
		return true;
	struct fault fault = {0};
	fault_set(&fault, ERR_INVALID_ARGUMENT, "MODE_INVALID", "mode: allowed are all and latest");
	answer_fault_of(exchange, &fault);
	return false;
}

/* Where to go on: browsers send the field when they connect again by themselves, pages may put it into the query. */
static bool read_token(struct exchange *exchange, const char **ret_token)
{
	*ret_token = exchange_field(exchange, "Last-Event-ID");
	if (*ret_token == NULL && !exchange_query(exchange, "last_event_id", ret_token))
		return false;
	if (*ret_token == NULL)
		*ret_token = "";
	return true;
}

void events_serve(struct exchange *exchange)
{
	struct request request, timeout;
	const struct stream_framing *chosen;
	struct stream_wish wish = {.method = method_find(REQUEST_SERVICE "WatchJobs"), .is_json = true};
	request_init(&request, &exchange->arena);
	request_init(&timeout, &exchange->arena);
	bool is_good = jobs_put_filter(exchange, &request, WATCH_JOBS_REQUEST__FILTER, true) &&
	               read_mode(exchange, &request, &chosen) && read_token(exchange, &wish.token);
	if (!is_good)
		return;
	request_put_number(&timeout, DURATION__SECONDS, POLL_SECONDS);
	request_put_bytes(&request, WATCH_JOBS_REQUEST__TIMEOUT, timeout.at, timeout.length);
	if (request.is_full || timeout.is_full)
		return;
	wish.request = (struct wire_bytes){request.at, request.length};
	stream_serve(exchange, chosen, &wish);
}
