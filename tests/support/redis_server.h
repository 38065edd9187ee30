/* A real redis-server of one test: in the test's own folder, gone with the test. */
#ifndef TESTS_SUPPORT_REDIS_SERVER_H
#define TESTS_SUPPORT_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
	pid_t pid;
	char folder[64];
};

/* Starts a server that listens on FOLDER/redis.sock and keeps its files in the folder; `options` are further words of
 * its command line, ended by NULL, or NULL: none. Without options nothing is kept. Returns when it answers; fails the
 * test when it does not start. It starts again with what was kept in the folder. */
void redis_server_start(struct redis_server *server, const char *folder, const char *const *options);

/* Kills the server as the kernel kills. */
void redis_server_kill(struct redis_server *server);

#endif
