/* How the connection is made, watched and used. NNG is set never to send a request again by itself: whether that is
 * harmless is for the caller to know. */
#include "connection.h"

#include <nng/protocol/reqrep0/req.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "steady.h"

enum {
	RECONNECT_MIN_MS = 10,
	RECONNECT_MAX_MS = 1000,
	RECONNECT_EAGER_MAX_MS = 100,
	ANSWER_BYTES_MAX = 4 << 20,
	SEND_WAIT_MS = 200, /* a message waits so long for a connection that has just gone */
	LOOK_EVERY_MS = 2,  /* how often a failed attempt to connect is looked for */
	FIRST_ATTEMPT_MS = 100,
};

/* A dialer has one pipe at a time. The end of one may be told before it was told to be ready, without that, or after
 * the beginning of the next one. */
static void note_pipe(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct connection *connection = context;
	int number = nng_pipe_id(pipe);
	pthread_mutex_lock(&connection->lock);
	if (event == NNG_PIPE_EV_ADD_PRE) {
		connection->pipe = number;
		connection->up = false;
	} else if (number == connection->pipe) {
		connection->up = event == NNG_PIPE_EV_ADD_POST;
		connection->pipe = connection->up ? number : 0;
		connection->was_connected |= connection->up;
	}
	pthread_cond_broadcast(&connection->changed);
	pthread_mutex_unlock(&connection->lock);
}

static int set_up_socket(struct connection *connection, const char *url, bool eager)
{
	nng_socket socket = connection->socket;
	int rv = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (rv == 0)
		rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, ANSWER_BYTES_MAX);
	if (rv == 0)
		rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
	if (rv == 0)
		rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, eager ? RECONNECT_EAGER_MAX_MS : RECONNECT_MAX_MS);
	if (rv == 0)
		rv = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, note_pipe, connection);
	if (rv == 0)
		rv = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, note_pipe, connection);
	if (rv == 0)
		rv = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, note_pipe, connection);
	if (rv == 0)
		rv = nng_dialer_create(&connection->dialer, socket, url);
	if (rv == 0)
		rv = nng_dialer_start(connection->dialer, NNG_FLAG_NONBLOCK);
	return rv;
}

static enum prg_code open_error(int rv, const char *url)
{
	if (rv == NNG_ENOMEM || rv == NNG_ENOFILES)
		return error_set(PRG_RESOURCE_EXHAUSTED, "NO_MEMORY", "cannot open a client: %s", nng_strerror(rv));
	return error_set(PRG_INVALID_ARGUMENT, "BAD_URL", "url: \"%s\" is no address: %s", url, nng_strerror(rv));
}

/* NNG starts its threads on its first use; they must not take signals that are meant for the program's own. */
static int open_socket(struct connection *connection, const char *url, bool eager)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rv = nng_req0_open(&connection->socket);
	if (rv == 0) {
		rv = set_up_socket(connection, url, eager);
		if (rv != 0)
			nng_close(connection->socket);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rv;
}

enum prg_code connection_open(struct connection *connection, const char *url, bool eager)
{
	steady_init(&connection->changed);
	pthread_mutex_init(&connection->lock, NULL);
	int rv = open_socket(connection, url, eager);
	if (rv == 0)
		return PRG_OK;
	pthread_cond_destroy(&connection->changed);
	pthread_mutex_destroy(&connection->lock);
	return open_error(rv, url);
}

/* The socket stays open: NNG crashes when a socket is closed while another thread is about to use its contexts. */
void connection_close(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	connection->closed = true;
	pthread_cond_broadcast(&connection->changed);
	pthread_mutex_unlock(&connection->lock);
	for (struct line *line = connection->lines; line != NULL; line = line->next)
		nng_aio_stop(line->aio);
}

bool connection_is_up(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	bool up = connection->up;
	pthread_mutex_unlock(&connection->lock);
	return up;
}

static uint64_t sum_failures(nng_stat *dialer)
{
	static const char *const names[] = {"refused", "other", "timeout", "proto", "auth", "oom", "reject"};
	uint64_t sum = 0;
	for (nng_stat *stat = nng_stat_child(dialer); stat != NULL; stat = nng_stat_next(stat))
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strcmp(nng_stat_name(stat), names[i]) == 0)
				sum += nng_stat_value(stat);
	return sum;
}

