/*
 * How the write-ahead log reaches the disk. SQLite writes each page of a commit with two calls to the kernel, and these
 * cost more than all else. So the log's writes are gathered in memory while they follow each other, and go to the
 * kernel in one piece before anything else is done with the log: a sync, a read, a question for its size. Nothing is
 * promised earlier than without this, because with synchronous=FULL a commit is neither answered nor shown to other
 * connections before the log is synced. All other files, and all other calls, are those of SQLite's own VFS.
 *
 * A sync takes half as long again when the file has grown since the last one, so the log grows in steps, by zeros ahead
 * of what is written. To SQLite they are no frames: their salts are wrong, as are those of a log that is used anew.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_parts.h"

enum {
	GATHERED_BYTES_MAX = 1024 * 1024,
	PIECE_BYTES_MAX = 64 * 1024, /* SQLite's unix VFS writes no more than 128 KiB at once, wrongly if asked to */
	LAID_BYTES = 1024 * 1024,    /* at once */
};

/* Our file; SQLite's own file for the log lies behind it, in the same block. */
struct log_file {
	sqlite3_file base;
	sqlite3_file *real;
	unsigned char *gathered; /* GATHERED_BYTES_MAX bytes */
	sqlite3_int64 offset;    /* in the log, of the first gathered byte */
	int gathered_bytes;
	sqlite3_int64 laid_bytes; /* of the file */
};

static sqlite3_vfs log_vfs;
static sqlite3_vfs *real_vfs;
static pthread_once_t register_once = PTHREAD_ONCE_INIT;

static struct log_file *log_of(sqlite3_file *file)
{
	return (struct log_file *)(void *)file;
}

/* Whether the last call failed for want of space that SQLite's VFS does not know to be one. */
static bool is_over_quota(sqlite3_file *file)
{
	int error = 0;
	int rc = file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
	return rc == SQLITE_OK && (error == EDQUOT || error == EFBIG);
}

/* Lays out the file past `end`, unless the disk is full: then it grows with each write. */
static void lay_out(struct log_file *log, sqlite3_int64 end)
{
	static const unsigned char zeros[PIECE_BYTES_MAX];
	int rc = SQLITE_OK;
	for (int done = 0; rc == SQLITE_OK && done < LAID_BYTES; done += PIECE_BYTES_MAX)
		rc = log->real->pMethods->xWrite(log->real, zeros, PIECE_BYTES_MAX, end + done);
	log->laid_bytes = end + LAID_BYTES;
}

/* Writes out what is gathered. After an error it is forgotten: the transaction that wrote it is going to fail. */
static int flush_log(struct log_file *log)
{
	int rc = SQLITE_OK;
	for (int done = 0; rc == SQLITE_OK && done < log->gathered_bytes; done += PIECE_BYTES_MAX) {
		int left = log->gathered_bytes - done;
		rc = log->real->pMethods->xWrite(log->real, log->gathered + done,
		                                 left < PIECE_BYTES_MAX ? left : PIECE_BYTES_MAX, log->offset + done);
	}
	sqlite3_int64 end = log->offset + log->gathered_bytes;
	if (rc == SQLITE_OK && end > log->laid_bytes)
		lay_out(log, end);
	log->gathered_bytes = 0;
	return rc == SQLITE_IOERR_WRITE && is_over_quota(log->real) ? SQLITE_FULL : rc;
}

static int log_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	bool follows = offset == log->offset + log->gathered_bytes && count <= GATHERED_BYTES_MAX - log->gathered_bytes;
	if (!follows) {
		int rc = flush_log(log);
		if (rc != SQLITE_OK)
			return rc;
		if (count > GATHERED_BYTES_MAX)
			return log->real->pMethods->xWrite(log->real, bytes, count, offset);
		log->offset = offset;
	}
	memcpy(log->gathered + log->gathered_bytes, bytes, (size_t)count);
	log->gathered_bytes += count;
	return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	int rc = flush_log(log);
	return rc != SQLITE_OK ? rc : log->real->pMethods->xRead(log->real, bytes, count, offset);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 bytes)
{
	struct log_file *log = log_of(file);
	int rc = flush_log(log);
	if (rc == SQLITE_OK)
		rc = log->real->pMethods->xTruncate(log->real, bytes);
	if (rc == SQLITE_OK)
		log->laid_bytes = bytes;
	return rc;
}

static int log_sync(sqlite3_file *file, int flags)
{
	struct log_file *log = log_of(file);
	int rc = flush_log(log);
	return rc != SQLITE_OK ? rc : log->real->pMethods->xSync(log->real, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret_bytes)
{
	struct log_file *log = log_of(file);
	int rc = flush_log(log);
	return rc != SQLITE_OK ? rc : log->real->pMethods->xFileSize(log->real, ret_bytes);
}

static int log_close(sqlite3_file *file)
{
	struct log_file *log = log_of(file);
	int rc = flush_log(log);
	int closed = log->real->pMethods->xClose(log->real);
	free(log->gathered);
	return rc != SQLITE_OK ? rc : closed;
}

static int log_lock(sqlite3_file *file, int lock)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xLock(log->real, lock);
}

static int log_unlock(sqlite3_file *file, int lock)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xUnlock(log->real, lock);
}

static int log_check_lock(sqlite3_file *file, int *ret_is_reserved)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xCheckReservedLock(log->real, ret_is_reserved);
}

static int log_control(sqlite3_file *file, int operation, void *argument)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xFileControl(log->real, operation, argument);
}

static int log_sector_size(sqlite3_file *file)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xSectorSize(log->real);
}

static int log_characteristics(sqlite3_file *file)
{
	struct log_file *log = log_of(file);
	return log->real->pMethods->xDeviceCharacteristics(log->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector_size,
    .xDeviceCharacteristics = log_characteristics,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	(void)vfs;
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
	struct log_file *log = log_of(file);
	*log = (struct log_file){.real = (sqlite3_file *)(log + 1), .gathered = malloc(GATHERED_BYTES_MAX)};
	if (log->gathered == NULL)
		return SQLITE_NOMEM;
	int rc = real_vfs->xOpen(real_vfs, name, log->real, flags, ret_flags);
	if (rc != SQLITE_OK) {
		free(log->gathered);
		return rc;
	}
	log->base.pMethods = &log_methods;
	return log->real->pMethods->xFileSize(log->real, &log->laid_bytes);
}

static void register_vfs(void)
{
	/* Counting memory costs a lock at each allocation, and nobody asks. Refused when SQLite is in use already. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == NULL)
		return;
	log_vfs = *real_vfs;
	log_vfs.zName = "progressd";
	log_vfs.szOsFile = (int)sizeof(struct log_file) + real_vfs->szOsFile;
	log_vfs.xOpen = open_file;
	sqlite3_vfs_register(&log_vfs, 0);
}

const char *sqlite_vfs_name(void)
{
	pthread_once(&register_once, register_vfs);
	return log_vfs.zName;
}
