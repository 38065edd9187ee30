/*
 * The library's thread owns a stream, but for its wake-up: what the service's reply and the alarm say is noted under
 * the server's lock, and whoever says something while the connection is suspended resumes it. A stream is freed when
 * both its connection and its call are over.
 */
#include "http/stream.h"

#include <assert.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/access_log.h"
#include "http/answer.h"
#include "wire/reader.h"

enum {
	TOKEN_BYTES_MAX = 127,        /* its length takes one byte on the wire */
	ANSWER_BYTES_MAX = 64 * 1024, /* of one answer of the service, but for a single large event */
	OUT_BYTES_MAX = 8 << 20,      /* of one part of it as it is written */
	SEND_BUFFER_BYTES = 128 * 1024,
	BLOCK_BYTES = 256, /* for peers of HTTP/1.0; the others write straight into the library's buffer */
	SLOW_MS = 1000,    /* an answer that takes longer to write has a slow reader */
	TICK_MS = 1000,    /* heartbeats of many streams come together */
	MODE_FIELD_BYTES = 2,
	TOKEN_FIELD_BYTES = 2 + TOKEN_BYTES_MAX,
};

/* Why a stream goes on; guarded by the server's lock. */
struct wake {
	bool is_suspended;
	bool is_answered;
	bool is_beat_due;
	bool is_late;
	bool must_end;
	bool is_closed; /* the connection is gone; the reply frees the stream */
	int64_t written_ms;
};

struct stream {
	struct list link; /* of the server's, under its lock */
	struct http_server *server;
	struct MHD_Connection *connection;
	const struct stream_framing *framing;
	const struct method *method;
	struct alarm alarm;
	int64_t due_ms; /* of the whole stream; 0: none */
	struct wake wake;
	bool is_json;
	bool has_call; /* one is with the service, or its reply has not been looked at */
	bool has_answer;
	bool is_resync;
	bool had_bad_token; /* the next answer begins anew */
	bool is_slow;
	bool is_over; /* the end is written */
	int64_t answered_ms;
	size_t place; /* in the answer */
	struct buffer out;
	size_t out_at; /* of `out`, gone already */
	struct arena arena;
	struct call call;
	char token[TOKEN_BYTES_MAX + 1];
	size_t request_bytes; /* without mode and token */
	uint8_t request[];    /* with room for both, and the credentials behind it */
};

const struct method *stream_method(const struct stream *stream)
{
	return stream->method;
}

bool stream_is_json(const struct stream *stream)
{
	return stream->is_json;
}

struct stream_answer stream_answer(const struct stream *stream)
{
	return (struct stream_answer){stream->call.response, stream->token, stream->is_resync};
}

struct memo *stream_memo(const struct stream *stream)
{
	return &stream->server->memo;
}

/* ---- waking ---- */

/* With the lock held. */
static void wake_up(struct stream *stream)
{
	if (!stream->wake.is_suspended)
		return;
	stream->wake.is_suspended = false;
	MHD_resume_connection(stream->connection);
}

static void destroy(struct stream *stream)
{
	arena_finish(&stream->arena);
	buffer_finish(&stream->out);
	free(stream);
}

static void on_reply(struct call *call)
{
	struct stream *stream = LIST_MEMBER(call, struct stream, call);
	struct http_server *server = stream->server;
	metrics_count_call(METRICS_HTTP, call->method_number, (int)call->fault.code, clock_steady_ns() - call->began_ns);
	pthread_mutex_lock(&server->lock);
	bool is_closed = stream->wake.is_closed;
	stream->wake.is_answered = true;
	wake_up(stream);
	pthread_mutex_unlock(&server->lock);
	if (is_closed)
		destroy(stream);
}

static int64_t next_beat(const struct stream *stream, int64_t from_ms)
{
	int64_t due_ms = from_ms + stream->server->options.heartbeat_ms;
	if (stream->server->options.heartbeat_ms >= TICK_MS)
		due_ms -= due_ms % TICK_MS;
	return stream->due_ms != 0 && stream->due_ms < due_ms ? stream->due_ms : due_ms;
}

