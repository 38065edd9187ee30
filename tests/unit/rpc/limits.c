/* What happens beyond the limits. */
#include <criterion/criterion.h>
#include <string.h>

#include "caller.h"
#include "door.h"
#include "fake_service.h"
#include "rpc/peers.h"

static struct door door;

static void open_small(void)
{
	door_prepare(&door);
	door.options.calls_max = 6;
	door.options.calls_per_peer_max = 4;
	door_open(&door);
}

static void close_it(void)
{
	door_close(&door);
}

TestSuite(rpc_server_limits, .init = open_small, .fini = close_it, .timeout = 60);

static void park(struct caller *caller, struct caller_call *calls, int count)
{
	for (int i = 0; i < count; i++)
		caller_start(caller, "/test/Park", "parked", &calls[i]);
}

static void finish(struct caller_call *calls, int count)
{
	for (int i = 0; i < count; i++) {
		struct caller_reply reply;
		caller_finish(&calls[i], &reply);
		cr_assert_eq(reply.code, 0, "%s", reply.message);
	}
}

Test(rpc_server_limits, refuses_too_many_calls_of_one_peer_and_serves_another)
{
	struct caller greedy, modest;
	struct caller_call calls[4];
	struct caller_reply reply;
	caller_open(&greedy, door.tcp);
	caller_open(&modest, door.tcp);
	park(&greedy, calls, 4);
	fake_await_parked(door.service, 4);
	caller_call(&greedy, "/test/Echo", "one more", &reply);
	cr_assert_eq(reply.code, ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(reply.reason, "TOO_MANY_CALLS_OF_PEER");
	cr_assert_not_null(strstr(reply.message, "4 calls"), "%s", reply.message);
	caller_check(&modest, "served");
	fake_release(door.service);
	finish(calls, 4);
	caller_close(&modest);
	caller_close(&greedy);
}

Test(rpc_server_limits, refuses_too_many_calls_in_all_and_recovers)
{
	struct caller callers[3];
	struct caller_call calls[6];
	struct caller_reply reply;
	for (int i = 0; i < 3; i++)
		caller_open(&callers[i], door.ipc);
	park(&callers[0], calls, 3);
	park(&callers[1], calls + 3, 3);
	fake_await_parked(door.service, 6);
	caller_call(&callers[2], "/test/Echo", "one more", &reply);
	cr_assert_eq(reply.code, ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(reply.reason, "TOO_MANY_CALLS");
	fake_release(door.service);
	finish(calls, 6);
	park(&callers[2], calls, 4);
	fake_await_parked(door.service, 4);
	fake_release(door.service);
	finish(calls, 4);
	for (int i = 0; i < 3; i++)
		caller_close(&callers[i]);
}

Test(rpc_server_limits, frees_the_places_of_a_peer_that_leaves)
{
	struct caller leaving, staying;
	struct caller_call calls[6];
	struct caller_reply reply;
	caller_open(&leaving, door.ipc);
	caller_open(&staying, door.ipc);
	park(&leaving, calls, 4);
	park(&staying, calls + 4, 2);
	fake_await_parked(door.service, 6);
	for (int i = 0; i < 4; i++)
		caller_abandon(&calls[i]);
	caller_close(&leaving);
	do { /* until it is noticed that the peer has left, or the test's time is over */
		caller_call(&staying, "/test/Echo", "is there a place?", &reply);
		cr_assert(reply.code == 0 || reply.code == ERR_RESOURCE_EXHAUSTED);
	} while (reply.code != 0);
	fake_await_parked(door.service, 2);
	fake_release(door.service);
	finish(calls + 4, 2);
	caller_close(&staying);
}

/* ---- the counts behind it ---- */

static struct peers peers;
static struct peer peer, other;
static struct fault fault;

static void start_counting(void)
{
	rpc_peers_init(&peers, 6, 4, 10);
	memset(&peer, 0, sizeof peer);
	memset(&other, 0, sizeof other);
}

TestSuite(rpc_peers, .init = start_counting);

static void admit(struct peer *one, size_t bytes)
{
	cr_assert_eq(rpc_peers_admit(&peers, one, bytes, &fault), ERR_OK, "%s", fault.text);
}

static void refuse(struct peer *one, size_t bytes, const char *reason)
{
	cr_assert_eq(rpc_peers_admit(&peers, one, bytes, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_str_eq(fault.reason, reason);
}

Test(rpc_peers, refuses_requests_of_one_that_hold_too_many_bytes)
{
	size_t most = 10 * REQUESTS_MAX_PER_PEER;
	admit(&peer, most);
	refuse(&peer, 1, "TOO_MANY_BYTES_OF_PEER");
	admit(&other, 1);
	rpc_peers_release(&peers, &peer, most);
	admit(&peer, 1);
}

Test(rpc_peers, refuses_requests_of_all_that_hold_too_many_bytes)
{
	struct peer many[4] = {0};
	for (int i = 0; i < 4; i++)
		admit(&many[i], 10 * REQUESTS_MAX_PER_PEER);
	refuse(&other, 1, "TOO_MANY_BYTES");
	rpc_peers_release(&peers, &many[0], 10 * REQUESTS_MAX_PER_PEER);
	admit(&other, 1);
}

Test(rpc_peers, counts_only_what_it_admits)
{
	for (int i = 0; i < 4; i++)
		admit(&peer, 1);
	refuse(&peer, 1, "TOO_MANY_CALLS_OF_PEER");
	admit(&other, 1);
	admit(&other, 1);
	refuse(&other, 1, "TOO_MANY_CALLS");
	for (int i = 0; i < 4; i++)
		rpc_peers_release(&peers, &peer, 1);
	for (int i = 0; i < 2; i++)
		rpc_peers_release(&peers, &other, 1);
	cr_assert_eq(peers.calls, 0);
	cr_assert_eq(peers.bytes, 0);
	cr_assert_eq(peer.bytes, 0);
}
