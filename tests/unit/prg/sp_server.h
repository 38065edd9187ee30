/*
 * The wire of NNG's REP over a unix socket, done by hand: a service for tests that can be stopped, started and cut off
 * at any moment without the surprises that NNG's own listeners have then. One thread reads each connection; a pool of
 * threads answers.
 */
#ifndef TESTS_UNIT_PRG_SP_SERVER_H
#define TESTS_UNIT_PRG_SP_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SP_WORKERS = 8, SP_CONNECTIONS_MAX = 256 };

/* A request: the four bytes that its answer must begin with, then what the client sent. */
struct sp_request {
	struct sp_connection *connection;
	uint8_t *bytes;
	size_t length;
	struct sp_request *next;
};

/* Answers a request: a new block in *ret_bytes, which the server frees, or false: the connection is cut off. */
typedef bool sp_answer(void *context, const uint8_t *bytes, size_t length, uint8_t **ret_bytes, size_t *ret_length);

struct sp_connection {
	struct sp_server *server;
	int fd;
	pthread_t reader;
	pthread_mutex_t sending;
};

struct sp_server {
	sp_answer *answer;
	void *context;
	int fd;
	pthread_t listener;
	pthread_t workers[SP_WORKERS];
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t arrived;
	struct sp_request *first; /* waiting for a worker */
	struct sp_connection connections[SP_CONNECTIONS_MAX];
	size_t connection_count;
	bool stopping;
};

/* Listens on the path. */
void sp_server_start(struct sp_server *server, const char *path, sp_answer *answer, void *context);

/* Cuts off everybody and ends; answers that are being made must end by themselves. The path stays. */
void sp_server_stop(struct sp_server *server);

#endif
