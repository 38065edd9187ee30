/*
 * What keeps the jobs: a struct of functions over records. A store knows no rules; it puts a record if the revision is
 * still the expected one. load, commit and expired are called by one thread at a time; list by any.
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
	int64_t row;      /* from the load or an earlier put, 0: not known; set by the commit, to 0 by a removal */
	bool is_conflict; /* set by the commit: the expectation was not met, this put was left out */
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

/* Opens the store of a URL: "memory:" or "file:PATH" (missing folders are made, mode 0700; the file has mode 0600). The
 * caller closes it.
 * INVALID_ARGUMENT: no such kind, or a bad address. FAILED_PRECONDITION: the file is not ours, from a newer version, or
 * in use by another process. UNAVAILABLE: it cannot be opened. */
enum err store_open(const char *url, struct store **ret_store, struct fault *fault) MUST_USE;

/* Closes the store; accepts NULL. */
void store_close(struct store *store);

/* Loads many jobs at once; those that do not exist have found == false. On an error none is loaded. */
enum err store_load_all(struct store *store, struct store_load *loads, size_t count, struct fault *fault) MUST_USE;

/* Makes all changes that meet their expectation, together: after an error none of them is made. Each job occurs at most
 * once. A conflict is not an error. DATA_LOSS: the disk failed to sync; nothing may be promised any more, the process
 * should stop. UNAVAILABLE, RESOURCE_EXHAUSTED (disk full): try again later. */
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

#endif