/* How often dialing has failed so far. NNG tells it only by its statistics. */
static uint64_t count_failures(struct connection *connection)
{
	nng_stat *root;
	if (nng_stats_get(&root) != 0)
		return 0;
	uint64_t failures = 0;
	for (nng_stat *stat = nng_stat_child(root); stat != NULL; stat = nng_stat_next(stat))
		if (strcmp(nng_stat_name(stat), "dialer") == 0 &&
		    nng_stat_value(nng_stat_child(stat)) == (uint64_t)nng_dialer_id(connection->dialer))
			failures = sum_failures(stat);
	nng_stats_free(root);
	return failures;
}

/* Waits until connected, closed or the moment. */
static enum exchange wait_until(struct connection *connection, int64_t moment_ms)
{
	pthread_mutex_lock(&connection->lock);
	while (!connection->closed && !connection->up && steady_now_ms() < moment_ms)
		steady_wait(&connection->changed, &connection->lock, moment_ms);
	bool up = connection->up, closed = connection->closed;
	pthread_mutex_unlock(&connection->lock);
	return closed ? EXCHANGE_CLOSED : up ? EXCHANGE_DONE : EXCHANGE_OVER;
}

static bool has_been_up(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	bool was_connected = connection->was_connected;
	pthread_mutex_unlock(&connection->lock);
	return was_connected;
}

/* Waits until connected or the next attempt to connect has failed; the first one counts even if it is over already. */
static enum exchange wait_for_attempt(struct connection *connection, int64_t deadline_ms)
{
	uint64_t before = has_been_up(connection) ? count_failures(connection) : 0;
	for (;;) {
		int64_t look_ms = steady_now_ms() + LOOK_EVERY_MS;
		bool last = look_ms >= deadline_ms;
		enum exchange end = wait_until(connection, last ? deadline_ms : look_ms);
		if (end != EXCHANGE_OVER || last)
			return end;
		if (count_failures(connection) > before)
			return EXCHANGE_FAILED;
	}
}

enum exchange connection_wait(struct connection *connection, int64_t deadline_ms, bool fail_fast)
{
	if (!fail_fast || connection_is_up(connection))
		return wait_until(connection, deadline_ms);
	return wait_for_attempt(connection, deadline_ms);
}

enum exchange connection_pause(struct connection *connection, int pause_ms, int64_t deadline_ms)
{
	int64_t until_ms = steady_now_ms() + pause_ms;
	bool last = until_ms >= deadline_ms;
	if (last)
		until_ms = deadline_ms;
	pthread_mutex_lock(&connection->lock);
	while (!connection->closed && steady_now_ms() < until_ms)
		steady_wait(&connection->changed, &connection->lock, until_ms);
	bool closed = connection->closed;
	pthread_mutex_unlock(&connection->lock);
	return closed ? EXCHANGE_CLOSED : last ? EXCHANGE_OVER : EXCHANGE_DONE;
}

static void destroy_line(struct line *line)
{
	nng_ctx_close(line->context);
	nng_aio_free(line->aio);
	free(line->scratch);
	free(line);
}

static void forget_lines(struct connection *connection)
{
	while (connection->lines != NULL) {
		struct line *line = connection->lines;
		connection->lines = line->next;
		free(line->scratch);
		free(line);
	}
}

/* NNG loses for good a connection that has shaken hands when its dialer is closed before it has taken it. A client that
 * is closed soon after it was opened would often meet that moment; so its first attempt is waited for a little. */
static void await_first_attempt(struct connection *connection)
{
	int64_t until_ms = steady_now_ms() + FIRST_ATTEMPT_MS;
	while (!has_been_up(connection) && count_failures(connection) == 0 && steady_now_ms() < until_ms) {
		pthread_mutex_lock(&connection->lock);
		if (!connection->was_connected)
			steady_wait(&connection->changed, &connection->lock, steady_now_ms() + LOOK_EVERY_MS);
		pthread_mutex_unlock(&connection->lock);
	}
}