/* Called under the lock of the alarms. */
static int64_t ring(struct alarm *alarm)
{
	struct stream *stream = LIST_MEMBER(alarm, struct stream, alarm);
	struct http_server *server = stream->server;
	int64_t now_ms = clock_steady_ms();
	pthread_mutex_lock(&server->lock);
	stream->wake.is_late = stream->due_ms != 0 && now_ms >= stream->due_ms;
	int64_t due_ms = next_beat(stream, stream->wake.written_ms);
	bool is_due = due_ms <= now_ms;
	if (is_due && stream->wake.is_suspended)
		stream->wake.is_beat_due = true;
	if (stream->wake.is_late || is_due)
		wake_up(stream);
	if (is_due)
		due_ms = next_beat(stream, now_ms);
	bool is_late = stream->wake.is_late;
	pthread_mutex_unlock(&server->lock);
	return is_late ? 0 : due_ms;
}

/* ---- asking ---- */

static uint32_t field_number(const ProtobufCMessageDescriptor *type, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
	return field != NULL ? field->id : 0;
}

/* Adds mode and token behind the request: of a field that occurs twice the last one counts. */
static struct wire_bytes compose_request(struct stream *stream)
{
	uint8_t *end = stream->request + stream->request_bytes;
	size_t token_bytes = strlen(stream->token);
	if (stream->is_slow && stream->framing->merges_when_slow) {
		*end++ = (uint8_t)(field_number(stream->method->input, "mode") << 3);
		*end++ = PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST;
	}
	if (token_bytes > 0) {
		*end++ = (uint8_t)(field_number(stream->method->input, "resume_token") << 3 | READER_BYTES);
		*end++ = (uint8_t)token_bytes;
		memcpy(end, stream->token, token_bytes);
		end += token_bytes;
	}
	return (struct wire_bytes){stream->request, (size_t)(end - stream->request)};
}

static void ask(struct stream *stream)
{
	assert(!stream->has_call);
	arena_reset(&stream->arena);
	stream->has_call = true;
	stream->has_answer = false;
	stream->call.request = compose_request(stream);
	service_call(stream->server->service, &stream->call);
}

/* Looks for what concerns the stream itself in the answer. */
static void open_answer(struct stream *stream)
{
	const ProtobufCMessageDescriptor *type = stream->method->output;
	uint32_t token = field_number(type, "resume_token"), resync = field_number(type, "resync");
	struct wire_bytes bytes = stream->call.response;
	struct reader reader = {bytes.at, bytes.at + bytes.length};
	struct reader_field field;
	stream->is_resync = stream->had_bad_token;
	stream->had_bad_token = false;
	while (reader.at < reader.end && reader_next(&reader, &field) == NULL) {
		if (field.number == resync && field.type == READER_VARINT)
			stream->is_resync |= field.value != 0;
		if (field.number != token || field.type != READER_BYTES || field.bytes.length > TOKEN_BYTES_MAX)
			continue;
		memcpy(stream->token, field.bytes.at, field.bytes.length);
		stream->token[field.bytes.length] = '\0';
	}
	metrics_add(METRICS_STREAM_RESETS, stream->is_resync);
	stream->has_answer = true;
	stream->place = 0;
	stream->answered_ms = clock_steady_ms();
}

/* ---- writing ---- */

static void end_stream(struct stream *stream, const struct fault *fault)
{
	if (stream->framing->end != NULL)
		stream->framing->end(fault, &stream->out);
	stream->is_over = true;
}

static void write_part(struct stream *stream)
{
	struct fault fault = {0};
	if (stream->framing->write(stream, &stream->place, &stream->out, &fault) != ERR_OK) {
		end_stream(stream, &fault);
	} else if (stream->place >= stream->call.response.length) {
		stream->is_slow = clock_steady_ms() - stream->answered_ms > SLOW_MS;
		stream->has_answer = false;
	}
}

