/* A man in the middle between a client and a server on a unix socket, who can be told to do harm to what the server
 * says. */
#ifndef TESTS_SUPPORT_PROXY_H
#define TESTS_SUPPORT_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "random.h"

enum proxy_mode {
	PROXY_PASS,
	PROXY_CUT_ONCE, /* lets the next request through, and cuts the connection instead of passing the answer; then PASS
	                 */
	PROXY_CLOSE,    /* cuts connections as soon as they are used */
	PROXY_SILENT,   /* passes no answer */
	PROXY_GARBAGE,  /* random bytes instead of each answer */
	PROXY_MUTATE,   /* answers with some bytes changed */
	PROXY_SAY,      /* always the same answer */
};

enum { PROXY_PAIRS_MAX = 32 };

struct proxy_pair {
	int client; /* -1: free */
	int server;
};

struct proxy {
	char path[100]; /* where it listens; empty: on a port */
	char server_path[100];
	_Atomic(enum proxy_mode) mode;
	const char *said; /* of PROXY_SAY; set before the mode */
	struct random random;
	int listener;
	int stop[2];
	pthread_t thread;
	struct proxy_pair pairs[PROXY_PAIRS_MAX];
};

/* Listens on `path`; fails the test when that does not work. */
void proxy_start(struct proxy *proxy, const char *path, const char *server_path);

/* The same on a free port of the loopback, which it returns. The server may come later. */
int proxy_start_on_port(struct proxy *proxy, const char *server_path);

void proxy_stop(struct proxy *proxy);

#endif
