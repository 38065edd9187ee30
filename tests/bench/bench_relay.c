/*
 * The bare NNG relay that a watched update is compared with.
 *
 *     bench_relay --rpc URL --pub URL                 publishes each request, then sends it back, until its input ends
 *     bench_relay --ask URL --sub URL [--count N]     measures the time from a request to the arrival of what is
 * published
 */
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arrival.h"
#include "rpc/nng_repairs.h"

enum { MESSAGE_BYTES = 160 }; /* about what an update has */

struct relay {
	nng_socket rep, pub;
	nng_aio *aio;
	bool is_sending;
};

struct scene {
	struct arrival arrival;
	nng_socket req, sub;
};

static void must(int code, const char *what)
{
	if (code == 0)
		return;
	fprintf(stderr, "bench_relay: %s: %s\n", what, nng_strerror(code));
	exit(1);
}

static void step(void *argument)
{
	struct relay *relay = argument;
	nng_msg *copy;
	if (nng_aio_result(relay->aio) != 0)
		return;
	relay->is_sending = !relay->is_sending;
	if (!relay->is_sending) {
		nng_recv_aio(relay->rep, relay->aio);
		return;
	}
	must(nng_msg_dup(&copy, nng_aio_get_msg(relay->aio)), "copy");
	must(nng_sendmsg(relay->pub, copy, 0), "publish");
	nng_send_aio(relay->rep, relay->aio);
}

static void serve(const char *rpc_url, const char *pub_url)
{
	struct relay relay = {0};
	char ignored[64];
	must(nng_rep0_open(&relay.rep), "rep");
	must(nng_pub0_open(&relay.pub), "pub");
	must(nng_aio_alloc(&relay.aio, step, &relay), "aio");
	nng_recv_aio(relay.rep, relay.aio);
	must(nng_listen(relay.pub, pub_url, NULL, 0), pub_url);
	must(nng_listen(relay.rep, rpc_url, NULL, 0), rpc_url);
	while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
		continue;
	nng_close(relay.rep);
	nng_close(relay.pub);
	nng_aio_free(relay.aio);
}

static void ask(long number, void *context)
{
	struct scene *scene = context;
	nng_msg *message;
	must(nng_msg_alloc(&message, MESSAGE_BYTES), "message");
	memset(nng_msg_body(message), 0, MESSAGE_BYTES);
	memcpy(nng_msg_body(message), &number, sizeof number);
	must(nng_sendmsg(scene->req, message, 0), "send");
	must(nng_recvmsg(scene->req, &message, 0), "receive");
	nng_msg_free(message);
}

static void *subscribe(void *context)
{
	struct scene *scene = context;
	nng_msg *message;
	while (nng_recvmsg(scene->sub, &message, 0) == 0) {
		nng_msg_free(message);
		arrival_note(&scene->arrival);
	}
	return NULL;
}

/* Asks until the relay has noticed its subscriber, then takes what has come. */
static void warm_up(struct scene *scene)
{
	enum { PATIENCE_MS = 50 };
	nng_msg *message;
	bool is_heard = false, is_quiet = false;
	must(nng_socket_set_ms(scene->sub, NNG_OPT_RECVTIMEO, PATIENCE_MS), "patience");
	while (!is_heard || !is_quiet) {
		if (!is_heard)
			ask(0, scene);
		is_quiet = nng_recvmsg(scene->sub, &message, 0) != 0;
		is_heard = is_heard || !is_quiet;
		if (!is_quiet)
			nng_msg_free(message);
	}
	must(nng_socket_set_ms(scene->sub, NNG_OPT_RECVTIMEO, NNG_DURATION_INFINITE), "patience");
}

static void measure(const char *rpc_url, const char *pub_url, int argc, char **argv)
{
	struct scene scene = {0};
	pthread_t thread;
	arrival_init(&scene.arrival, argc, argv);
	must(nng_req0_open(&scene.req), "req");
	must(nng_sub0_open(&scene.sub), "sub");
	must(nng_socket_set(scene.sub, NNG_OPT_SUB_SUBSCRIBE, "", 0), "subscribe");
	must(nng_dial(scene.req, rpc_url, NULL, 0), rpc_url);
	must(nng_dial(scene.sub, pub_url, NULL, 0), pub_url);
	warm_up(&scene);
	if (pthread_create(&thread, NULL, subscribe, &scene) != 0)
		exit(1);
	arrival_measure(&scene.arrival, ask, &scene);
	nng_close(scene.req);
	nng_close(scene.sub);
	pthread_join(thread, NULL);
	free(scene.arrival.durations_ns);
}

int main(int argc, char **argv)
{
	const char *rpc_url = arrival_option(argc, argv, "--rpc"), *pub_url = arrival_option(argc, argv, "--pub");
	const char *ask_url = arrival_option(argc, argv, "--ask"), *sub_url = arrival_option(argc, argv, "--sub");
	nng_repairs_require();
	if (rpc_url != NULL && pub_url != NULL)
		serve(rpc_url, pub_url);
	else if (ask_url != NULL && sub_url != NULL)
		measure(ask_url, sub_url, argc, argv);
	else
		return 2;
	return 0;
}
