/*
 * The connection to the service: one NNG REQ socket that dials for ever in the background, knowledge of whether it is
 * connected now, and exchanges of one message for another. Knows nothing of what the messages say. Deadlines are
 * moments as steady.h has them.
 */
#ifndef PRG_CONNECTION_H
#define PRG_CONNECTION_H

#include <nng/nng.h>
#include <prg/prg.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One exchange at a time happens on a line. */
struct line {
	nng_ctx context;
	nng_aio *aio;
	uint8_t *scratch; /* for the caller: grows by line_scratch, kept for the next exchange */
	size_t scratch_bytes;
	struct line *next; /* of all lines of the connection */
	struct line *next_free;
};

struct connection {
	nng_socket socket;
	nng_dialer dialer;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	int pipe; /* number of NNG's latest pipe while it is there; 0: none */
	bool up;  /* that pipe is ready for use */
	bool was_connected;
	bool closed;
	struct line *lines; /* all; does not change any more when closed */
	struct line *free_lines;
};

/* What an exchange or a wait came to. */
enum exchange {
	EXCHANGE_DONE,
	EXCHANGE_UNSENT, /* the message could not be sent for a while; it did not arrive */
	EXCHANGE_LOST,   /* the connection went away; the message may have arrived or not */
	EXCHANGE_OVER,   /* the deadline is over; the message may have arrived or not */
	EXCHANGE_FAILED, /* the service cannot be reached: the attempt to connect has failed */
	EXCHANGE_CLOSED, /* connection_close was called */
	EXCHANGE_NO_MEMORY,
};

/* Opens the socket and starts to dial; does not wait. `eager`: try more often to connect again. PRG_INVALID_ARGUMENT:
 * NNG does not take the URL. PRG_RESOURCE_EXHAUSTED. Fills the thread's error. */
enum prg_code connection_open(struct connection *connection, const char *url, bool eager);

/* Ends all exchanges and waits under way with EXCHANGE_CLOSED, now and later. */
void connection_close(struct connection *connection);

/* Frees everything; after connection_close, when nobody uses it any more. `forked`: makes no call of NNG, what belongs
 * to NNG stays. */
void connection_finish(struct connection *connection, bool forked);

bool connection_is_up(struct connection *connection);

/* Waits until it is connected: EXCHANGE_DONE, _OVER, _CLOSED or, with fail_fast, _FAILED. */
enum exchange connection_wait(struct connection *connection, int64_t deadline_ms, bool fail_fast);

/* Lets time pass: EXCHANGE_DONE after `pause_ms`, or EXCHANGE_OVER, EXCHANGE_CLOSED. */
enum exchange connection_pause(struct connection *connection, int pause_ms, int64_t deadline_ms);

/* A line for the caller alone, until connection_return. NULL: no memory, or closed. */
struct line *connection_take(struct connection *connection);
void connection_return(struct connection *connection, struct line *line);

/* At least `bytes` of memory that belong to the line. NULL: no memory. */
uint8_t *line_scratch(struct line *line, size_t bytes);

/* Sends `message` (takes it) and waits for its answer. */
enum exchange line_exchange(struct line *line, nng_msg *message, int64_t deadline_ms, nng_msg **ret_answer);

#endif
