/* Notes: small things beside the jobs, each under a key with a revision of its own. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_parts.h"

/* Copies the row that the statement stands on. */
static int take_note(sqlite3_stmt *statement, struct store_note *note)
{
	size_t length = (size_t)sqlite3_column_bytes(statement, 1);
	note->bytes = malloc(length + 1);
	if (note->bytes == NULL)
		return SQLITE_NOMEM;
	if (length > 0)
		memcpy(note->bytes, sqlite3_column_blob(statement, 1), length);
	note->length = length;
	note->revision = (uint64_t)sqlite3_column_int64(statement, 0);
	return SQLITE_OK;
}

enum err sqlite_load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)(void *)store;
	sqlite3_stmt *statement = sqlite->statements[STATEMENT_LOAD_NOTE];
	struct store_note note = {0};
	int rc = sqlite_bind_string(statement, 1, key);
	if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		rc = take_note(statement, &note);
	int reset = sqlite3_reset(statement);
	rc = rc != SQLITE_OK ? rc : reset;
	if (rc != SQLITE_OK) {
		free(note.bytes);
		return sqlite_fault(sqlite->writer, rc, "load a note", fault);
	}
	*ret_note = note;
	return ERR_OK;
}

/* One statement is a transaction of its own, synced like a commit. */
enum err sqlite_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                         size_t length, bool *ret_is_conflict, struct fault *fault)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)(void *)store;
	sqlite3_stmt *statement =
	    sqlite->statements[expected_revision == 0 ? STATEMENT_INSERT_NOTE : STATEMENT_UPDATE_NOTE];
	if (sqlite->is_broken)
		return fault_set(fault, ERR_DATA_LOSS, "STORE_BROKEN", "store: note: the disk failed before");
	int rc = sqlite_bind_string(statement, 1, key);
	sqlite3_bind_int64(statement, 2, (int64_t)expected_revision + 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob64(statement, 3, length > 0 ? bytes : (const void *)"", length, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite_run(statement);
	if (rc != SQLITE_OK) {
		enum err err = sqlite_fault(sqlite->writer, rc, "note", fault);
		sqlite->is_broken = err == ERR_DATA_LOSS;
		return err;
	}
	*ret_is_conflict = sqlite3_changes(sqlite->writer) == 0;
	return ERR_OK;
}
