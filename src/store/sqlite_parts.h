/* What the files of the SQLite store share. SQLite appears in these files only. */
#ifndef STORE_SQLITE_PARTS_H
#define STORE_SQLITE_PARTS_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

/* What is read of a job, in this order; sqlite_visit knows it. */
#define SQLITE_COLUMNS                                                                                                 \
	"row, job_id, revision, stage, state, progress, pipeline, parent, message, created_ms, updated_ms, ended_ms, "     \
	"expires_ms, record"

/* Statements of the writer, prepared once. */
enum sqlite_statement {
	STATEMENT_BEGIN_WRITE,
	STATEMENT_BEGIN_READ,
	STATEMENT_COMMIT,
	STATEMENT_LOAD,
	STATEMENT_FIND,
	STATEMENT_INSERT,
	STATEMENT_UPDATE,
	STATEMENT_UPDATE_INDEXED,
	STATEMENT_REMOVE,
	STATEMENT_EXPIRED,
	STATEMENT_LOAD_NOTE,
	STATEMENT_INSERT_NOTE,
	STATEMENT_UPDATE_NOTE,
	STATEMENT_COUNT,
};

struct sqlite_store {
	struct store base;
	/* Of the thread that loads and commits. */
	int lock_fd; /* holds the lock on PATH.lock, which keeps other daemons away */
	sqlite3 *writer;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	int64_t last_row;  /* highest ever given by this store; rows only rise */
	int log_frames;    /* in the write-ahead log after the last commit */
	int checkpoint_at; /* as many frames start the next checkpoint */
	bool is_broken;    /* the disk failed to sync: no commit is promised any more */
	/* Of any thread. */
	pthread_mutex_t reader_lock;
	sqlite3 *reader;
};

/* A fault for the failed call on this connection, whose message it quotes; `doing` says what was tried, "commit". */
enum err sqlite_fault(sqlite3 *db, int rc, const char *doing, struct fault *fault);

/* Makes the missing folders above `path` (mode 0700), takes the lock, and makes the file (mode 0600) if there is none;
 * what was made is synced. `ret_path` is absolute, free of symbolic links, and the caller's to free; `ret_lock_fd`
 * holds the lock until it is closed. Errors as of store_open. */
enum err sqlite_claim_file(const char *path, char **ret_path, int *ret_lock_fd, struct fault *fault) MUST_USE;

/* The VFS through which the writer opens its files; NULL, the usual one, if SQLite has none to build on. */
const char *sqlite_vfs_name(void);

/* Opens the writing connection: checks that the file is ours and brings its schema up to date. The caller closes it. */
enum err sqlite_open_writer(const char *path, sqlite3 **ret_db, struct fault *fault) MUST_USE;

/* Opens a connection that only reads, beside the writer. The caller closes it. */
enum err sqlite_open_reader(const char *path, sqlite3 **ret_db, struct fault *fault) MUST_USE;

/* Makes the opened writer ready for the functions of the class. */
enum err sqlite_start_writer(struct sqlite_store *sqlite, struct fault *fault) MUST_USE;

/* Prepares all statements of the writer. sqlite_finish_statements gives them back, also after a failure. */
enum err sqlite_prepare_statements(struct sqlite_store *sqlite, struct fault *fault) MUST_USE;
void sqlite_finish_statements(struct sqlite_store *sqlite);

/* Steps a statement that has no rows, and resets it. SQLITE_OK or SQLite's error. */
int sqlite_run(sqlite3_stmt *statement);

/* Binds a string that lives until the statement is reset; NULL counts as empty. SQLITE_OK or SQLite's error. */
int sqlite_bind_string(sqlite3_stmt *statement, int index, const char *string);

/* The number that a query of one row and one column gives. SQLITE_OK or SQLite's error. */
int sqlite_ask_number(sqlite3 *db, const char *sql, int64_t *ret_number);

/* Visits the records of a statement that selects SQLITE_COLUMNS, and resets it. */
enum err sqlite_visit(sqlite3 *db, sqlite3_stmt *statement, store_visit *visit, void *context,
                      struct fault *fault) MUST_USE;

/* The functions of the class. */
enum err sqlite_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault) MUST_USE;
enum err sqlite_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                       struct fault *fault) MUST_USE;
enum err sqlite_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                     struct fault *fault) MUST_USE;
enum err sqlite_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                        struct fault *fault) MUST_USE;
enum err sqlite_load_note(struct store *store, const char *key, struct store_note *ret_note,
                          struct fault *fault) MUST_USE;
enum err sqlite_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                         size_t length, bool *ret_is_conflict, struct fault *fault) MUST_USE;

#endif
