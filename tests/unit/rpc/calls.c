/* Calls that go as they should: one, many at once, some that wait. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "caller.h"
#include "door.h"
#include "fake_service.h"

enum { MANY = 64, VERY_MANY = 2000 };

static struct door door;

static void open_it(void)
{
	door_prepare(&door);
	door_open(&door);
}

static void close_it(void)
{
	door_close(&door);
}

TestSuite(rpc_server, .init = open_it, .fini = close_it, .timeout = 120);

static void check_answer(const char *url)
{
	struct caller caller;
	struct caller_reply reply;
	caller_open(&caller, url);
	caller_call(&caller, "/test/Echo", "how far?", &reply);
	cr_assert_eq(reply.code, 0);
	cr_assert_str_eq(reply.response, "how far?");
	cr_assert_str_empty(reply.message);
	cr_assert_str_empty(reply.reason);
	cr_assert_eq(reply.durability, 3);
	caller_close(&caller);
}

Test(rpc_server, answers_a_call_over_ipc)
{
	check_answer(door.ipc);
}

Test(rpc_server, answers_a_call_over_tcp)
{
	check_answer(door.tcp);
}

Test(rpc_server, passes_on_a_fault_of_the_service)
{
	struct caller caller;
	struct caller_reply reply;
	caller_open(&caller, door.ipc);
	caller_call(&caller, "/test/Nothing", "x", &reply);
	cr_assert_eq(reply.code, ERR_UNIMPLEMENTED);
	cr_assert_str_eq(reply.reason, "NO_SUCH_METHOD");
	cr_assert_str_eq(reply.message, "there is no method \"/test/Nothing\"");
	cr_assert_str_empty(reply.response);
	caller_close(&caller);
}

/* Starts so many calls with their numbers as requests. */
static struct caller_call *start_many(struct caller *caller, const char *method, int count)
{
	struct caller_call *calls = calloc((size_t)count, sizeof *calls);
	cr_assert_not_null(calls);
	for (int i = 0; i < count; i++) {
		char request[16];
		snprintf(request, sizeof request, "call %d", i);
		caller_start(caller, method, request, &calls[i]);
	}
	return calls;
}

/* Checks that each call got its own answer. */
static void finish_many(struct caller_call *calls, int count)
{
	for (int i = 0; i < count; i++) {
		char request[16];
		struct caller_reply reply;
		snprintf(request, sizeof request, "call %d", i);
		caller_finish(&calls[i], &reply);
		cr_assert_eq(reply.code, 0, "%s", reply.message);
		cr_assert_str_eq(reply.response, request);
	}
	free(calls);
}

Test(rpc_server, matches_the_replies_of_many_contexts_that_come_out_of_order)
{
	struct caller caller;
	caller_open(&caller, door.tcp);
	for (int round = 0; round < 10; round++)
		finish_many(start_many(&caller, "/test/Later", MANY), MANY);
	cr_assert_eq(fake_calls(door.service), 10 * MANY);
	caller_close(&caller);
}

Test(rpc_server, serves_others_while_a_call_waits)
{
	struct caller waiting, other;
	struct caller_call call;
	struct caller_reply reply;
	caller_open(&waiting, door.ipc);
	caller_open(&other, door.tcp);
	caller_start(&waiting, "/test/Park", "later", &call);
	fake_await_parked(door.service, 1);
	caller_check(&other, "now");
	caller_check(&waiting, "now, too");
	fake_release(door.service);
	caller_finish(&call, &reply);
	cr_assert_str_eq(reply.response, "later");
	caller_close(&other);
	caller_close(&waiting);
}

Test(rpc_server, keeps_two_thousand_calls_waiting_and_answers_them_all)
{
	struct caller caller;
	caller_open(&caller, door.ipc);
	for (int round = 0; round < 2; round++) {
		struct caller_call *calls = start_many(&caller, "/test/Park", VERY_MANY);
		fake_await_parked(door.service, VERY_MANY);
		caller_check(&caller, "between");
		fake_release(door.service);
		finish_many(calls, VERY_MANY);
	}
	caller_close(&caller);
}

Test(rpc_server, lets_the_calls_of_a_peer_that_leaves_be_forgotten)
{
	struct caller leaving, staying;
	struct caller_call kept;
	struct caller_reply reply;
	caller_open(&leaving, door.tcp);
	caller_open(&staying, door.tcp);
	caller_start(&staying, "/test/Park", "I stay", &kept);
	struct caller_call *calls = start_many(&leaving, "/test/Park", MANY);
	fake_await_parked(door.service, MANY + 1);
	for (int i = 0; i < MANY; i++)
		caller_abandon(&calls[i]);
	caller_close(&leaving);
	fake_await_parked(door.service, 1);
	fake_release(door.service);
	caller_finish(&kept, &reply);
	cr_assert_str_eq(reply.response, "I stay");
	caller_close(&staying);
	free(calls);
}

Test(rpc_server_drain, still_lets_waiting_calls_be_answered_but_takes_no_more)
{
	struct caller caller;
	struct caller_call waiting, late;
	struct caller_reply reply;
	open_it();
	caller_open(&caller, door.ipc);
	caller_start(&caller, "/test/Park", "early", &waiting);
	fake_await_parked(door.service, 1);
	rpc_server_drain(door.server);
	caller_start(&caller, "/test/Echo", "late", &late);
	fake_release(door.service);
	caller_finish(&waiting, &reply);
	cr_assert_str_eq(reply.response, "early");
	cr_assert_eq(fake_calls(door.service), 1);
	caller_abandon(&late);
	close_it();
	caller_close(&caller);
}
