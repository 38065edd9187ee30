/*
 * What keeps the jobs: a struct of functions over records. A store knows no rules; it puts a record if the revision is
 * still the expected one. load, commit, expired, sign and hear are called by one thread at a time; the others by any.
 *
 * A *shared* store serves several processes. It numbers all commits, of whatever process, and tells each of the
 * processes about all of them in that order (store_hear): the only way in which a process learns of changes, its own
 * included. So whoever has heard up to the number that an answer of the store came with knows of everything that the
 * answer shows. A store in parts numbers the commits of each part by itself; a job stays in its part.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A note has at most so many bytes, its key so many with the NUL. */
enum { STORE_NOTE_BYTES_MAX = 64 * 1024, STORE_NOTE_KEY_BYTES_MAX = 256 };

/* States and stages have numbers below this, so that a set of them fits in 64 bits. */
enum { STORE_NUMBERS_MAX = 64 };

/* What a commit is worth; numbers as in the schema. */
enum store_durability { STORE_UNSPECIFIED, STORE_SYNCED, STORE_WRITTEN, STORE_MEMORY };

struct job_entry;

/* A job as the store sees it: the whole in `payload`, and beside it what can be asked for or read by people. job_id,
 * pipeline, parent and created_ms never change. NULL strings count as empty; those of a listing are never NULL. */
struct store_record {
	const char *job_id;
	uint64_t revision;
	int stage; /* numbers as in the schema, below STORE_NUMBERS_MAX */
	int state;
	int progress; /* shown percent */
	const char *pipeline;
	const char *parent;  /* empty: none */
	const char *message; /* empty: none */
	int64_t created_ms;  /* ms since the epoch */
	int64_t updated_ms;
	int64_t ended_ms;   /* 0: under way */
	int64_t expires_ms; /* 0: under way */
	const uint8_t *payload;
	size_t payload_bytes;
	const struct job_entry *metadata; /* to be shown to people who look into the store; never given back */
	size_t metadata_count;
};

/* One job to load. */
struct store_load {
	const char *job_id; /* set by the caller */
	bool found;
	uint64_t revision;
	int64_t row;      /* the store's own short name for the job, to be given back in store_put */
	uint8_t *payload; /* malloc'ed, owned by the caller; NULL unless found */
	size_t payload_bytes;
};

/* One change to commit. */
struct store_put {
	struct store_record record; /* of a removal only job_id counts */
	uint64_t expected_revision; /* revision the job must have now, below record.revision; 0: it must not exist */
	bool is_removal;            /* with expected_revision > 0 */
	int64_t row;         /* from the load or an earlier put, 0: not known; set by the commit, to 0 by a removal */
	bool is_conflict;    /* set by the commit: the expectation was not met, this put was left out */
	const uint8_t *news; /* of a shared store: what all who hear it are told of this put */
	size_t news_bytes;
};

/* Where a listing has ended, and what it shows. */
struct store_place {
	int64_t next_row; /* go on before this row; 0: there are no more */
};

/* A small thing beside the jobs. */
struct store_note {
	uint8_t *bytes; /* malloc'ed, owned by the caller; NULL: there is no such note */
	size_t length;
	uint64_t revision; /* from 1; 0: there is no such note */
};

/* Which jobs to list; zero or NULL lets all pass. */
struct store_query {
	uint64_t states; /* bit 1 << number for each state to let pass; 0: all */
	uint64_t stages; /* likewise */
	const char *pipeline;
	const char *parent;
	const char *job_id_prefix;
	size_t limit;       /* at most this many, >= 1 */
	int64_t before_row; /* only jobs created before this one; 0: from the newest */
	/* Not NULL: the listing shows one moment, up to which store_hear then tells; for that it may end before it has
	 * reached the limit, and says where. Only for the thread that loads and commits. */
	struct store_place *place;
};

/* What store_hear tells, in order: that a commit has put something, or (is_sign) that a worker was heard by
 * another process. Borrowed for the call. */
struct store_news {
	const char *job_id;
	int64_t row;
	bool is_sign;
	bool is_own; /* of this process */
	const uint8_t *bytes;
	size_t length;
};
typedef void store_tell(const struct store_news *news, void *context);

/* How much there is to hear. */
enum store_hearing {
	STORE_HEAR_SHOWN,   /* up to what the last load, commit or listing showed; waits for it, but never long */
	STORE_HEAR_ARRIVED, /* all that has arrived */
};

/* Gets each record of a listing, the newest first, with its row. Borrowed for the call. False ends the listing. Must be
 * quick, and must not call the store: commits or other listings may wait for it. */
typedef bool store_visit(const struct store_record *record, int64_t row, void *context);

struct store;