/* What to do next, if there is anything; otherwise the connection is suspended. */
static struct wake take_wake(struct stream *stream)
{
	struct http_server *server = stream->server;
	pthread_mutex_lock(&server->lock);
	struct wake *wake = &stream->wake;
	struct wake taken = *wake;
	wake->is_answered = false;
	wake->is_beat_due = false;
	if (taken.is_answered || taken.is_beat_due || taken.is_late || taken.must_end) {
		wake->written_ms = clock_steady_ms();
	} else {
		wake->is_suspended = true;
		taken.is_suspended = true;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&server->lock);
	return taken;
}

static void take_answer(struct stream *stream)
{
	stream->has_call = false;
	if (stream->call.fault.code != ERR_OK) {
		end_stream(stream, &stream->call.fault);
		return;
	}
	open_answer(stream);
	if (stream->call.response.length == 0)
		stream->has_answer = false;
}

static void take_end(struct stream *stream, bool is_late)
{
	struct fault fault = {0};
	if (is_late)
		fault_set(&fault, ERR_DEADLINE_EXCEEDED, "TIMEOUT", "the time that the caller gave is over");
	else
		fault_set(&fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping; try again later");
	end_stream(stream, &fault);
}

/* Does what comes next. False: there is nothing to do, the connection is suspended. */
static bool go_on(struct stream *stream)
{
	if (stream->has_answer) {
		write_part(stream);
		return true;
	}
	if (!stream->has_call)
		ask(stream);
	struct wake wake = take_wake(stream);
	if (wake.is_suspended)
		return false;
	if (wake.is_answered)
		take_answer(stream);
	else if (wake.is_late || wake.must_end)
		take_end(stream, wake.is_late);
	else if (stream->framing->beat != NULL)
		stream->framing->beat(&stream->out);
	return true;
}

/* The library asks for bytes. */
static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t room)
{
	struct stream *stream = context;
	(void)position;
	while (stream->out_at == stream->out.length) {
		if (stream->is_over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		stream->out_at = 0;
		buffer_finish(&stream->out);
		buffer_init(&stream->out, OUT_BYTES_MAX);
		if (!go_on(stream))
			return 0;
		if (stream->out.is_full)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t left = stream->out.length - stream->out_at;
	size_t length = left < room ? left : room;
	memcpy(bytes, stream->out.at + stream->out_at, length);
	stream->out_at += length;
	return (ssize_t)length;
}

/* ---- beginning and end ---- */

/* The connection is over, or there never was a response on it. */
static void close_stream(void *context)
{
	struct stream *stream = context;
	struct http_server *server = stream->server;
	uint64_t peer = stream->call.peer;
	alarms_cancel(&server->alarms, &stream->alarm);
	metrics_move(METRICS_STREAMS, -1);
	pthread_mutex_lock(&server->lock);
	list_remove(&stream->link);
	server->stream_count--;
	bool is_call_over = !stream->has_call || stream->wake.is_answered;
	stream->wake.is_closed = true;
	pthread_mutex_unlock(&server->lock);
	if (is_call_over)
		destroy(stream);
	else
		service_forget_peer(server->service, peer);
}

static struct stream *make_stream(struct exchange *exchange, const struct stream_framing *framing,
                                  const struct stream_wish *wish)
{
	struct http_server *server = exchange->server;
	const char *credentials = exchange_credentials(exchange);
	size_t request_room = wish->request.length + MODE_FIELD_BYTES + TOKEN_FIELD_BYTES;
	struct stream *stream = calloc(1, sizeof *stream + request_room + strlen(credentials) + 1);
	if (stream == NULL)
		return NULL;
	int64_t now_ms = clock_steady_ms();
	stream->server = server;
	stream->connection = exchange->connection;
	stream->framing = framing;
	stream->method = wish->method;
	stream->alarm.ring = ring;
	stream->due_ms = wish->timeout_ms > 0 ? now_ms + wish->timeout_ms : 0;
	stream->wake.written_ms = now_ms;
	stream->is_json = wish->is_json;
	stream->request_bytes = wish->request.length;
	memcpy(stream->request, wish->request.at, wish->request.length);
	stream->had_bad_token = strlen(wish->token) > TOKEN_BYTES_MAX;
	if (!stream->had_bad_token)
		memcpy(stream->token, wish->token, strlen(wish->token) + 1);
	arena_init(&stream->arena, ARENA_BYTES_MAX);
	buffer_init(&stream->out, OUT_BYTES_MAX);
	stream->call = (struct call){
	    .arena = &stream->arena,
	    .method = wish->method->name,
	    .authorization = memcpy(stream->request + request_room, credentials, strlen(credentials) + 1),
	    .peer = server_next_peer(server),
	    .reply = on_reply,
	    .answer_bytes_max = ANSWER_BYTES_MAX,
	};
	return stream;
}

static void enlist(struct stream *stream)
{
	struct http_server *server = stream->server;
	pthread_mutex_lock(&server->lock);
	list_append(&server->streams, &stream->link);
	server->stream_count++;
	pthread_mutex_unlock(&server->lock);
	metrics_move(METRICS_STREAMS, 1);
	metrics_add(METRICS_STREAMS_OPENED, 1);
}

/* Whether the first question was refused at once. */
static bool is_refused(struct stream *stream)
{
	pthread_mutex_lock(&stream->server->lock);
	bool is_refused = stream->wake.is_answered && stream->call.fault.code != ERR_OK;
	pthread_mutex_unlock(&stream->server->lock);
	return is_refused;
}

/* Asks for the first time; a token that is none is as good as one that is too old. */
static bool ask_first(struct stream *stream)
{
	ask(stream);
	if (!is_refused(stream))
		return true;
	if (strcmp(stream->call.fault.reason, "RESUME_TOKEN_INVALID") == 0 && !stream->framing->has_late_errors) {
		stream->had_bad_token = true;
		stream->wake.is_answered = false;
		stream->has_call = false;
		*stream->token = '\0';
		ask(stream);
	}
	return stream->framing->has_late_errors || !is_refused(stream);
}

/* Bounds what a peer that does not read keeps in the kernel and on the library's list. */
static void bound_connection(struct exchange *exchange)
{
	int bytes = SEND_BUFFER_BYTES;
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL)
		(void)!setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)STREAM_SECONDS_MAX);
}

