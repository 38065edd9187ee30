/* The SQLite store as a whole: opening its parts in order, closing them, and what SQLite's errors mean to a caller. */
#include <stdlib.h>
#include <unistd.h>

#include "store/parts.h"
#include "store/sqlite_parts.h"

enum err sqlite_fault(sqlite3 *db, int rc, const char *doing, struct fault *fault)
{
	/* A failure of ours, such as no memory for a result, is unknown to the connection. */
	bool is_known = db != NULL && (sqlite3_errcode(db) & 0xff) == (rc & 0xff);
	int extended = is_known ? sqlite3_extended_errcode(db) : rc;
	const char *text = is_known ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
	if (extended == SQLITE_IOERR_NOMEM)
		extended = SQLITE_NOMEM;
	if (extended == SQLITE_IOERR_SHMSIZE)
		extended = SQLITE_FULL;
	switch (extended & 0xff) {
	case SQLITE_FULL:
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "STORE_FULL", "store: %s: no space left on the disk", doing);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_BUSY", "store: %s: another program holds the file", doing);
	case SQLITE_NOMEM:
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: %s: no memory left", doing);
	case SQLITE_IOERR:
		return fault_set(fault, ERR_DATA_LOSS, "STORE_BROKEN", "store: %s: the disk failed: %s (%d)", doing, text,
		                 extended);
	case SQLITE_CORRUPT:
		return fault_set(fault, ERR_DATA_LOSS, "STORE_CORRUPT", "store: %s: the file is damaged: %s", doing, text);
	case SQLITE_NOTADB:
		return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "store: the file is not a database");
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: %s: %s", doing, text);
	default:
		return fault_set(fault, ERR_INTERNAL, "STORE_ERROR", "store: %s: %s (%d)", doing, text, extended);
	}
}

static enum store_durability sqlite_durability(struct store *store)
{
	(void)store;
	return STORE_SYNCED;
}

/* The writer goes last: it empties the log into the file. The lock is held until all is done. */
static void sqlite_close(struct store *store)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)(void *)store;
	sqlite_finish_statements(sqlite);
	sqlite3_close(sqlite->reader);
	sqlite3_close(sqlite->writer);
	if (sqlite->lock_fd >= 0)
		close(sqlite->lock_fd);
	pthread_mutex_destroy(&sqlite->reader_lock);
	free(sqlite);
}

static const struct store_class sqlite_class = {
    .kind = "file",
    .commits_quickly = false,
    .load = sqlite_load,
    .commit = sqlite_commit,
    .list = sqlite_list,
    .expired = sqlite_expired,
    .durability = sqlite_durability,
    .close = sqlite_close,
    .load_note = sqlite_load_note,
    .put_note = sqlite_put_note,
};

static enum err open_parts(struct sqlite_store *sqlite, const char *address, struct fault *fault)
{
	char *path = NULL;
	enum err err = sqlite_claim_file(address, &path, &sqlite->lock_fd, fault);
	if (err == ERR_OK)
		err = sqlite_open_writer(path, &sqlite->writer, fault);
	if (err == ERR_OK)
		err = sqlite_start_writer(sqlite, fault);
	if (err == ERR_OK)
		err = sqlite_open_reader(path, &sqlite->reader, fault);
	free(path);
	return err;
}

enum err sqlite_check(const char *address, struct fault *fault)
{
	if (*address != '\0')
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "STORE_URL",
	                 "store: file:PATH names no file: a path must follow \"file:\"");
}

enum err sqlite_open(const char *address, struct store **ret_store, struct fault *fault)
{
	enum err err = sqlite_check(address, fault);
	if (err != ERR_OK)
		return err;
	struct sqlite_store *sqlite = calloc(1, sizeof *sqlite);
	if (sqlite == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	sqlite->base.class = &sqlite_class;
	sqlite->lock_fd = -1;
	pthread_mutex_init(&sqlite->reader_lock, NULL);
	err = open_parts(sqlite, address, fault);
	if (err != ERR_OK) {
		sqlite_close(&sqlite->base);
		return err;
	}
	*ret_store = &sqlite->base;
	return ERR_OK;
}
