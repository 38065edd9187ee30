/*
 * What the files of the Redis Cluster store share.
 *
 * A script of Redis touches keys of one slot only, and a job's keys are its own and those of the indexes. So a store in
 * a cluster consists of 256 *lanes*, each a small store by itself: its keys have the lane's name in braces and lie in
 * one slot, wherever that is served. A job belongs to the lane of its name's own slot, divided by 64.
 *     progress:{LANE}:JOB_ID, progress-index:{LANE}:rows and so on, progress-note:{LANE}:KEY, channel
 *     progress-changes:{LANE}; LANE is a number from 0 to ff, hexadecimal
 * The numbers of commits, too, belong to a lane, so that the order of commits is that of each lane, and of each job.
 */
#ifndef STORE_REDIS_CLUSTER_H
#define STORE_REDIS_CLUSTER_H

#include "store/redis_parts.h"

enum { REDIS_NODES_MAX = 64, REDIS_SLOTS = 16384, REDIS_NO_NODE = -1 };

/* The slot of a key, or of a name without braces. */
int redis_slot_of(const char *key);

/* The lane of a job, or of a note. */
int redis_lane_of(const char *name);

/* The slot in which the keys of a lane lie. */
int redis_slot_of_lane(int lane);

/* Writes PREFIX + name + {lane} + ":" + rest; without the colon if there is no rest. */
void redis_lane_key(const struct redis_address *address, const char *name, int lane, const char *rest,
                    char ret_key[REDIS_KEY_BYTES]);

/* Writes what the keys of a lane begin with: PREFIX + name + {lane} + ":". */
void redis_lane_prefix(const struct redis_address *address, const char *name, int lane,
                       char ret_prefix[REDIS_KEY_BYTES]);

/* The lane in the braces of a channel; -1: there is none. */
int redis_lane_of_channel(const char *channel);

/* ---- listings, the same on a single server, which has REDIS_NO_LANE ---- */

enum { REDIS_NO_LANE = -1 };

/* Some of a listing. */
struct redis_list_question {
	int lane;
	const struct store_query *query;
	int64_t before_row; /* 0: from the newest */
	int64_t rows_max;   /* to be looked at */
	size_t jobs_max;    /* to be given */
	int64_t bytes_max;  /* no more once they have so many */
};

/* Asks for it; the reply is {number, next row (0: there are no more), job_id, fields, ...}. */
enum err redis_ask_list(struct redis_link *link, const struct redis_list_question *question,
                        struct fault *fault) MUST_USE;

/* Asks for jobs that expire up to now; the reply is alike, but its first two tell nothing. */
enum err redis_ask_expired(struct redis_link *link, int lane, int64_t now_ms, size_t limit,
                           struct fault *fault) MUST_USE;

/* Reads the record of a job; the order of the fields is that of the script. False: it is none. */
bool redis_read_record(const redisReply *job, const redisReply *fields, struct store_record *ret_record,
                       int64_t *ret_row);

/* INTERNAL, for a reply that is none of those. */
enum err redis_refuse_list(struct fault *fault);

/* The nodes of a cluster as one thread reaches them. */
struct redis_reach {
	const struct redis_address *address;
	struct redis_link nodes[REDIS_NODES_MAX]; /* port 0: this place is free */
	int owner[REDIS_LANES_MAX];               /* the node that serves the lane, as far as known, or REDIS_NO_NODE */
	int home[REDIS_LANES_MAX];       /* the node on which what we know of the lane rests; REDIS_NO_NODE: nothing yet */
	bool is_shaken[REDIS_LANES_MAX]; /* the home was gone meanwhile, and has not served the lane since */
	int64_t map_not_before_ms;       /* when the cluster may be asked for its map again, steady */
	int64_t redirected_until_ms;     /* a lane has moved: those who listen need a moment to follow it */
};

/* patience_ms: for which an answer is waited. */
void redis_reach_init(struct redis_reach *reach, const struct redis_address *address, int patience_ms);
void redis_reach_close(struct redis_reach *reach);

/* Connects to the node. Errors as of redis_link_connect. */
enum err redis_reach_connect(struct redis_reach *reach, int node, struct fault *fault) MUST_USE;

/* Whether the owner of the lane is known, and not found to be gone. */
bool redis_reach_has_owner(const struct redis_reach *reach, int lane);

