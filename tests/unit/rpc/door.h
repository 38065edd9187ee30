/* The door that is tested, with a fake service behind it, in a folder of its own. */
#ifndef TESTS_RPC_DOOR_H
#define TESTS_RPC_DOOR_H

#include "rpc/rpc_server.h"

struct door {
	struct rpc_server_options options;
	struct service *service;
	struct rpc_server *server;
	char folder[64];
	char socket_path[96];
	char ipc_url[128];
	const char *urls[2];
	const char *ipc; /* bound */
	const char *tcp; /* bound */
};

/* Prepares options: the default limits, ipc in a fresh folder and tcp on a free port. Change them before door_open. */
void door_prepare(struct door *door);

/* Starts the door. */
void door_open(struct door *door);

/* Stops the door and removes the folder; no call may be parked. */
void door_close(struct door *door);

#endif
