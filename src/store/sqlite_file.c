/*
 * The place of the file: its folders, its first making, and who may use it. One daemon at a time holds an flock on
 * PATH.lock. The lock is not on the database itself, because people may read that beside us with the sqlite3 shell, and
 * because closing any descriptor of it would drop SQLite's own locks in this process. PATH.lock stays when the daemon
 * ends; it holds the process id of the last owner, for people.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_parts.h"

enum { DATABASE_BYTES_MIN = 512 };

static enum err unreachable(const char *path, struct fault *fault)
{
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: %s: %s", path, strerror(errno));
}

/* The folder of the path, to be freed. NULL: no memory. */
static char *folder_of(const char *path)
{
	char *copy = strdup(path);
	char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;
	free(copy);
	return folder;
}

static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool is_synced = fsync(fd) == 0;
	close(fd);
	return is_synced;
}

static bool make_folders(const char *folder)
{
	struct stat found;
	if (stat(folder, &found) == 0)
		return true;
	char *above = folder_of(folder);
	bool is_made =
	    above != NULL && make_folders(above) && (mkdir(folder, 0700) == 0 || errno == EEXIST) && sync_folder(above);
	free(above);
	return is_made;
}

/* The absolute path without symbolic links, of a file that need not exist yet. NULL: see errno. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	if (real != NULL || errno != ENOENT)
		return real;
	char *folder = folder_of(path);
	char *copy = strdup(path);
	char *real_folder = folder != NULL ? realpath(folder, NULL) : NULL;
	if (real_folder != NULL && copy != NULL && asprintf(&real, "%s/%s", real_folder, basename(copy)) < 0)
		real = NULL;
	free(real_folder);
	free(copy);
	free(folder);
	return real;
}

static enum err check_kind(const char *path, struct fault *fault)
{
	struct stat found;
	if (stat(path, &found) != 0)
		return errno == ENOENT ? ERR_OK : unreachable(path, fault);
	if (S_ISREG(found.st_mode))
		return ERR_OK;
	return fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "store: %s is %s, not a file", path,
	                 S_ISDIR(found.st_mode) ? "a folder" : "a device or socket");
}

static enum err take_lock(const char *path, int *ret_lock_fd, struct fault *fault)
{
	char *lock_path;
	if (asprintf(&lock_path, "%s.lock", path) < 0)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum err err = fd < 0 ? unreachable(lock_path, fault) : ERR_OK;
	free(lock_path);
	if (err != ERR_OK)
		return err;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err = errno != EWOULDBLOCK ? unreachable(path, fault)
		                           : fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_IN_USE",
		                                       "store: %s is in use by another progressd", path);
		close(fd);
		return err;
	}
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%d\n", (int)getpid());
	*ret_lock_fd = fd;
	return ERR_OK;
}

/* Whether the file may be given to SQLite, which would take a short file of anything for an empty database. */
static bool is_empty_or_database(int fd)
{
	static const char magic[16] = "SQLite format 3";
	char start[DATABASE_BYTES_MIN];
	ssize_t bytes = pread(fd, start, sizeof start, 0);
	return bytes == 0 || (bytes == sizeof start && memcmp(start, magic, sizeof magic) == 0);
}

/* Makes the file or looks into it. Only with the lock: closing a descriptor of a file that SQLite has open in this
 * process would drop SQLite's locks. */
static enum err make_file(const char *path, struct fault *fault)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return unreachable(path, fault);
	char *folder = folder_of(path);
	enum err err = ERR_OK;
	if (!is_empty_or_database(fd))
		err = fault_set(fault, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "store: %s is not a database", path);
	else if (folder == NULL || fsync(fd) != 0 || !sync_folder(folder))
		err = unreachable(path, fault);
	free(folder);
	close(fd);
	return err;
}

enum err sqlite_claim_file(const char *path, char **ret_path, int *ret_lock_fd, struct fault *fault)
{
	char *folder = folder_of(path);
	bool has_folder = folder != NULL && make_folders(folder);
	free(folder);
	char *real = has_folder ? resolve(path) : NULL;
	if (real == NULL)
		return unreachable(path, fault);
	enum err err = check_kind(real, fault);
	int fd = -1;
	if (err == ERR_OK)
		err = take_lock(real, &fd, fault);
	if (err == ERR_OK)
		err = make_file(real, fault);
	if (err == ERR_OK) {
		*ret_path = real;
		*ret_lock_fd = fd;
		return ERR_OK;
	}
	if (fd >= 0)
		close(fd);
	free(real);
	return err;
}
