/* What is said, shown and kept when the disk is full or fails: SQLite's own VFS is replaced by one that fails when
 * told. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fixture.h"

static sqlite3_vfs failing_vfs;
static sqlite3_vfs *real_vfs;
static sqlite3_io_methods failing_methods; /* of the write-ahead log */
static const sqlite3_io_methods *real_methods;
static int sync_error, write_error; /* what the next calls give; SQLITE_OK: they work */

static int fail_or_sync(sqlite3_file *file, int flags)
{
	return sync_error != SQLITE_OK ? sync_error : real_methods->xSync(file, flags);
}

static int fail_or_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
	return write_error != SQLITE_OK ? write_error : real_methods->xWrite(file, bytes, count, offset);
}

static int open_failing(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	(void)vfs;
	int rc = real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
	if (rc != SQLITE_OK || (flags & SQLITE_OPEN_WAL) == 0)
		return rc;
	real_methods = file->pMethods;
	failing_methods = *real_methods;
	failing_methods.xSync = fail_or_sync;
	failing_methods.xWrite = fail_or_write;
	file->pMethods = &failing_methods;
	return rc;
}

/* A store on such a disk, with jobs j0 to j2. */
static void start_on_failing_disk(struct fixture *fixture)
{
	real_vfs = sqlite3_vfs_find(NULL);
	failing_vfs = *real_vfs;
	failing_vfs.zName = "failing";
	failing_vfs.xOpen = open_failing;
	cr_assert_eq(sqlite3_vfs_register(&failing_vfs, 1), SQLITE_OK);
	fixture_start(fixture, FIXTURE_FILE);
	create_jobs(fixture->store, "j", 3);
}

static enum err try_commit(struct store *store, const char *reason)
{
	struct fault fault = {0};
	enum store_durability durability;
	struct store_put puts[] = {put_of("j0", 1), put_of("new", 0), removal_of("j1", 1)};
	puts[0].record.state = 3;
	enum err err = store_commit(store, puts, 3, &durability, &fault);
	cr_expect_str_eq(fault.reason, reason);
	return err;
}

static void expect_unchanged(struct store *store)
{
	struct listing listing;
	list(store, &(struct store_query){.limit = 10, .states = 1 << 1}, &listing);
	cr_expect_str_eq(names_of(&listing), "j2 j1 j0");
	struct fault fault;
	struct store_load load = {.job_id = "j0"};
	cr_assert_eq(store_load_all(store, &load, 1, &fault), ERR_OK);
	cr_expect_eq(load.revision, 1);
	free(load.payload);
}

Test(store_commit, promises_nothing_any_more_after_a_failed_sync)
{
	struct fixture fixture;
	start_on_failing_disk(&fixture);
	sync_error = SQLITE_IOERR_FSYNC;
	cr_expect_eq(try_commit(fixture.store, "STORE_BROKEN"), ERR_DATA_LOSS);
	expect_unchanged(fixture.store);
	sync_error = SQLITE_OK;
	cr_expect_eq(try_commit(fixture.store, "STORE_BROKEN"), ERR_DATA_LOSS);
	expect_unchanged(fixture.store);
	fixture_finish(&fixture);
}

Test(store_commit, promises_nothing_any_more_after_a_failed_write)
{
	struct fixture fixture;
	start_on_failing_disk(&fixture);
	write_error = SQLITE_IOERR_WRITE;
	cr_expect_eq(try_commit(fixture.store, "STORE_BROKEN"), ERR_DATA_LOSS);
	write_error = SQLITE_OK;
	expect_unchanged(fixture.store);
	cr_expect_eq(try_commit(fixture.store, "STORE_BROKEN"), ERR_DATA_LOSS);
	fixture_finish(&fixture);
}

Test(store_commit, works_again_after_a_full_disk)
{
	struct fixture fixture;
	start_on_failing_disk(&fixture);
	write_error = SQLITE_FULL;
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(try_commit(fixture.store, "STORE_FULL"), ERR_RESOURCE_EXHAUSTED);
		expect_unchanged(fixture.store);
	}
	write_error = SQLITE_OK;
	cr_expect_eq(try_commit(fixture.store, ""), ERR_OK);
	fixture_reopen(&fixture);
	struct listing listing;
	list(fixture.store, &(struct store_query){.limit = 10}, &listing);
	cr_expect_str_eq(names_of(&listing), "new j2 j0");
	fixture_finish(&fixture);
}

/* Lets files of this process grow to so many bytes. */
static void limit_file_bytes(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(store_commit, leaves_nothing_of_a_batch_that_the_log_could_take_in_part_only)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 3);
	char log_path[120];
	snprintf(log_path, sizeof log_path, "%s-wal", fixture.path);
	struct stat log;
	cr_assert_eq(stat(log_path, &log), 0);
	signal(SIGXFSZ, SIG_IGN);
	struct store_put put = put_of("large", 0);
	put.record.payload_bytes = (size_t)log.st_size + 500000; /* more than the log is laid out for */
	put.record.payload = calloc(1, put.record.payload_bytes);
	struct fault fault;
	enum store_durability durability;
	for (rlim_t room = 1000; room < 500000; room += 99000) {
		limit_file_bytes((rlim_t)log.st_size + room);
		cr_expect_eq(store_commit(fixture.store, &put, 1, &durability, &fault), ERR_RESOURCE_EXHAUSTED);
		cr_expect_str_eq(fault.reason, "STORE_FULL");
		expect_unchanged(fixture.store);
	}
	limit_file_bytes(RLIM_INFINITY);
	commit(fixture.store, &put, 1);
	cr_expect_not(put.is_conflict);
	fixture_reopen(&fixture);
	struct listing listing;
	list(fixture.store, &(struct store_query){.limit = 10}, &listing);
	cr_expect_str_eq(names_of(&listing), "large j2 j1 j0");
	free((void *)(uintptr_t)put.record.payload);
	fixture_finish(&fixture);
}
