/* The client: what all its calls share, who may use it, and when it may go. */
#ifndef PRG_CLIENT_H
#define PRG_CLIENT_H

#include <prg/prg.h>
#include <prg/service.h>
#include <pthread.h>
#include <stdatomic.h>

#include "connection.h"
#include "turn.h"

enum { CLIENT_WRITER_BYTES_MAX = 64, CLIENT_AUTHORIZATION_BYTES_MAX = 8192 };

struct gather;
struct report_thread;

struct prg_client {
	ProtobufCService service; /* must be first: the generated stubs hand it to channel_invoke */
	struct connection connection;
	char *url;
	char *authorization; /* NULL: none */
	char writer[CLIENT_WRITER_BYTES_MAX + 1];
	int timeout_ms; /* -1: none */
	bool fail_fast;
	atomic_bool knows_server;      /* server.h: its version fits */
	pthread_key_t thread_timeout;  /* of each thread, as an integer in the pointer; 0: the client's */
	atomic_uint_fast64_t sequence; /* of the latest update */
	pthread_mutex_t lock;          /* for all below */
	pthread_cond_t left;           /* a call has ended */
	unsigned calls;                /* under way */
	bool closing;
	struct turn_list turns;
	struct report_thread *reports; /* NULL until somebody needs it */
	struct gather *gather;         /* the same */
};

/* Begins a call: clears the thread's error and keeps the client alive until client_leave. PRG_FAILED_PRECONDITION: in
 * a forked child. PRG_CANCELLED: the client is being closed. Calls may lie inside each other. */
enum prg_code client_enter(struct prg_client *client);

/* Ends a call; returns the thread's error_code(). */
enum prg_code client_leave(struct prg_client *client);

/* When (steady.h) a call that the calling thread begins now has to end, with that much time more. */
int64_t client_deadline_ms(const struct prg_client *client, int64_t extra_ms);

/* A random number, for names. */
uint64_t client_random(void);

/* Whether the client is being closed. */
bool client_is_closing(struct prg_client *client);

#endif
