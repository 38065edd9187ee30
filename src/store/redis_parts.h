/*
 * What the files of the Redis store share. hiredis appears in these files only.
 *
 * Keys, all behind the prefix of the URL:
 *     progress:JOB_ID              a hash: the job as people read it, and its full record
 *     progress-index:rows          sorted set of all jobs by row, the number of their creation
 *     progress-index:state:N       the same of the jobs in one state
 *     progress-index:parent:NAME   the same of the jobs with that parent
 *     progress-index:expiry        sorted set of the jobs that expire, by when
 *     progress-index:row           the last row given
 *     progress-index:changes       how many commits there were; it starts at a time, so that it never repeats
 *     progress-index:store         the name of this store, another one after it was emptied
 *     progress-note:KEY            a hash: a note and its revision
 * Each commit is published on the channel progress-changes, with its number.
 */
#ifndef STORE_REDIS_PARTS_H
#define STORE_REDIS_PARTS_H

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "job/job.h"
#include "store/store.h"

enum {
	REDIS_PREFIX_BYTES_MAX = 64,
	REDIS_KEY_BYTES = REDIS_PREFIX_BYTES_MAX + STORE_NOTE_KEY_BYTES_MAX + 40, /* a job_id is shorter */
	REDIS_REPLY_MS_MAX = 800, /* a server that says nothing for so long is taken for gone */
	REDIS_CONNECT_MS_MAX = 300,
	REDIS_CALL_MS_MAX = 850, /* for which a load or a commit tries to reach a server that is gone */
	REDIS_NAME_BYTES = 20,
};

enum { REDIS_SENTINELS_MAX = 8 };

struct redis_host {
	char name[256];
	int port;
};

/* How the server is reached. */
enum redis_way { REDIS_BY_HOST, REDIS_BY_SOCKET, REDIS_BY_SENTINEL };

/* Where the server is and who we are. */
struct redis_address {
	enum redis_way way;
	struct redis_host hosts[REDIS_SENTINELS_MAX]; /* the server, or the sentinels that know where it is */
	size_t host_count;
	char path[108];   /* of the unix socket */
	char master[128]; /* by which name the sentinels know it */
	char user[128];   /* empty: none */
	char password[512];
	int database;
	char prefix[REDIS_PREFIX_BYTES_MAX + 1];
	int replicas; /* a commit waits for as many of them */
};

/* Reads what follows the scheme, and the password's other sources. INVALID_ARGUMENT: the text names what is wrong and
 * never the password. */
enum err redis_address_read(const char *address, enum redis_way way, struct redis_address *ret_address,
                            struct fault *fault) MUST_USE;

static inline bool redis_is_same_host(const struct redis_host *a, const struct redis_host *b)
{
	return a->port == b->port && strcmp(a->name, b->name) == 0;
}

/* Asks the sentinels, one after the other, where the master is now. UNAVAILABLE: none of them knows. */
enum err redis_find_master(const struct redis_address *address, struct redis_host *ret_host,
                           struct fault *fault) MUST_USE;

/* What the server runs for us. */
enum redis_script { REDIS_SCRIPT_PUT, REDIS_SCRIPT_LIST, REDIS_SCRIPT_EXPIRED, REDIS_SCRIPT_NOTE, REDIS_SCRIPT_COUNT };
extern const char *const redis_script_texts[REDIS_SCRIPT_COUNT];

/* A connection, which one thread uses. */
struct redis_link {
	const struct redis_address *address;
	redisContext *context; /* NULL: there is none */
	char scripts[REDIS_SCRIPT_COUNT][48];
	struct redis_host master; /* that the sentinels have named last */
	bool has_moved;           /* to another one than before: it may lack what that had acknowledged */
	int64_t retry_at_ms;      /* not before this moment, steady; 0: at once */
	int retry_ms;
};

/* Makes a link that connects when it is needed first. */
void redis_link_init(struct redis_link *link, const struct redis_address *address);

/* Connects, says who we are and teaches the scripts, unless that is done already. UNAVAILABLE: the server cannot be
 * reached, or has not been a moment ago. FAILED_PRECONDITION: it does not let us in. */
enum err redis_link_connect(struct redis_link *link, struct fault *fault) MUST_USE;

/* Closes the connection; the next one is made anew. */
void redis_link_close(struct redis_link *link);

/* The words of a command; borrowed until it is added to a link. */
struct redis_words {
	const char *texts[64 + 2 * JOB_METADATA_ENTRIES_MAX];
	size_t lengths[64 + 2 * JOB_METADATA_ENTRIES_MAX];
	int count;
	char numbers[800]; /* where words that are numbers are written */
	size_t numbers_bytes;
};

void redis_word(struct redis_words *words, const char *text);
void redis_word_bytes(struct redis_words *words, const void *bytes, size_t length);
void redis_word_number(struct redis_words *words, int64_t number);

/* Appends the command to those that the next reply sends off. RESOURCE_EXHAUSTED: no memory; the link is closed. */
enum err redis_link_add(struct redis_link *link, const struct redis_words *words, struct fault *fault) MUST_USE;

/* The reply to the earliest command that has none, to be freed by the caller; its type is one of `types`, a set of bits
 * REDIS_ONE_OF. Any other closes the link: UNAVAILABLE, when the server cannot serve now or the connection is broken;
 * RESOURCE_EXHAUSTED, INTERNAL else. */
