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
static struct fault fault;

static void start_counting(void)
{
	rpc_peers_init(&peers, 6, 4, 10);
	cr_assert(rpc_peers_add(&peers, 1));
	cr_assert(rpc_peers_add(&peers, 1 + PEER_BUCKETS));
}

static void stop_counting(void)
{
	rpc_peers_finish(&peers);
}

TestSuite(rpc_peers, .init = start_counting, .fini = stop_counting);

Test(rpc_peers, finds_each_of_two_in_one_bucket_until_it_is_removed)
{
	cr_assert_eq(rpc_peers_find(&peers, 1)->id, 1);
	cr_assert_eq(rpc_peers_find(&peers, 1 + PEER_BUCKETS)->id, 1 + PEER_BUCKETS);
	cr_assert_null(rpc_peers_find(&peers, 2));
	cr_assert_not(rpc_peers_remove(&peers, 1));
	cr_assert_null(rpc_peers_find(&peers, 1));
	cr_assert_not_null(rpc_peers_find(&peers, 1 + PEER_BUCKETS));
	cr_assert_not(rpc_peers_remove(&peers, 1));
}

Test(rpc_peers, refuses_requests_that_hold_too_many_bytes)
{
	struct peer *peer = rpc_peers_find(&peers, 1);
	size_t most = 10 * REQUESTS_MAX_PER_PEER;
	cr_assert_eq(rpc_peers_admit(&peers, peer, most, &fault), VERDICT_ADMITTED);
	cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_REFUSED);
	cr_assert_str_eq(fault.reason, "TOO_MANY_BYTES_OF_PEER");
	rpc_peers_release(&peers, peer, 1, VERDICT_REFUSED);
	rpc_peers_release(&peers, peer, most, VERDICT_ADMITTED);
	cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_ADMITTED);
	rpc_peers_release(&peers, peer, 1, VERDICT_ADMITTED);
}

Test(rpc_peers, gives_up_a_peer_that_does_not_even_take_its_refusals)
{
	struct peer *peer = rpc_peers_find(&peers, 1);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_ADMITTED);
	for (int i = 0; i < PEER_REFUSALS_MAX; i++)
		cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_REFUSED);
	cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_DISCONNECT);
	for (int i = 0; i < PEER_REFUSALS_MAX; i++)
		rpc_peers_release(&peers, peer, 1, VERDICT_REFUSED);
	for (int i = 0; i < 4; i++)
		rpc_peers_release(&peers, peer, 1, VERDICT_ADMITTED);
}

Test(rpc_peers, refuses_everything_when_closing)
{
	peers.is_closing = true;
	cr_assert_eq(rpc_peers_admit(&peers, rpc_peers_find(&peers, 1), 1, &fault), VERDICT_REFUSED);
	cr_assert_eq(fault.code, ERR_UNAVAILABLE);
	rpc_peers_release(&peers, rpc_peers_find(&peers, 1), 1, VERDICT_REFUSED);
}

Test(rpc_peers, keeps_a_peer_that_left_until_its_last_call_is_over)
{
	struct peer *peer = rpc_peers_find(&peers, 1);
	cr_assert_eq(rpc_peers_admit(&peers, peer, 1, &fault), VERDICT_ADMITTED);
	cr_assert(rpc_peers_remove(&peers, 1));
	cr_assert(peer->is_gone);
	rpc_peers_release(&peers, peer, 1, VERDICT_ADMITTED);
	cr_assert_eq(peers.calls, 0);
	cr_assert_eq(peers.bytes, 0);
}

Test(rpc_peers, finds_the_peer_that_takes_nothing_but_not_one_that_is_slow)
{
	struct peer *stuck = rpc_peers_find(&peers, 1);
	struct peer *slow = rpc_peers_find(&peers, 1 + PEER_BUCKETS);
	uint32_t found[2];
	stuck->replies_waiting = 3;
	slow->replies_waiting = 3;
	for (int tick = 1; tick < PEER_PATIENCE_TICKS; tick++) {
		slow->replies_taken += tick % 2 == 0;
		cr_assert_eq(rpc_peers_tick(&peers, found, 2), 0);
	}
	slow->replies_taken++;
	cr_assert_eq(rpc_peers_tick(&peers, found, 2), 1);
	cr_assert_eq(found[0], 1);
	stuck->replies_waiting = 0;
	cr_assert_eq(rpc_peers_tick(&peers, found, 2), 0);
}
