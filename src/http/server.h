/* The insides of the HTTP door. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "http/alarms.h"
#include "http/http_server.h"
#include "http/memo.h"
#include "http/origin.h"

enum {
	BODY_BYTES_MAX = 1024 * 1024,
	BODY_SECONDS_MAX = 15,
	HEAD_SECONDS_MAX = 10,      /* also of a connection without a request, and of a peer that takes nothing */
	STREAM_SECONDS_MAX = 30,    /* of a stream's peer that takes nothing */
	ARENA_BYTES_MAX = 16 << 20, /* what one request may take at the most */
};

struct exchange;
struct files;
struct tls;

struct http_server {
	struct http_server_options options;
	struct service *service;
	struct origin_rules rules;
	struct tls *tls;     /* NULL: plain */
	struct files *files; /* of the dashboard; NULL: the built-in page */
	struct MHD_Daemon *library;
	int socket_fd;
	char url[320];
	atomic_bool is_draining;
	atomic_size_t exchange_count;
	atomic_uint_fast64_t peers; /* numbers given out to calls */
	struct alarms alarms;

	/* Of the library's thread. */
	struct exchange *spare; /* a stack */
	size_t spare_count;
	struct memo memo;     /* of the streams */
	struct memo statuses; /* of /api/status */

	pthread_mutex_t lock; /* of what follows, and of each stream's wake-up */
	struct list streams;
	size_t stream_count;
};

/* A number for the calls of a request or stream, as struct call has it; unlike those of other doors. */
uint64_t server_next_peer(struct http_server *server);

#endif
