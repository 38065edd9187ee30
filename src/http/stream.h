/*
 * A stream: an answer that goes on as long as there are changes. Behind it stands a watch of the service, asked again
 * and again with the token of its last answer; between two answers the stream costs a parked call and no thread.
 *
 *     asking -> (answer) -> writing its parts -> asking …            -> ended
 *
 * A stream whose peer reads slowly asks nothing while it has something to write, and is then told what has happened
 * meanwhile: so it holds at most one answer of a bounded size. How the parts are written is the framing's matter.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/exchange.h"

struct stream;

/* How a stream is written. All append to `out`, on the library's thread. */
struct stream_framing {
	const char *type;      /* Content-Type */
	bool has_late_errors;  /* an error is told inside the stream, even if it is there at once */
	bool merges_when_slow; /* a peer that reads slowly is told the latest state only */
	/* Before the first answer; NULL: nothing. */
	void (*begin)(struct buffer *out);
	/* The next part of the answer in hand, from *place on, which is 0 at first and is moved on. */
	enum err (*write)(const struct stream *stream, size_t *place, struct buffer *out, struct fault *fault) MUST_USE;
	/* Nothing has been written for a while; NULL: nothing is. */
	void (*beat)(struct buffer *out);
	/* The stream ends; fault code ERR_OK: in good order. NULL: nothing. */
	void (*end)(const struct fault *fault, struct buffer *out);
};

/* What to watch; copied. */
struct stream_wish {
	const struct method *method;
	struct wire_bytes request;
	const char *token;   /* to go on from, instead of the request's; "": as the request says */
	uint32_t timeout_ms; /* of the whole stream; 0: none */
	bool is_json;
};

/* The answer in hand. */
struct stream_answer {
	struct wire_bytes bytes; /* of method->output */
	const char *token;       /* behind it */
	bool is_resync;
};

/* Answers the exchange with a stream, or with an error. */
void stream_serve(struct exchange *exchange, const struct stream_framing *framing, const struct stream_wish *wish);

const struct method *stream_method(const struct stream *stream);
bool stream_is_json(const struct stream *stream);
struct stream_answer stream_answer(const struct stream *stream);

/* Of all streams of the server together; lives as long as it does. */
struct memo *stream_memo(const struct stream *stream);

/* Ends all streams that have not ended by themselves. */
void stream_end_all(struct http_server *server);

#endif
