/*
 * Loading and committing. All puts of a commit are one transaction with one sync of the write-ahead log. Checkpoints
 * are ours, not SQLite's own: those would swallow a failure of the disk.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_parts.h"

/* So many pages of log are brought into the file at once: the more, the more often a page that changes again and again
 * is written once only; the fewer, the shorter the commit that does it and the recovery after a crash. */
enum { CHECKPOINT_FRAMES = 16384 };

static struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)(void *)store;
}

/* Ends the transaction that failed, if it did not end itself. The fault is filled already. */
static void roll_back(struct sqlite_store *sqlite)
{
	if (!sqlite3_get_autocommit(sqlite->writer))
		sqlite3_exec(sqlite->writer, "ROLLBACK", NULL, NULL, NULL);
}

static int load_one(sqlite3_stmt *statement, struct store_load *load)
{
	int rc = sqlite_bind_string(statement, 1, load->job_id);
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		size_t bytes = (size_t)sqlite3_column_bytes(statement, 2);
		load->payload = malloc(bytes + 1);
		if (load->payload == NULL) {
			sqlite3_reset(statement);
			return SQLITE_NOMEM;
		}
		if (bytes > 0)
			memcpy(load->payload, sqlite3_column_blob(statement, 2), bytes);
		load->payload_bytes = bytes;
		load->found = true;
		load->row = sqlite3_column_int64(statement, 0);
		load->revision = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	return sqlite3_reset(statement);
}

/* One transaction for all, because each has its price in locks. */
enum err sqlite_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	if (count == 0)
		return ERR_OK;
	int rc = sqlite_run(sqlite->statements[STATEMENT_BEGIN_READ]);
	size_t done = 0;
	for (; rc == SQLITE_OK && done < count; done++)
		rc = load_one(sqlite->statements[STATEMENT_LOAD], &loads[done]);
	if (rc == SQLITE_OK)
		rc = sqlite_run(sqlite->statements[STATEMENT_COMMIT]);
	if (rc == SQLITE_OK)
		return ERR_OK;
	enum err err = sqlite_fault(sqlite->writer, rc, "load", fault);
	roll_back(sqlite);
	for (size_t i = 0; i < done; i++) {
		free(loads[i].payload);
		loads[i] = (struct store_load){.job_id = loads[i].job_id};
	}
	return err;
}

static int bind_payload(sqlite3_stmt *statement, int index, const struct store_record *record)
{
	/* A NULL pointer would bind NULL, not an empty blob. */
	return sqlite3_bind_blob64(statement, index, record->payload_bytes > 0 ? record->payload : (const void *)"",
	                           record->payload_bytes, SQLITE_STATIC);
}

static int insert(struct sqlite_store *sqlite, struct store_put *put)
{
	sqlite3_stmt *statement = sqlite->statements[STATEMENT_INSERT];
	const struct store_record *record = &put->record;
	sqlite3_bind_int64(statement, 1, sqlite->last_row + 1);
	sqlite_bind_string(statement, 2, record->job_id);
	sqlite3_bind_int64(statement, 3, (int64_t)record->revision);
	sqlite3_bind_int(statement, 4, record->stage);
	sqlite3_bind_int(statement, 5, record->state);
	sqlite3_bind_int(statement, 6, record->progress);
	sqlite_bind_string(statement, 7, record->pipeline);
	sqlite_bind_string(statement, 8, record->parent);
	sqlite_bind_string(statement, 9, record->message);
	sqlite3_bind_int64(statement, 10, record->created_ms);
	sqlite3_bind_int64(statement, 11, record->updated_ms);
	sqlite3_bind_int64(statement, 12, record->ended_ms);
	sqlite3_bind_int64(statement, 13, record->expires_ms);
	int rc = bind_payload(statement, 14, record);
	if (rc == SQLITE_OK)
		rc = sqlite_run(statement);
	put->is_conflict = rc == SQLITE_OK && sqlite3_changes(sqlite->writer) == 0;
	if (rc == SQLITE_OK && !put->is_conflict)
		put->row = ++sqlite->last_row;
	return rc;
}

/* Puts the record into its row if the statement's conditions hold; tells by sqlite3_changes whether they did. */
static int update_by(sqlite3_stmt *statement, const struct store_put *put)
{
	const struct store_record *record = &put->record;
	sqlite3_bind_int64(statement, 1, (int64_t)record->revision);
	sqlite3_bind_int(statement, 2, record->stage);
	sqlite3_bind_int(statement, 3, record->progress);
	sqlite_bind_string(statement, 4, record->message);
	sqlite3_bind_int64(statement, 5, record->updated_ms);
	sqlite3_bind_int64(statement, 6, record->ended_ms);
	sqlite3_bind_int64(statement, 8, put->row);
	sqlite3_bind_int64(statement, 9, (int64_t)put->expected_revision);
	sqlite3_bind_int(statement, 10, record->state);
	sqlite3_bind_int64(statement, 11, record->expires_ms);
	int rc = bind_payload(statement, 7, record);
	return rc == SQLITE_OK ? sqlite_run(statement) : rc;
}

