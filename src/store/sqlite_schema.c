/*
 * What lies in the file: the table, its version, and how connections to it are set up. Numbers of the file are kept for
 * ever: application_id says that it is ours, user_version how its tables look.
 */
#include <stdio.h>

#include "store/sqlite_parts.h"

enum {
	APPLICATION_ID = 0x50524753, /* "PRGS" */
	SCHEMA_VERSION = 2,
	BUSY_WAIT_MS = 250, /* for people who hold the file with a tool of theirs */
};

/* What brings a file from version n to n + 1; only ever appended to. The columns beside `record` are there to be asked
 * for, and to be read by people; `record` is the whole. A row is updated often, so what changes often is in no index.
 */
static const char *const migrations[SCHEMA_VERSION] = {
    "CREATE TABLE job ("
    " row INTEGER PRIMARY KEY,"
    " job_id TEXT NOT NULL,"
    " revision INTEGER NOT NULL,"
    " stage INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " progress INTEGER NOT NULL,"
    " pipeline TEXT NOT NULL,"
    " parent TEXT NOT NULL,"
    " message TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL,"
    " record BLOB NOT NULL);"
    "CREATE UNIQUE INDEX job_by_id ON job (job_id);"
    "CREATE INDEX job_by_state ON job (state);"
    "CREATE INDEX job_by_parent ON job (parent) WHERE parent <> '';"
    "CREATE INDEX job_by_expiry ON job (expires_ms) WHERE expires_ms > 0;",
    "CREATE TABLE note ("
    " key TEXT PRIMARY KEY,"
    " revision INTEGER NOT NULL,"
    " content BLOB NOT NULL) WITHOUT ROWID;",
};

/* The page is small because each update writes its whole page to the log: with 4,096 bytes an update costs a fifth
 * more. Checkpoints are started by sqlite_commit. */
static const char writer_setup[] = "PRAGMA page_size = 2048;"
                                   "PRAGMA auto_vacuum = NONE;"
                                   "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA cache_size = -32768;"
                                   "PRAGMA temp_store = MEMORY;"
                                   "PRAGMA secure_delete = OFF;"
                                   "PRAGMA wal_autocheckpoint = 0;";

/* Whether the file is ours; its version, 0 if it is empty. Changes nothing. */
static enum err check_owner(sqlite3 *db, const char *path, int64_t *ret_version, struct fault *fault)
{
	int64_t application = 0, version = 0, objects = 0;
	int rc = sqlite_ask_number(db, "PRAGMA application_id", &application);
	if (rc == SQLITE_OK)
		rc = sqlite_ask_number(db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = sqlite_ask_number(db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (rc == SQLITE_NOTADB)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "store: %s is not a database", path);
	if (rc != SQLITE_OK)
		return sqlite_fault(db, rc, "open", fault);
	bool is_empty = application == 0 && version == 0 && objects == 0;
	if (!is_empty && application != APPLICATION_ID)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "store: %s is a database of another program",
		                 path);
	if (version > SCHEMA_VERSION)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NEWER",
		                 "store: %s was written by a newer progressd: its version is %d, this one knows up to %d", path,
		                 (int)version, SCHEMA_VERSION);
	*ret_version = version;
	return ERR_OK;
}

static enum err execute(sqlite3 *db, const char *sql, const char *doing, struct fault *fault)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, doing, fault);
}

/* One transaction: a crash leaves the old version or the new one. */
static enum err migrate(sqlite3 *db, int64_t version, struct fault *fault)
{
	if (version == SCHEMA_VERSION)
		return ERR_OK;
	char seal[100];
	snprintf(seal, sizeof seal, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
	         SCHEMA_VERSION);
	enum err err = execute(db, "BEGIN EXCLUSIVE", "migrate", fault);
	for (; err == ERR_OK && version < SCHEMA_VERSION; version++)
		err = execute(db, migrations[version], "migrate", fault);
	return err != ERR_OK ? err : execute(db, seal, "migrate", fault);
}

static enum err open_connection(const char *path, int flags, const char *vfs, sqlite3 **ret_db, struct fault *fault)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, vfs);
	if (rc != SQLITE_OK) {
		enum err err = sqlite_fault(db, rc, "open", fault);
		sqlite3_close(db);
		return err;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_WAIT_MS);
	*ret_db = db;
	return ERR_OK;
}

enum err sqlite_open_writer(const char *path, sqlite3 **ret_db, struct fault *fault)
{
	sqlite3 *db = NULL;
	enum err err = open_connection(path, SQLITE_OPEN_READWRITE, sqlite_vfs_name(), &db, fault);
	if (err != ERR_OK)
		return err;
	int64_t version = 0;
	err = check_owner(db, path, &version, fault);
	if (err == ERR_OK)
		err = execute(db, writer_setup, "open", fault);
	if (err == ERR_OK)
		err = migrate(db, version, fault);
	if (err != ERR_OK) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return ERR_OK;
}

enum err sqlite_open_reader(const char *path, sqlite3 **ret_db, struct fault *fault)
{
	sqlite3 *db = NULL;
	enum err err = open_connection(path, SQLITE_OPEN_READONLY, NULL, &db, fault);
	if (err != ERR_OK)
		return err;
	err = execute(db, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192", "open", fault);
	if (err != ERR_OK) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return ERR_OK;
}
