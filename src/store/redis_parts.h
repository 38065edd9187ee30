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
	REDIS_LANES_MAX = 256, /* parts of a store, each numbered by itself; a single server has one */
};

enum { REDIS_HOSTS_MAX = 16 };

struct redis_host {
	char name[256];
	int port;
};

/* How the server is reached. */
enum redis_way { REDIS_BY_HOST, REDIS_BY_SOCKET, REDIS_BY_SENTINEL, REDIS_BY_CLUSTER };

/* Where the server is and who we are. */
struct redis_address {
	enum redis_way way;
	struct redis_host hosts[REDIS_HOSTS_MAX]; /* the server, or those who know where it is */
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
enum redis_script {
	REDIS_SCRIPT_PUT,
	REDIS_SCRIPT_LIST,
	REDIS_SCRIPT_EXPIRED,
	REDIS_SCRIPT_NOTE,
	REDIS_SCRIPT_LANE_PUT, /* those of a cluster */
	REDIS_SCRIPT_LANE_LOAD,
	REDIS_SCRIPT_LANE_ABOUT,
	REDIS_SCRIPT_COUNT,
};
extern const char *const redis_script_texts[REDIS_SCRIPT_COUNT];

/* A connection, which one thread uses. */
struct redis_link {
	const struct redis_address *address;
	redisContext *context; /* NULL: there is none */
	char scripts[REDIS_SCRIPT_COUNT][48];
	struct redis_host master; /* that the sentinels have named last; of a cluster: the node */
	bool has_moved;           /* to another one than before: it may lack what that had acknowledged */
	int patience_ms;          /* for which an answer is waited */
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

/* The link broke at something that was begun at this moment, steady: leaves the server alone for a while, longer each
 * time. */
void redis_link_put_off(struct redis_link *link, int64_t started_ms);

/* Whether the server was found to be gone for some time already. */
bool redis_link_is_known_gone(const struct redis_link *link);

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

/* The same for words that are texts. */
enum err redis_link_add_texts(struct redis_link *link, const char **texts, int count, struct fault *fault) MUST_USE;

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
	int lane;
	uint64_t number; /* 0: of a sign of life */
	struct store_news news;
	char bytes[];
};

/* What was heard and is not yet told. Commits are numbered by lanes, each a part of the store: a single server has one.
 */
struct redis_line {
	int lane_count;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	/* Under the lock. */
	struct redis_message *first, **last; /* not yet told */
	size_t queued_bytes;
	uint64_t heard[REDIS_LANES_MAX]; /* number of the latest commit that has arrived */
	bool has_missed;                 /* some that lie between the told ones and the queued ones, or all that we know */
	bool is_busy;                    /* the committing thread will ask soon */
	bool is_woken;
	void (*wake)(void *context);
	void *wake_context;
	/* Of the committing thread. */
	uint64_t shown[REDIS_LANES_MAX]; /* the number that the latest answer came with */
	uint64_t told[REDIS_LANES_MAX];
	bool has_gone_back[REDIS_LANES_MAX]; /* an answer came with a lower number than was told */
	bool has_any_gone_back;
};

void redis_line_init(struct redis_line *line, int lane_count);
void redis_line_finish(struct redis_line *line);

/* Of the listening thread: opens the line, adds what has arrived, and closes it, which wakes whoever waits. NULL: what
 * has arrived cannot be read, and counts as missed. Takes the message. */
void redis_line_open(struct redis_line *line);
void redis_line_add(struct redis_line *line, struct redis_message *message);
void redis_line_close(struct redis_line *line);

/* How far the server is with a lane. */
struct redis_survey {
	uint64_t number;        /* of its latest commit */
	uint64_t expected;      /* it had so many a survey ago: they must have arrived by now */
	bool is_other_store;    /* than at the survey before */
	bool is_new_connection; /* nobody listened for a while */
};

/* Of the listening thread: compares what was heard with what the server has; what is missing is noted. False: something
 * that was published has not come. */
bool redis_line_compare(struct redis_line *line, int lane, const struct redis_survey *survey);

/* Before the threads start: what was heard up to now is known. */
void redis_line_begin(struct redis_line *line);

/* Of the committing thread: an answer of the store has come with this number. */
void redis_line_note_shown(struct redis_line *line, int lane, int64_t number);

/* Of the committing thread: the store may have lost what it had; the next hearing says so. */
void redis_line_note_loss(struct redis_line *line, int lane);

/* Of the committing thread: it will ask for what has arrived, so that nobody need be woken; or it will not, because the
 * store did not answer. */
void redis_line_set_busy(struct redis_line *line, bool is_busy);

bool redis_line_hear(struct redis_line *line, enum store_hearing hearing, store_tell *tell, void *context);
void redis_line_listen(struct redis_line *line, void (*wake)(void *context), void *context);

/* What is heard of commits: a thread listens, the committing thread takes. */
struct redis_ear {
	const struct redis_address *address;
	const char *instance;
	struct redis_line *line;
	pthread_t thread;
	bool is_started;
	int stop_fd;           /* readable: the thread should end */
	atomic_int durability; /* enum store_durability */
	/* Of the listening thread. */
	struct redis_link subscription;
	struct redis_link questions;
	char store_name[REDIS_NAME_BYTES];
	uint64_t expected; /* the server had so many commits a check ago: they must have arrived by now */
	pthread_mutex_t master_lock;
	struct redis_host master; /* under the lock: as the sentinels have said last; port 0: not asked yet */
};

/* Starts to listen; returns when that works. Errors as of redis_link_connect. */
enum err redis_ear_start(struct redis_ear *ear, struct redis_line *line, const struct redis_address *address,
                         const char *instance, struct fault *fault) MUST_USE;
void redis_ear_stop(struct redis_ear *ear);

/* Closes the link if its server is the master no more; any thread. */
void redis_ear_check_master(struct redis_ear *ear, struct redis_link *link);

/* The message of a publication, or NULL: it is none of ours, or there is no memory. */
struct redis_message *redis_message_read(const char *text, size_t length, int lane, const char *instance);

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
	struct redis_line line;
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

/* ---- what a command says and is answered, the same in a cluster ---- */

enum { REDIS_FIELD_BYTES_MAX = JOB_METADATA_KEY_BYTES_MAX + 16 };

/* The fields of a job for the script that puts; `keys` is the words' memory, a place for each entry of metadata. */
void redis_add_fields(struct redis_words *words, const struct store_record *record,
                      char (*keys)[REDIS_FIELD_BYTES_MAX]);

/* Takes {row, number} for a put. is_repeated: it may have been made by an earlier attempt, so that a removal may meet
 * no job any more. */
enum err redis_take_put(const redisReply *reply, struct store_put *put, bool is_repeated, int64_t *ret_number,
                        struct fault *fault) MUST_USE;

/* Fills a load from {row, revision, record}; those without a job stay empty. INTERNAL: the key is not ours. */
enum err redis_take_load(const redisReply *reply, struct store_load *load, struct fault *fault) MUST_USE;

/* Frees what was loaded; the job_ids stay. */
void redis_forget_loads(struct store_load *loads, size_t count);

/* Asks for a note, whose reply is an array, and takes it. INTERNAL: the key is not ours. */
enum err redis_ask_note(struct redis_link *link, const char *key, struct fault *fault) MUST_USE;
enum err redis_take_note(const redisReply *reply, struct store_note *ret_note, struct fault *fault) MUST_USE;

struct redis_note_put {
	uint64_t expected_revision;
	const uint8_t *bytes;
	size_t length;
};

/* Puts a note; the reply is 1, or 0: a conflict. */
enum err redis_ask_put_note(struct redis_link *link, const char *key, const struct redis_note_put *put,
                            struct fault *fault) MUST_USE;

/* The fault of a reply that is none of those asked for: it may be an error. */
enum err redis_refuse_reply(const redisReply *reply, struct fault *fault);

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