static int find_row(struct sqlite_store *sqlite, struct store_put *put)
{
	sqlite3_stmt *statement = sqlite->statements[STATEMENT_FIND];
	int rc = sqlite_bind_string(statement, 1, put->record.job_id);
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(statement) == SQLITE_ROW)
		put->row = sqlite3_column_int64(statement, 0);
	return sqlite3_reset(statement);
}

static int update(struct sqlite_store *sqlite, struct store_put *put)
{
	int rc = put->row == 0 ? find_row(sqlite, put) : SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = update_by(sqlite->statements[STATEMENT_UPDATE], put);
	if (rc == SQLITE_OK && sqlite3_changes(sqlite->writer) == 0)
		rc = update_by(sqlite->statements[STATEMENT_UPDATE_INDEXED], put);
	put->is_conflict = rc == SQLITE_OK && sqlite3_changes(sqlite->writer) == 0;
	return rc;
}

static int remove_job(struct sqlite_store *sqlite, struct store_put *put)
{
	sqlite3_stmt *statement = sqlite->statements[STATEMENT_REMOVE];
	sqlite3_bind_int64(statement, 2, (int64_t)put->expected_revision);
	int rc = sqlite_bind_string(statement, 1, put->record.job_id);
	if (rc == SQLITE_OK)
		rc = sqlite_run(statement);
	put->is_conflict = rc == SQLITE_OK && sqlite3_changes(sqlite->writer) == 0;
	if (rc == SQLITE_OK && !put->is_conflict)
		put->row = 0;
	return rc;
}

static int put_one(struct sqlite_store *sqlite, struct store_put *put)
{
	if (put->is_removal)
		return remove_job(sqlite, put);
	return put->expected_revision == 0 ? insert(sqlite, put) : update(sqlite, put);
}

/* Runs after the commit, which is safe by then: a sync that fails here spoils the next one only, and a write that fails
 * nothing, because the log keeps it all. A reader may keep part of the log in use; then the next attempt waits for as
 * many pages again. */
static void checkpoint(struct sqlite_store *sqlite)
{
	int frames = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(sqlite->writer, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
	sqlite->is_broken = rc == SQLITE_IOERR_FSYNC;
	sqlite->checkpoint_at = (rc == SQLITE_OK && moved == frames ? 0 : sqlite->log_frames) + CHECKPOINT_FRAMES;
}

static int note_log_frames(void *context, sqlite3 *db, const char *name, int frames)
{
	struct sqlite_store *sqlite = context;
	(void)db;
	(void)name;
	sqlite->log_frames = frames;
	return SQLITE_OK;
}

static int commit_all(struct sqlite_store *sqlite, struct store_put *puts, size_t count)
{
	int rc = sqlite_run(sqlite->statements[STATEMENT_BEGIN_WRITE]);
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
		rc = put_one(sqlite, &puts[i]);
	return rc == SQLITE_OK ? sqlite_run(sqlite->statements[STATEMENT_COMMIT]) : rc;
}

enum err sqlite_commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                       struct fault *fault)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	if (sqlite->is_broken)
		return fault_set(fault, ERR_DATA_LOSS, "STORE_BROKEN", "store: commit: the disk failed before");
	int rc = count > 0 ? commit_all(sqlite, puts, count) : SQLITE_OK;
	if (rc != SQLITE_OK) {
		enum err err = sqlite_fault(sqlite->writer, rc, "commit", fault);
		sqlite->is_broken = err == ERR_DATA_LOSS;
		roll_back(sqlite);
		return err;
	}
	*ret_durability = STORE_SYNCED;
	if (sqlite->log_frames >= sqlite->checkpoint_at)
		checkpoint(sqlite);
	return ERR_OK;
}

enum err sqlite_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                        struct fault *fault)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	sqlite3_stmt *statement = sqlite->statements[STATEMENT_EXPIRED];
	sqlite3_bind_int64(statement, 1, now_ms);
	sqlite3_bind_int64(statement, 2, limit <= INT64_MAX ? (int64_t)limit : INT64_MAX);
	return sqlite_visit(sqlite->writer, statement, visit, context, fault);
}

enum err sqlite_start_writer(struct sqlite_store *sqlite, struct fault *fault)
{
	int64_t last_row = 0;
	enum err err = sqlite_prepare_statements(sqlite, fault);
	if (err != ERR_OK)
		return err;
	int rc = sqlite_ask_number(sqlite->writer, "SELECT coalesce(max(row), 0) FROM job", &last_row);
	if (rc != SQLITE_OK)
		return sqlite_fault(sqlite->writer, rc, "open", fault);
	sqlite->last_row = last_row;
	sqlite->checkpoint_at = CHECKPOINT_FRAMES;
	sqlite3_wal_hook(sqlite->writer, note_log_frames, sqlite);
	return ERR_OK;
}
