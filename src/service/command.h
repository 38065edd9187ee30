/*
 * A command: what a call comes down to once its fields are checked. The corridor carries commands out in order, by
 * batches; answers leave when what they show is committed.
 */
#ifndef SERVICE_COMMAND_H
#define SERVICE_COMMAND_H

#include "base/list.h"
#include "base/timer_queue.h"
#include "feed/feed.h"
#include "job/job.h"
#include "service/call.h"
#include "service/watch_token.h"

struct cache_entry;

enum command_kind {
	COMMAND_READ,
	COMMAND_UPDATE, /* creates the job if it is new */
	COMMAND_CREATE,
	COMMAND_DELETE,
	COMMAND_SIGN,    /* the worker is alive */
	COMMAND_CANCEL,  /* the worker should stop */
	COMMAND_SILENCE, /* the job's lease, or its time in stall, has run out */
	COMMAND_EXPIRE,  /* the finished job may be forgotten */
	COMMAND_MOVE,    /* the simulated job may have moved */
	COMMAND_STATS,   /* what is learned of a pipeline */
	COMMAND_WAIT,
	COMMAND_WATCH_JOB,
	COMMAND_WATCH_JOBS,
	COMMAND_FORGET_PEER,
	COMMAND_RECHECK, /* tokens have changed */
	COMMAND_HEAR,    /* there is something to hear from the store */
};

/* What an answer shows. Borrowed for the call of `answer`. */
struct subject {
	struct command *command;
	const struct job *job;
	const struct job_view *view; /* of the job now, or as a repeat's first answer showed it */
	enum job_outcome outcome;
	bool timed_out;
	int64_t now_ms;
	struct wire_bytes info;                        /* `job` as `view` shows it, as a serialized ProgressInfo */
	const struct learned *learned[STAGE_FLOW_ANY]; /* of COMMAND_STATS alone, by flow; NULL: no memory */
};

/* Fills the response of subject->command's call. */
typedef enum err command_answer(const struct subject *subject, struct fault *fault);

/* How long a command may wait for a change before it is answered. */
struct command_pause {
	int64_t timeout_ms;
	int64_t due_ms; /* steady; 0: it has not been parked yet */
	bool is_over;   /* the timeout has come: answer what there is */
};

struct command_wait {
	uint64_t after_revision;
	bool for_creation; /* an unknown job is waited for */
};

struct command_sign {
	uint32_t attempt;
	int64_t lease_ms;
};

struct command_watch {
	struct watch_token token;
	bool is_first; /* without a token: a snapshot first */
	bool is_latest_only;
	bool for_creation;
	bool is_up_to_date;        /* when it was parked, there was nothing to tell after the token */
	struct feed_filter filter; /* of many jobs */
	struct feed_post *posts;   /* of a parked watch of some jobs */
};

struct command {
	struct list link; /* of the inbox, of a batch, or of the parked */
	enum command_kind kind;
	struct call *call; /* NULL: nobody is waiting for an answer */
	const char *job_id;
	union {
		struct job_update update;
		struct job_creation creation;
		struct command_sign sign;
		const char *cancel_reason;
		const char *pipeline; /* of COMMAND_STATS */
		struct command_wait wait;
		struct command_watch watch;
		uint64_t expired_revision; /* the store's, when it said that the job may be forgotten */
		uint64_t peer;
	};
	struct command_pause pause;            /* of those that wait */
	bool is_grouped;                       /* one of many commands of a call that are to be committed together */
	size_t group_size;                     /* of the first of those; else 0 */
	command_answer *answer;                /* NULL: there is nothing to say */
	void (*done)(struct command *command); /* the last thing that happens to it */

	/* Of the corridor. */
	struct cache_entry *entry; /* while in a batch */
	bool is_applied;           /* in this batch: its answer or fault tells of what is not committed yet */
	struct fault *fault;       /* the call's, or its own; code ERR_OK: the response is in the call */
	int tries;                 /* commits that met a conflict */
	struct feed_waiter waiter;
	struct timer timer;
};

/* A command for the call, in its arena, that will answer it. NULL: the arena is full, and the call has been answered.
 */
struct command *command_create(struct call *call, enum command_kind kind, const char *job_id, command_answer *answer);

/* A command of the corridor's own, that nobody waits for; it frees itself. NULL: no memory. */
struct command *command_create_own(enum command_kind kind, const char *job_id);

#endif
