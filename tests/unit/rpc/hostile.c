/* Peers that break the rules: they lose their connection at most, and nobody else notices. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "caller.h"
#include "door.h"
#include "fake_service.h"
#include "raw_peer.h"

enum { HOSTILE_CONNECTS = 200, UNREAD_REQUESTS = 5000, UNREAD_BYTES = 4000 };

static struct door door;

static void open_it(void)
{
	door_prepare(&door);
	door.options.send_timeout_ms = 100;
	door_open(&door);
}

static void close_it(void)
{
	door_close(&door);
}

TestSuite(rpc_server_hostile, .init = open_it, .fini = close_it, .timeout = 120);

Test(rpc_server_hostile, answers_garbage_with_invalid_argument)
{
	static const char *const garbage[] = {"", "\xff\xff\xff\xff\xff", "no Call at all",
	                                      "\x0a\x7f"
	                                      "short"};
	struct caller caller;
	caller_open(&caller, door.tcp);
	for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
		struct caller_call call;
		struct caller_reply reply;
		caller_start_frame(&caller, garbage[i], strlen(garbage[i]), &call);
		caller_finish(&call, &reply);
		cr_assert_eq(reply.code, ERR_INVALID_ARGUMENT, "frame %zu got %d", i, reply.code);
		cr_assert_str_not_empty(reply.message);
		cr_assert_str_not_empty(reply.reason);
	}
	cr_assert_eq(fake_calls(door.service), 0);
	caller_check(&caller, "better");
	caller_close(&caller);
}

Test(rpc_server_hostile, drops_only_the_peer_whose_frame_claims_two_gigabytes)
{
	static const uint8_t claim[12] = {0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 1};
	struct caller caller;
	caller_open(&caller, door.tcp);
	caller_check(&caller, "before");
	int peer = raw_connect_as_req(door.tcp);
	cr_assert(raw_send(peer, claim, sizeof claim));
	cr_assert(raw_await_close(peer));
	close(peer);
	caller_check(&caller, "after");
	caller_close(&caller);
}

Test(rpc_server_hostile, drops_a_peer_whose_request_has_no_number)
{
	static const uint8_t frame[10] = {0, 0, 0, 0, 0, 0, 0, 2, 1, 1};
	int peer = raw_connect_as_req(door.tcp);
	cr_assert(raw_send(peer, frame, sizeof frame));
	cr_assert(raw_await_close(peer));
	close(peer);
}

Test(rpc_server_hostile, goes_on_listening_when_peers_leave_in_the_handshake)
{
	struct caller over_ipc, over_tcp;
	for (int i = 0; i < HOSTILE_CONNECTS; i++) {
		close(raw_connect(door.ipc));
		raw_reset(raw_connect(door.tcp));
	}
	caller_open(&over_ipc, door.ipc);
	caller_check(&over_ipc, "ipc");
	caller_open(&over_tcp, door.tcp);
	caller_check(&over_tcp, "tcp");
	caller_close(&over_tcp);
	caller_close(&over_ipc);
}

/* Sends one request after the other, reads nothing, until the connection breaks; checks now and then that another
 * caller is served. */
static void send_until_dropped(int peer, const uint8_t *frame, size_t frame_bytes, struct caller *other)
{
	int sent = 0;
	while (raw_send_request(peer, frame, frame_bytes)) {
		if (++sent % 500 == 0)
			caller_check(other, "meanwhile");
		cr_assert_lt(sent, 100 * UNREAD_REQUESTS, "still connected after %d requests", sent);
	}
	cr_assert(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
}

Test(rpc_server_hostile, disconnects_a_peer_that_never_reads)
{
	static const char head[] = "\x0a\x0a/test/Echo\x12\xa0\x1f"; /* method; a request of 4000 bytes */
	uint8_t frame[sizeof head - 1 + UNREAD_BYTES] = {0};
	struct caller other;
	caller_open(&other, door.tcp);
	memcpy(frame, head, sizeof head - 1);
	int peer = raw_connect_as_req(door.tcp);
	send_until_dropped(peer, frame, sizeof frame, &other);
	close(peer);
	caller_check(&other, "afterwards");
	caller_close(&other);
}

Test(rpc_server_hostile, stops_although_a_peer_does_not_read)
{
	static const char head[] = "\x0a\x0a/test/Echo\x12\xa0\x1f";
	uint8_t frame[sizeof head - 1 + UNREAD_BYTES] = {0};
	memcpy(frame, head, sizeof head - 1);
	int peer = raw_connect_as_req(door.tcp);
	for (int i = 0; i < UNREAD_REQUESTS; i++) {
		if (!raw_send_request(peer, frame, sizeof frame))
			break;
	}
	rpc_server_stop(door.server);
	door.server = NULL;
	close(peer);
}
