/*
 * A command: what a call comes down to once its fields are checked. The corridor carries commands out in order, by
 * batches; answers leave when what they show is committed.
 */
#ifndef SERVICE_COMMAND_H
#define SERVICE_COMMAND_H

#include <protobuf-c/protobuf-c.h>

#include "base/list.h"
#include "base/timer_queue.h"
#include "feed/feed.h"
#include "job/job.h"
#include "service/call.h"

struct cache_entry;

enum command_kind {
	COMMAND_READ,
	COMMAND_UPDATE, /* creates the job if it is new */
	COMMAND_CREATE,
	COMMAND_DELETE,
	COMMAND_WAIT,
	COMMAND_FORGET_PEER,
};

/* What an answer shows. Borrowed for the call of `answer`. */
struct subject {
	const struct job *job;
	const struct job_view *view; /* of the job now, or as a repeat's first answer showed it */
	enum job_outcome outcome;
	bool timed_out;
	int64_t now_ms;
	int64_t default_ttl_ms;
};

struct command_wait {
	uint64_t after_revision;
	int64_t timeout_ms;
	int64_t due_ms;    /* steady; 0: has not been parked yet */
	bool for_creation; /* an unknown job is waited for */
	bool is_over;      /* the timeout has come: answer what there is */
};

struct command {
	struct list link; /* of the inbox, of a batch, or of the parked */
	enum command_kind kind;
	struct call *call; /* NULL: nobody is waiting for an answer */
	const char *job_id;
	union {
		struct job_update update;
		struct job_creation creation;
		struct command_wait wait;
		uint64_t peer;
	};
	/* Builds the response in the arena; NULL when that is full. */
	ProtobufCMessage *(*answer)(const struct subject *subject, struct arena *arena);
	ProtobufCClosure closure; /* takes the response; fires at most once for each time the command is carried out */
	void (*done)(struct command *command); /* the last thing that happens to it */

	/* Of the corridor. */
	struct cache_entry *entry; /* while in a batch */
	bool is_applied;           /* in this batch: its answer or fault tells of what is not committed yet */
	struct fault fault;        /* code ERR_OK: the response is in the call */
	int tries;                 /* commits that met a conflict */
	struct feed_waiter waiter;
	struct timer timer;
};

/* A command for the call, in its arena, that will answer it. NULL: the arena is full, and the call has been answered.
 */
struct command *command_create(struct call *call, enum command_kind kind, const char *job_id, ProtobufCClosure closure,
                               ProtobufCMessage *(*answer)(const struct subject *subject, struct arena *arena));

#endif
