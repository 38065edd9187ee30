/*
 * The bare NNG echo that the daemon is compared with: REP contexts, each of which sends back the message it got.
 *
 *     bench_echo --url URL [--contexts N] [--threads N]
 *
 * Prints the URL it listens at, then runs until its standard input ends.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/nng_repairs.h"

struct echo {
	nng_ctx context;
	nng_aio *aio;
	bool is_sending;
};

static void fail(const char *what, int code)
{
	fprintf(stderr, "bench_echo: %s: %s\n", what, nng_strerror(code));
	exit(1);
}

static void step(void *argument)
{
	struct echo *echo = argument;
	if (nng_aio_result(echo->aio) != 0)
		return;
	echo->is_sending = !echo->is_sending;
	if (echo->is_sending) /* the message that was received is the aio's still */
		nng_ctx_send(echo->context, echo->aio);
	else
		nng_ctx_recv(echo->context, echo->aio);
}

static void start_echo(struct echo *echo, nng_socket socket)
{
	int code = nng_ctx_open(&echo->context, socket);
	if (code == 0)
		code = nng_aio_alloc(&echo->aio, step, echo);
	if (code != 0)
		fail("context", code);
	nng_ctx_recv(echo->context, echo->aio);
}

static void print_url(const char *url, nng_listener listener)
{
	int port = 0;
	if (nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
		printf("%.*s:%d\n", (int)(strrchr(url, ':') - url), url, port);
	else
		printf("%s\n", url);
	fflush(stdout);
}

static void await_end_of_input(void)
{
	char ignored[64];
	while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
		continue;
}

int main(int argc, char **argv)
{
	const char *url = "tcp://127.0.0.1:0";
	int context_count = 64;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--url") == 0)
			url = argv[i + 1];
		else if (strcmp(argv[i], "--contexts") == 0)
			context_count = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--threads") == 0)
			nng_repairs_set_threads(atoi(argv[i + 1]));
	}
	nng_socket socket;
	nng_listener listener;
	int code = nng_rep0_open(&socket);
	if (code != 0)
		fail("socket", code);
	struct echo *echoes = calloc((size_t)context_count, sizeof *echoes);
	for (int i = 0; i < context_count; i++)
		start_echo(&echoes[i], socket);
	code = nng_listen(socket, url, &listener, 0);
	if (code != 0)
		fail(url, code);
	print_url(url, listener);
	await_end_of_input();
	nng_close(socket);
	for (int i = 0; i < context_count; i++)
		nng_aio_free(echoes[i].aio);
	free(echoes);
	return 0;
}
