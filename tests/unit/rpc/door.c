/* Decides where the tested door stands. */
#include "door.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_service.h"

void door_prepare(struct door *door)
{
	*door = (struct door){.options = rpc_server_options_default, .folder = "/tmp/unit-rpc-XXXXXX"};
	cr_assert_not_null(mkdtemp(door->folder));
	snprintf(door->socket_path, sizeof door->socket_path, "%s/rpc.sock", door->folder);
	snprintf(door->ipc_url, sizeof door->ipc_url, "ipc://%s", door->socket_path);
	door->urls[0] = door->ipc_url;
	door->urls[1] = "tcp://127.0.0.1:0";
	door->options.urls = door->urls;
	door->options.url_count = 2;
	door->service = fake_create();
}

void door_open(struct door *door)
{
	struct fault fault = {0};
	enum err err = rpc_server_start(&door->options, door->service, &door->server, &fault);
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
	door->ipc = rpc_server_url(door->server, 0);
	door->tcp = rpc_server_url(door->server, 1);
}

void door_close(struct door *door)
{
	rpc_server_stop(door->server);
	fake_destroy(door->service);
	unlink(door->socket_path);
	cr_assert_eq(rmdir(door->folder), 0);
}
