/* Opening a client: addresses and options. */
#include <criterion/criterion.h>
#include <prg/prg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

static void forget_environment(void)
{
	unsetenv("PRG_SERVER");
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
}

TestSuite(prg_open, .init = forget_environment, .timeout = 60);

Test(prg_open, refuses_what_is_no_address)
{
	static const char *const urls[] = {"http://127.0.0.1:80", "tcp://127.0.0.1", "tcp://:70", "tcp://host:0",
	                                   "tcp://host:65536",    "tcp://host:7x",   "ipc://",    "nonsense"};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct prg_client *client = NULL;
		cr_assert_eq(prg_open(urls[i], NULL, &client), PRG_INVALID_ARGUMENT, "%s", urls[i]);
		cr_assert_null(client);
		cr_assert_not_null(strstr(prg_error(), urls[i]), "%s", prg_error());
		cr_assert_str_eq(prg_error_reason(), "BAD_URL");
	}
}

Test(prg_open, refuses_a_path_longer_than_a_socket_may_have)
{
	char url[200] = "ipc:///";
	memset(url + 7, 'x', 150);
	struct prg_client *client;
	cr_assert_eq(prg_open(url, NULL, &client), PRG_INVALID_ARGUMENT);
}

Test(prg_open, refuses_bad_options)
{
	char name[100] = "";
	memset(name, 'n', 65);
	struct prg_client *client;
	struct prg_options slow = {.timeout_ms = -2}, named = {.writer = name};
	cr_assert_eq(prg_open("tcp://127.0.0.1:1", &slow, &client), PRG_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(prg_error(), "timeout_ms"));
	cr_assert_eq(prg_open("tcp://127.0.0.1:1", &named, &client), PRG_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(prg_error(), "writer"));
}

static void expect_url(const char *expected)
{
	struct prg_client *client;
	cr_assert_eq(prg_open(NULL, NULL, &client), PRG_OK, "%s", prg_error());
	cr_assert_str_eq(prg_server_url(client), expected);
	cr_assert_str_empty(prg_error());
	prg_close(client);
}

Test(prg_open, takes_the_address_from_the_environment)
{
	setenv("PRG_SERVER", "tcp://127.0.0.1:17", 1);
	expect_url("tcp://127.0.0.1:17");
	setenv("PRG_SERVER", "junk", 1);
	struct prg_client *client;
	cr_assert_eq(prg_open(NULL, NULL, &client), PRG_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(prg_error(), "PRG_SERVER"));
}

Test(prg_open, takes_the_socket_in_the_runtime_folder_when_there_is_one)
{
	struct fake fake;
	fake_start(&fake);
	setenv("RUNTIME_DIRECTORY", fake.folder, 1);
	expect_url(fake.url);
	fake_stop(&fake);
}

Test(prg_open, takes_the_socket_of_the_user_when_there_is_one)
{
	struct fake fake;
	fake_start_absent(&fake);
	char folder[64];
	snprintf(folder, sizeof folder, "%s/progressd", fake.folder);
	cr_assert_eq(mkdir(folder, 0700), 0);
	snprintf(fake.url, sizeof fake.url, "ipc://%s/rpc.sock", folder);
	fake_arrive(&fake);
	setenv("XDG_RUNTIME_DIR", fake.folder, 1);
	expect_url(fake.url);
	fake_leave(&fake);
	rmdir(folder);
	fake_stop(&fake);
}

Test(prg_open, does_not_wait_for_the_service)
{
	struct prg_client *client;
	cr_assert_eq(prg_open("ipc:///nowhere/rpc.sock", NULL, &client), PRG_OK);
	prg_close(client);
	prg_close(NULL);
}