void connection_finish(struct connection *connection, bool forked)
{
	if (forked) {
		forget_lines(connection);
		return;
	}
	await_first_attempt(connection);
	while (connection->lines != NULL) {
		struct line *line = connection->lines;
		connection->lines = line->next;
		destroy_line(line);
	}
	nng_close(connection->socket);
	pthread_cond_destroy(&connection->changed);
	pthread_mutex_destroy(&connection->lock);
}

static struct line *create_line(struct connection *connection)
{
	struct line *line = calloc(1, sizeof *line);
	if (line == NULL)
		return NULL;
	if (nng_ctx_open(&line->context, connection->socket) == 0) {
		if (nng_aio_alloc(&line->aio, NULL, NULL) == 0)
			return line;
		nng_ctx_close(line->context);
	}
	free(line);
	return NULL;
}

/* Makes the line one of the connection's, unless that is closed. */
static bool add_line(struct connection *connection, struct line *line)
{
	pthread_mutex_lock(&connection->lock);
	bool closed = connection->closed;
	if (!closed) {
		line->next = connection->lines;
		connection->lines = line;
	}
	pthread_mutex_unlock(&connection->lock);
	return !closed;
}

struct line *connection_take(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	struct line *line = connection->free_lines;
	if (line != NULL)
		connection->free_lines = line->next_free;
	pthread_mutex_unlock(&connection->lock);
	if (line != NULL)
		return line;
	line = create_line(connection);
	if (line == NULL || add_line(connection, line))
		return line;
	destroy_line(line);
	return NULL;
}

void connection_return(struct connection *connection, struct line *line)
{
	pthread_mutex_lock(&connection->lock);
	line->next_free = connection->free_lines;
	connection->free_lines = line;
	pthread_mutex_unlock(&connection->lock);
}

uint8_t *line_scratch(struct line *line, size_t bytes)
{
	if (bytes > line->scratch_bytes) {
		free(line->scratch);
		line->scratch = malloc(bytes);
		line->scratch_bytes = line->scratch != NULL ? bytes : 0;
	}
	return line->scratch;
}

static nng_duration remaining_ms(int64_t deadline_ms)
{
	if (deadline_ms == STEADY_NEVER)
		return NNG_DURATION_INFINITE;
	int64_t left_ms = deadline_ms - steady_now_ms();
	return left_ms < 1 ? 1 : left_ms > INT32_MAX ? INT32_MAX : (nng_duration)left_ms;
}

static enum exchange end_of(int rv)
{
	switch (rv) {
	case 0:
		return EXCHANGE_DONE;
	case NNG_ETIMEDOUT:
		return EXCHANGE_OVER;
	case NNG_ECANCELED: /* by connection_close */
	case NNG_ECLOSED:
		return EXCHANGE_CLOSED;
	case NNG_ENOMEM:
		return EXCHANGE_NO_MEMORY;
	default:
		return EXCHANGE_LOST;
	}
}

static enum exchange send_message(struct line *line, nng_msg *message, int64_t deadline_ms)
{
	nng_duration left_ms = remaining_ms(deadline_ms);
	bool capped = left_ms < 0 || left_ms > SEND_WAIT_MS;
	nng_aio_set_msg(line->aio, message);
	nng_aio_set_timeout(line->aio, capped ? SEND_WAIT_MS : left_ms);
	nng_ctx_send(line->context, line->aio);
	nng_aio_wait(line->aio);
	int rv = nng_aio_result(line->aio);
	if (rv != 0)
		nng_msg_free(message);
	return rv == NNG_ETIMEDOUT && capped ? EXCHANGE_UNSENT : end_of(rv);
}

enum exchange line_exchange(struct line *line, nng_msg *message, int64_t deadline_ms, nng_msg **ret_answer)
{
	enum exchange sent = send_message(line, message, deadline_ms);
	if (sent != EXCHANGE_DONE)
		return sent;
	nng_aio_set_timeout(line->aio, remaining_ms(deadline_ms));
	nng_ctx_recv(line->context, line->aio);
	nng_aio_wait(line->aio);
	int rv = nng_aio_result(line->aio);
	if (rv == 0)
		*ret_answer = nng_aio_get_msg(line->aio);
	return end_of(rv);
}
