/* Where the door may stand, and what it says when it may not. */
#include "rpc/listen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "caller.h"
#include "door.h"

static struct door door;

static void prepare(void)
{
	door_prepare(&door);
}

static void close_it(void)
{
	door_close(&door);
}

TestSuite(rpc_server_start, .init = prepare, .fini = close_it, .timeout = 60);

/* Binds a socket file at the door's path and lets the socket go, as a killed daemon does. */
static void leave_stale_socket(void)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	strncpy(path.sun_path, door.socket_path, sizeof path.sun_path - 1);
	int stale = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(stale, (const struct sockaddr *)&path, sizeof path), 0);
	cr_assert_eq(listen(stale, 1), 0);
	close(stale);
}

/* Tries to open a second door at this URL; it must fail. */
static void check_refused(const char *url, enum err expected, const char *reason)
{
	struct rpc_server_options options = rpc_server_options_default;
	struct rpc_server *second = NULL;
	struct fault fault = {0};
	options.urls = &url;
	options.url_count = 1;
	cr_assert_eq(rpc_server_start(&options, door.service, &second, &fault), expected, "%s: %s", url, fault.text);
	cr_assert_null(second);
	cr_assert_eq(fault.code, expected);
	cr_assert_str_eq(fault.reason, reason);
	cr_assert_not_null(strstr(fault.text, url), "%s", fault.text);
}

Test(rpc_server_start, tells_the_port_that_was_free)
{
	door_open(&door);
	int port = 0;
	cr_assert_eq(sscanf(door.tcp, "tcp://127.0.0.1:%d", &port), 1, "%s", door.tcp);
	cr_assert_gt(port, 0);
	cr_assert_str_eq(door.ipc, door.ipc_url);
}

Test(rpc_server_start, replaces_the_socket_file_of_a_killed_process)
{
	struct caller caller;
	leave_stale_socket();
	door_open(&door);
	caller_open(&caller, door.ipc);
	caller_check(&caller, "hello");
	caller_close(&caller);
}

Test(rpc_server_start, refuses_addresses_in_use_and_leaves_their_owner_alone)
{
	struct caller caller;
	door_open(&door);
	check_refused(door.ipc, ERR_UNAVAILABLE, "ADDRESS_IN_USE");
	check_refused(door.tcp, ERR_UNAVAILABLE, "ADDRESS_IN_USE");
	caller_open(&caller, door.ipc);
	caller_check(&caller, "still here");
	caller_close(&caller);
}

Test(rpc_server_start, leaves_a_file_that_is_not_a_socket_alone)
{
	FILE *file = fopen(door.socket_path, "w");
	cr_assert_not_null(file);
	fclose(file);
	check_refused(door.ipc_url, ERR_UNAVAILABLE, "CANNOT_LISTEN");
	cr_assert_eq(access(door.socket_path, F_OK), 0);
}

Test(rpc_server_start, refuses_a_folder_that_is_not_there)
{
	check_refused("ipc:///no-such-folder-here/rpc.sock", ERR_UNAVAILABLE, "CANNOT_LISTEN");
}

Test(rpc_server_start, refuses_what_is_no_address)
{
	static const char *const bad[] = {
	    "",
	    "rpc.sock",
	    "http://127.0.0.1:1",
	    "ws://127.0.0.1:0/rpc",
	    "ipc://",
	    "tcp://",
	    "tcp://127.0.0.1",
	    "tcp://127.0.0.1:",
	    "tcp://127.0.0.1:65536",
	    "tcp://127.0.0.1:7o7o",
	    "tcp://127.0.0.1:-1",
	    "ipc:///tmp/"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check_refused(bad[i], ERR_INVALID_ARGUMENT, "BAD_URL");
}

Test(rpc_server_stop, removes_the_socket_file_and_accepts_NULL)
{
	prepare();
	door_open(&door);
	cr_assert_eq(access(door.socket_path, F_OK), 0);
	rpc_server_stop(door.server);
	door.server = NULL;
	cr_assert_neq(access(door.socket_path, F_OK), 0);
	close_it();
}
