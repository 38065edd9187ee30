/*
 * Gathering: asynchronous updates wait while a call is under way and then leave together. A thread of its own sends
 * them, takes the answers and calls the callbacks. Only one batch is under way at a time: that keeps the order, and two
 * were measured to be no faster, because each message costs both sides about as much as ten updates.
 */
#ifndef PRG_GATHER_H
#define PRG_GATHER_H

#include <prg/service.h>

#include "client.h"
#include "queue.h"
#include "trip.h"

enum { GATHER_REASON_BYTES = 64, GATHER_TEXT_BYTES = 512 };

/* An error that outlives the call that met it. */
struct gather_trouble {
	enum prg_code code; /* PRG_OK: none */
	char reason[GATHER_REASON_BYTES];
	char text[GATHER_TEXT_BYTES];
};

struct gather {
	struct prg_client *client;
	pthread_t thread;
	char writer[CLIENT_WRITER_BYTES_MAX + 1]; /* not the client's own: its numbers rise by themselves */
	/* The thread's alone: */
	struct link link;
	struct trip trip;
	size_t portion_max;            /* updates that leave together */
	int64_t not_before_ms;         /* nothing leaves before, nor is a connection tried */
	int64_t looked_ms;             /* when orders were last looked at whose time is over */
	int pause_ms;                  /* the last one after a failure; 0: there was none since an answer */
	bool was_lost;                 /* the connection was, since the last answer */
	bool asks_server;              /* the trip is the question who the service is */
	struct gather_trouble trouble; /* why nothing is answered */
	int wake_fd;                   /* an eventfd that wakes the thread */
	pthread_mutex_t lock;          /* for all below */
	pthread_cond_t settled;        /* of those who wait for answers */
	struct queue queue;
	int64_t look_ms;               /* no order's time is over before */
	struct gather_trouble failure; /* the first of an order without a callback since the last flush */
	unsigned waiters;              /* for `settled` */
	bool is_asleep;                /* the thread is */
	bool stop;
};

/* An update on its way in. */
struct gather_update {
	const char *job_id;
	ProtobufCMessage *request; /* complete but for its sequence */
	uint64_t *sequence;        /* of the request */
	unsigned number;           /* of its field in BatchUpdate */
	prg_result_fn *callback;
	void *context;
	int64_t deadline_ms;
	bool wants_progress;
};

/* The client's gather, which is started if need be. NULL: the thread's error says why. */
struct gather *gather_get(struct prg_client *client);

/* Takes an update: packs it, behind those called before. Fills the thread's error: PRG_RESOURCE_EXHAUSTED,
 * PRG_CANCELLED. */
enum prg_code gather_add(struct gather *gather, const struct gather_update *update);

/* Waits until the asynchronous updates that were called before have their results, unless it is called by a callback.
 * False: the deadline is over. */
bool gather_wait(struct prg_client *client, int64_t deadline_ms);

/* Ends all updates with PRG_CANCELLED and the thread; after `closing` was set. */
void gather_stop(struct prg_client *client);

/* Frees it; after gather_stop or, with `forked`, in a child of the process that had it. */
void gather_free(struct prg_client *client, bool forked);

/* ---- the thread's ---- */

/* What the thread does until `stop` is set; the argument is the gather. */
void *gather_run(void *argument);

/* Forgets what is over, after results were given; with the lock. */
void gather_settle(struct gather *gather);

/* Gives an order of the parcel its result and ends it; without the lock. */
void gather_give(struct gather *gather, struct parcel *parcel, struct order *order, struct prg_result *result);

/* The same with the thread's error as the result. */
void gather_give_error(struct gather *gather, struct parcel *parcel, struct order *order);

/* The same to all that are under way. */
void gather_give_errors(struct gather *gather);

/* Ends everything that waits or is under way with the thread's error; with the lock, which is released in between. */
void gather_end_all(struct gather *gather);

/* Takes the answer to the question who the service is; if it does not fit, all orders end. False: to be asked again.
 * With the lock, which is released in between. */
bool gather_take_server(struct gather *gather, const uint8_t *bytes, size_t length);

/* Gives the results of an answer to the orders under way. False: there are none, they are to be sent again. Without the
 * lock. */
bool gather_take_answer(struct gather *gather, const uint8_t *bytes, size_t length);

/* Whether the calling thread is in a callback of the gather. */
bool gather_is_in_callback(const struct gather *gather);

#endif