#define REDIS_ONE_OF(type) (1u << (type))
enum err redis_link_read(struct redis_link *link, unsigned types, redisReply **ret_reply, struct fault *fault) MUST_USE;

/* What an error that the server answers means to a caller. */
enum err redis_fault_of_error(const char *text, struct fault *fault);

/* Whether the link was closed while it was used, so that the same may succeed on a new one. */
static inline bool redis_link_is_broken(const struct redis_link *link)
{
	return link->context == NULL;
}

/* The number that the text of the reply spells, or its integer; -1 if it is none. */
int64_t redis_number_of(const redisReply *reply);

/* A commit as it was published. */
struct redis_message {
	struct redis_message *next;
	uint64_t number; /* 0: of a sign of life */
	struct store_news news;
	char bytes[];
};

/* What is heard of commits: a thread listens, the committing thread takes. */
struct redis_ear {
	const struct redis_address *address;
	const char *instance;
	pthread_t thread;
	bool is_started;
	int stop_fd;           /* readable: the thread should end */
	atomic_int durability; /* enum store_durability */
	/* Of the listening thread. */
	struct redis_link subscription;
	struct redis_link questions;
	char store_name[REDIS_NAME_BYTES];
	uint64_t expected; /* the server had so many commits a check ago: they must have arrived by now */
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	/* Under the lock. */
	struct redis_message *first, **last; /* not yet told */
	size_t queued_bytes;
	struct redis_host master; /* as the sentinels have said last; port 0: not asked yet */
	uint64_t heard;           /* number of the latest commit that has arrived */
	bool has_missed;          /* some that lie between the told ones and the queued ones, or all that we know */
	bool is_busy;             /* the committing thread will ask soon */
	bool is_woken;
	void (*wake)(void *context);
	void *wake_context;
	/* Of the committing thread. */
	uint64_t shown; /* the number that the latest answer came with */
	uint64_t told;
	bool has_gone_back; /* an answer came with a lower number than was told */
};

/* Starts to listen; returns when that works. Errors as of redis_link_connect. */
enum err redis_ear_start(struct redis_ear *ear, const struct redis_address *address, const char *instance,
                         struct fault *fault) MUST_USE;
void redis_ear_stop(struct redis_ear *ear);

/* Of the committing thread: an answer of the store has come with this number. */
void redis_ear_note_shown(struct redis_ear *ear, int64_t number);

/* Of the committing thread: the store may have lost what it had; the next hearing says so. */
void redis_ear_note_loss(struct redis_ear *ear);

/* Of the committing thread: it will ask for what has arrived, so that nobody need be woken; or it will not, because the
 * store did not answer. */
void redis_ear_set_busy(struct redis_ear *ear, bool is_busy);

/* Closes the link if its server is the master no more; any thread. */
void redis_ear_check_master(struct redis_ear *ear, struct redis_link *link);

bool redis_ear_hear(struct redis_ear *ear, enum store_hearing hearing, store_tell *tell, void *context);
void redis_ear_listen(struct redis_ear *ear, void (*wake)(void *context), void *context);

/* The message of a publication, or NULL: it is none of ours, or there is no memory. */
struct redis_message *redis_message_read(const char *text, size_t length, const char *instance);

/* What the server's settings make a commit worth; asks it over the link. */
enum err redis_ask_durability(struct redis_link *link, enum store_durability *ret_durability,
                              struct fault *fault) MUST_USE;

/* The name of the store, which is given one if it has none, and the number of its latest commit. */
enum err redis_ask_store(struct redis_link *link, char ret_name[REDIS_NAME_BYTES], uint64_t *ret_number,
                         struct fault *fault) MUST_USE;

/* Where the number of commits starts in an empty store: a time in us, which no store that was there before has
 * reached. */
int64_t redis_first_number(void);

/* A random name. */
void redis_make_name(char ret_name[REDIS_NAME_BYTES]);

struct redis_store {
	struct store base;
	struct redis_address address;
	char instance[REDIS_NAME_BYTES]; /* of this process */
	/* Of the thread that loads and commits. */
	struct redis_link link;
	uint64_t commit_count;
	/* Of any thread. */
	pthread_mutex_t list_lock;
	struct redis_link list_link;
	struct redis_ear ear;
};

static inline struct redis_store *redis_of(struct store *store)
{
	return (struct redis_store *)(void *)store;
}

/* Writes PREFIX + name + rest. */
void redis_key(const struct redis_address *address, const char *name, const char *rest, char ret_key[REDIS_KEY_BYTES]);

/* Something to do over a link; may be done again on another one after that has broken. */
typedef enum err redis_attempt(struct redis_link *link, void *context, struct fault *fault);

/* Does it, again and again while the link breaks, for REDIS_CALL_MS_MAX at most; at once UNAVAILABLE when the server
 * was just found to be gone. */
enum err redis_try(struct redis_link *link, redis_attempt *attempt, void *context, struct fault *fault) MUST_USE;

/* The functions of the class. */
enum err redis_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault);
enum err redis_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                      struct fault *fault);
enum err redis_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                    struct fault *fault);
enum err redis_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                       struct fault *fault);
enum err redis_load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault);
enum err redis_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                        size_t length, bool *ret_is_conflict, struct fault *fault);
void redis_sign(struct store *store, const char *const *job_ids, size_t count);

#endif