static void open_response(struct exchange *exchange, struct stream *stream)
{
	struct MHD_Response *response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, close_stream);
	if (response == NULL) {
		close_stream(stream);
		return;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, stream->framing->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store, no-transform");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	answer_add_common(exchange, response);
	bound_connection(exchange);
	exchange->is_stream = true;
	alarms_set(&exchange->server->alarms, &stream->alarm, next_beat(stream, clock_steady_ms()));
	answer_response(exchange, MHD_HTTP_OK, response);
}

void stream_serve(struct exchange *exchange, const struct stream_framing *framing, const struct stream_wish *wish)
{
	struct fault fault = {0};
	struct stream *stream = make_stream(exchange, framing, wish);
	if (stream == NULL) {
		fault_set(&fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the stream");
		answer_fault_of(exchange, &fault);
		return;
	}
	enlist(stream);
	if (framing->begin != NULL)
		framing->begin(&stream->out);
	if (ask_first(stream)) {
		open_response(exchange, stream);
		return;
	}
	fault = stream->call.fault;
	close_stream(stream);
	answer_fault_of(exchange, &fault);
}

void stream_end_all(struct http_server *server)
{
	pthread_mutex_lock(&server->lock);
	for (struct list *link = server->streams.next; link != &server->streams; link = link->next) {
		struct stream *stream = LIST_MEMBER(link, struct stream, link);
		stream->wake.must_end = true;
		wake_up(stream);
	}
	pthread_mutex_unlock(&server->lock);
}