/* Asks any node for the map, unless that was done a moment ago. With `keeps_good` lanes that have an owner stay with
 * it: it tells itself when they go. UNAVAILABLE: no node tells. */
enum err redis_reach_find_owners(struct redis_reach *reach, bool keeps_good, struct fault *fault) MUST_USE;

/* The place of the node, made if it is new; REDIS_NO_NODE: there are too many. */
int redis_reach_node(struct redis_reach *reach, const struct redis_host *host);

/* What the error of a node says about where else to ask. */
enum redis_redirection {
	REDIS_NOT_REDIRECTED,
	REDIS_MOVED, /* the owner was changed */
	REDIS_ASK,   /* this time only, another node */
	REDIS_WAIT,  /* the slot is on its way; the same node will know */
};

/* Follows a redirection of the lane; ret_node is where to ask (REDIS_ASK). */
enum redis_redirection redis_reach_follow(struct redis_reach *reach, int lane, const redisReply *reply, int *ret_node);

/* Commands that belong together, each to one lane. Each may be done again when its outcome is not known. */
struct redis_round {
	size_t count;
	void *context;
	unsigned types;     /* of good replies, REDIS_ONE_OF */
	bool is_once;       /* does what can be done at once, and leaves out the rest without an error */
	bool gives_replies; /* `take` owns the reply, to be freed with freeReplyObject */
	bool is_single;     /* each command is about one key, so that it can be done where a lane is going to */
	/* Whether nothing may be done on a lane that may have lost what we knew of it: UNAVAILABLE instead. */
	bool rests_on_known;
	int (*lane_of)(size_t index, void *context);
	enum err (*write)(struct redis_link *link, size_t index, void *context, struct fault *fault);
	enum err (*take)(redisReply *reply, size_t index, void *context, struct fault *fault);
	/* The lane has come to another node by a fail-over, which may lack what the first one had acknowledged. NULL:
	 * nobody cares. */
	void (*lose)(int lane, void *context);
};

/* Does the round, all nodes at a time, for REDIS_CALL_MS_MAX at most, longer only while a lane is on its way between
 * two nodes that are well. UNAVAILABLE: not all could be done. Other errors are those of `take`, and of the servers. */
enum err redis_reach_run(struct redis_reach *reach, const struct redis_round *round, struct fault *fault) MUST_USE;

/* Hears of commits: as struct redis_ear, on all nodes. */
struct redis_ears {
	const struct redis_address *address;
	const char *instance;
	struct redis_line *line;
	pthread_t thread;
	bool is_started;
	int stop_fd;
	atomic_int durability;
	/* Of the listening thread. */
	struct redis_reach reach; /* its links are subscribed */
	struct redis_reach questions;
	int subscribed[REDIS_LANES_MAX]; /* at which node of `reach`, or REDIS_NO_NODE */
	bool is_anew[REDIS_LANES_MAX];   /* nobody has listened to the lane for a while */
	uint64_t expected[REDIS_LANES_MAX];
	char store_names[REDIS_LANES_MAX][REDIS_NAME_BYTES];
};

/* As redis_ear_start and redis_ear_stop. */
enum err redis_ears_start(struct redis_ears *ears, struct redis_line *line, const struct redis_address *address,
                          const char *instance, struct fault *fault) MUST_USE;
void redis_ears_stop(struct redis_ears *ears);

struct redis_cluster {
	struct store base;
	struct redis_address address;
	char instance[REDIS_NAME_BYTES];
	/* Of the thread that loads and commits. */
	struct redis_reach reach;
	uint64_t commit_count;
	int64_t latest_tick;              /* of the rows given to new jobs, or heard of */
	bool must_prove[REDIS_LANES_MAX]; /* by the next commit */
	/* Of any thread. */
	pthread_mutex_t list_lock;
	struct redis_reach list_reach;
	struct redis_line line;
	struct redis_ears ears;
};

static inline struct redis_cluster *redis_cluster_of(struct store *store)
{
	return (struct redis_cluster *)(void *)store;
}

/* The functions of the class. */
enum err redis_cluster_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault);
enum err redis_cluster_commit(struct store *store, struct store_put *puts, size_t count,
                              enum store_durability *ret_durability, struct fault *fault);
enum err redis_cluster_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                            struct fault *fault);
enum err redis_cluster_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                               struct fault *fault);
void redis_cluster_sign(struct store *store, const char *const *job_ids, size_t count);

#endif
