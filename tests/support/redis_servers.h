/* Real Redis servers that all tests of one run share: a cluster, and a master with three sentinels. They listen on free
 * ports of the loopback, keep their files in one folder, and end with the run. Tests keep out of each other's way by
 * the prefix of their keys. */
#ifndef TESTS_SUPPORT_REDIS_SERVERS_H
#define TESTS_SUPPORT_REDIS_SERVERS_H

#include <stddef.h>
#include <sys/types.h>

/* In the environment of all tests: HOST:PORT,…, and that with the name of the master behind it. */
#define REDIS_SERVERS_CLUSTER  "TEST_REDIS_CLUSTER"
#define REDIS_SERVERS_SENTINEL "TEST_REDIS_SENTINEL"

enum { REDIS_SERVERS_MASTERS = 3, REDIS_SERVERS_SENTINELS = 3, REDIS_SERVERS_MAX = 8 };

struct redis_servers {
	char folder[64];
	pid_t pids[REDIS_SERVERS_MAX];
	int ports[REDIS_SERVERS_MAX];
	size_t count;
};

/* A port of the loopback on which nobody listens. */
int redis_servers_free_port(void);

/* Starts all, and returns when they serve; fails the run when they do not. */
void redis_servers_start(struct redis_servers *servers);

/* Kills all, and removes their folder. */
void redis_servers_stop(struct redis_servers *servers);

#endif
