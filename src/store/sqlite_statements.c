/* The writer's statements, and how a record is bound to them and read from them. */
#include "store/sqlite_parts.h"

/* The update that changes no indexed column is apart, because SQLite rewrites an index as soon as a column of it is
 * set, be it to the same value. It finds nothing when state or expiry do change: then the other one is tried. */
static const char *const sources[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STATEMENT_BEGIN_READ] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_LOAD] = "SELECT row, revision, record FROM job WHERE job_id = ?1",
    [STATEMENT_FIND] = "SELECT row FROM job WHERE job_id = ?1",
    [STATEMENT_INSERT] = "INSERT INTO job (" SQLITE_COLUMNS ")"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
                         " ON CONFLICT (job_id) DO NOTHING",
    [STATEMENT_UPDATE] = "UPDATE job SET revision = ?1, stage = ?2, progress = ?3, message = ?4, updated_ms = ?5,"
                         " ended_ms = ?6, record = ?7"
                         " WHERE row = ?8 AND revision = ?9 AND state = ?10 AND expires_ms = ?11",
    [STATEMENT_UPDATE_INDEXED] =
        "UPDATE job SET revision = ?1, stage = ?2, progress = ?3, message = ?4, updated_ms = ?5,"
        " ended_ms = ?6, record = ?7, state = ?10, expires_ms = ?11"
        " WHERE row = ?8 AND revision = ?9",
    [STATEMENT_REMOVE] = "DELETE FROM job WHERE job_id = ?1 AND revision = ?2",
    [STATEMENT_EXPIRED] = "SELECT " SQLITE_COLUMNS " FROM job INDEXED BY job_by_expiry"
                          " WHERE expires_ms > 0 AND expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2",
    [STATEMENT_LOAD_NOTE] = "SELECT revision, content FROM note WHERE key = ?1",
    [STATEMENT_INSERT_NOTE] = "INSERT INTO note (key, revision, content) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [STATEMENT_UPDATE_NOTE] = "UPDATE note SET revision = ?2, content = ?3 WHERE key = ?1 AND revision = ?2 - 1",
};

enum err sqlite_prepare_statements(struct sqlite_store *sqlite, struct fault *fault)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		int rc =
		    sqlite3_prepare_v3(sqlite->writer, sources[i], -1, SQLITE_PREPARE_PERSISTENT, &sqlite->statements[i], NULL);
		if (rc != SQLITE_OK)
			return sqlite_fault(sqlite->writer, rc, "prepare", fault);
	}
	return ERR_OK;
}

void sqlite_finish_statements(struct sqlite_store *sqlite)
{
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(sqlite->statements[i]);
}

int sqlite_run(sqlite3_stmt *statement)
{
	sqlite3_step(statement);
	return sqlite3_reset(statement);
}

int sqlite_ask_number(sqlite3 *db, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	int finished = sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? SQLITE_OK : finished;
}

int sqlite_bind_string(sqlite3_stmt *statement, int index, const char *string)
{
	return sqlite3_bind_text(statement, index, string != NULL ? string : "", -1, SQLITE_STATIC);
}

static const char *column_string(sqlite3_stmt *statement, int column)
{
	const char *string = (const char *)sqlite3_column_text(statement, column);
	return string != NULL ? string : "";
}

/* The record in the statement's present row. Borrowed until the next step. */
static void read_record(sqlite3_stmt *statement, struct store_record *ret_record, int64_t *ret_row)
{
	*ret_row = sqlite3_column_int64(statement, 0);
	*ret_record = (struct store_record){
	    .job_id = column_string(statement, 1),
	    .revision = (uint64_t)sqlite3_column_int64(statement, 2),
	    .stage = sqlite3_column_int(statement, 3),
	    .state = sqlite3_column_int(statement, 4),
	    .progress = sqlite3_column_int(statement, 5),
	    .pipeline = column_string(statement, 6),
	    .parent = column_string(statement, 7),
	    .message = column_string(statement, 8),
	    .created_ms = sqlite3_column_int64(statement, 9),
	    .updated_ms = sqlite3_column_int64(statement, 10),
	    .ended_ms = sqlite3_column_int64(statement, 11),
	    .expires_ms = sqlite3_column_int64(statement, 12),
	    .payload = sqlite3_column_blob(statement, 13),
	    .payload_bytes = (size_t)sqlite3_column_bytes(statement, 13),
	};
}

enum err sqlite_visit(sqlite3 *db, sqlite3_stmt *statement, store_visit *visit, void *context, struct fault *fault)
{
	struct store_record record;
	int64_t row;
	bool goes_on = true;
	while (goes_on && sqlite3_step(statement) == SQLITE_ROW) {
		read_record(statement, &record, &row);
		goes_on = visit(&record, row, context);
	}
	int rc = sqlite3_reset(statement);
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, "list", fault);
}