struct store_class {
	const char *kind;     /* "file", "memory", "redis" */
	bool commits_quickly; /* a commit costs microseconds: no wait for a disk or a network */
	enum err (*load)(struct store *store, struct store_load *loads, size_t count, struct fault *fault);
	enum err (*commit)(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
	                   struct fault *fault);
	enum err (*list)(struct store *store, const struct store_query *query, store_visit *visit, void *context,
	                 struct fault *fault);
	enum err (*expired)(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
	                    struct fault *fault);
	enum store_durability (*durability)(struct store *store);
	void (*close)(struct store *store);
	/* Of shared stores; else NULL. */
	bool (*hear)(struct store *store, enum store_hearing hearing, store_tell *tell, void *context);
	void (*sign)(struct store *store, const char *const *job_ids, size_t count);
	void (*listen)(struct store *store, void (*wake)(void *context), void *context);
	void (*prove)(struct store *store, const char *job_id); /* NULL: each commit proves everything */
	/* Both NULL: this store keeps no notes. */
	enum err (*load_note)(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault);
	enum err (*put_note)(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
	                     size_t length, bool *ret_is_conflict, struct fault *fault);
	bool shares_notes; /* other processes write them, too: whoever needs the newest reads them again */
};

/* First member of every store. */
struct store {
	const struct store_class *class;
};

/* Opens the store of a URL: "memory:", "file:PATH" (missing folders are made, mode 0700; the file has mode 0600), or
 * redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], redis+unix://[USER[:PASSWORD]@]/PATH,
 * redis+sentinel://[USER[:PASSWORD]@]HOST[:PORT],…/MASTER[/DATABASE] or
 * redis+cluster://[USER[:PASSWORD]@]HOST[:PORT],…, each with parameters
 * ?prefix=…&replicas=…&database=…; a password may come from PROGRESSD_REDIS_PASSWORD or from the file that
 * PROGRESSD_REDIS_PASSWORD_FILE names. The caller closes it.
 * INVALID_ARGUMENT: no such kind, or a bad address. FAILED_PRECONDITION: the file is not ours, from a newer version, or
 * in use by another process; the server does not let us in. UNAVAILABLE: it cannot be opened. */
enum err store_open(const char *url, struct store **ret_store, struct fault *fault) MUST_USE;

/* Whether the URL is one of a store, without opening it. INVALID_ARGUMENT as of store_open. */
enum err store_check_url(const char *url, struct fault *fault) MUST_USE;

/* The URL with *** for its password, for people to read; cut to the size. */
void store_mask_url(const char *url, char *ret_text, size_t size);

/* Closes the store; accepts NULL. */
void store_close(struct store *store);

/* Loads many jobs at once; those that do not exist have found == false. On an error none is loaded. */
enum err store_load_all(struct store *store, struct store_load *loads, size_t count, struct fault *fault) MUST_USE;

/* Makes all changes that meet their expectation, together: after an error none of them is made. Each job occurs at most
 * once. A conflict is not an error. DATA_LOSS: the disk failed to sync; nothing may be promised any more, the process
 * should stop. UNAVAILABLE, RESOURCE_EXHAUSTED (disk full): try again later; a shared store may then have made some of
 * them or all, and not know it. */
enum err store_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                      struct fault *fault) MUST_USE;

/* Visits the jobs that match, the newest (by creation) first. Sees only committed changes, all that were committed
 * before the call. */
enum err store_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                    struct fault *fault) MUST_USE;

/* Visits up to `limit` jobs whose expires_ms is set and <= now_ms, the earliest first. */
enum err store_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                       struct fault *fault) MUST_USE;

/* Reads a note; revision 0 if there is none, or if this store keeps none. Called by the thread that loads and commits.
 */
enum err store_load_note(struct store *store, const char *key, struct store_note *ret_note,
                         struct fault *fault) MUST_USE;

/* Writes a note, which gets the revision expected_revision + 1, if it has expected_revision now (0: there must be
 * none); otherwise ret_is_conflict is set and nothing has changed. As safe as a commit. A store that keeps no notes
 * takes and forgets it. Called by the thread that loads and commits. Errors as of store_commit. */
enum err store_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                        size_t length, bool *ret_is_conflict, struct fault *fault) MUST_USE;

/* What a commit would be worth now. */
enum store_durability store_durability(struct store *store);

/* Whether other processes change the jobs, too. Then load what is at hand anew when store_hear tells of it. */
bool store_is_shared(const struct store *store);

/* Of a shared store: tells of commits and signs of life in order, each once. False: something was missed (the way to
 * the store was cut, or the store has lost what it had), so that whatever is at hand may be old; it goes on from what
 * the store shows now. */
bool store_hear(struct store *store, enum store_hearing hearing, store_tell *tell, void *context);

/* Of a shared store: the answer of the next commit is to prove what is at hand of this job, too: after it, store_hear
 * tells of all that has happened to the job before the commit. Called by the thread that commits. */
void store_prove(struct store *store, const char *job_id);

/* Of a shared store: tells the other processes that the workers of these jobs were heard. Nothing of it is kept; an
 * error is nobody's business. */
void store_sign(struct store *store, const char *const *job_ids, size_t count);

/* Of a shared store: `wake` is called, on any thread, when there is something to hear; not again before store_hear was
 * called. NULL ends it: once this returns, it is not called any more. */
void store_listen(struct store *store, void (*wake)(void *context), void *context);

#endif
