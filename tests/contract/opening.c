/* What may be opened as a store, what is refused, and what is there after opening it again. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void expect_refusal(const char *url, enum err code, const char *reason, const char *text)
{
	struct fault fault = {0};
	struct store *store = NULL;
	cr_expect_eq(store_open(url, &store, &fault), code, "%s: %s", url, fault.text);
	cr_expect_null(store);
	cr_expect_eq(fault.code, code);
	cr_expect_str_eq(fault.reason, reason);
	cr_expect_not_null(strstr(fault.text, text), "\"%s\" does not say \"%s\"", fault.text, text);
}

/* Runs SQL on the file beside the store; fails the test on an error. */
static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	cr_assert_eq(rc, SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* The first column of the first row, as a string in a buffer of this function. */
static const char *ask_sql(sqlite3 *db, const char *sql)
{
	static char answer[200];
	sqlite3_stmt *statement;
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	snprintf(answer, sizeof answer, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return answer;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

Test(store_open, refuses_unknown_kinds_and_says_what_is_allowed)
{
	static const char *const urls[] = {"", "memory", "mysql://host/db", "/var/lib/jobs.db", "File:x", " memory:"};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		expect_refusal(urls[i], ERR_INVALID_ARGUMENT, "STORE_URL", "\"memory:\" and \"file:PATH\"");
}

Test(store_open, refuses_bad_addresses)
{
	expect_refusal("memory:jobs", ERR_INVALID_ARGUMENT, "STORE_URL", "nothing may follow");
	expect_refusal("file:", ERR_INVALID_ARGUMENT, "STORE_URL", "a path must follow");
}

Test(store_open, makes_folders_and_file_for_the_owner_alone)
{
	struct fixture fixture;
	fixture_make_folder(&fixture, FIXTURE_FILE);
	char url[200], path[200];
	snprintf(url, sizeof url, "file:%s/some/where/jobs.db", fixture.folder);
	struct fault fault = {0};
	cr_assert_eq(store_open(url, &fixture.store, &fault), ERR_OK, "%s", fault.text);
	create_jobs(fixture.store, "j", 1);
	struct stat found;
	static const char *const files[] = {"jobs.db", "jobs.db-wal", "jobs.db-shm", "jobs.db.lock"};
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/some/where/%s", fixture.folder, files[i]);
		cr_assert_eq(stat(path, &found), 0, "%s", path);
		cr_expect_eq(found.st_mode & 0777, 0600, "%s", path);
	}
	store_close(fixture.store);
	snprintf(path, sizeof path, "%s/some", fixture.folder);
	cr_assert_eq(stat(path, &found), 0);
	cr_expect_eq(found.st_mode & 0777, 0700);
	static const char *const leftovers[] = {"some/where/jobs.db", "some/where/jobs.db.lock", "some/where", "some"};
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", fixture.folder, leftovers[i]);
		cr_expect_eq(remove(path), 0, "%s", path);
	}
	fixture_remove_folder(&fixture);
}

Test(store_open, gives_a_closed_file_back_as_it_was)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 20);
	struct store_put puts[] = {put_of("j3", 1), removal_of("j19", 1)};
	puts[0].record.state = 3;
	commit(fixture.store, puts, 2);
	struct listing before, after;
	struct store_query all = {.limit = 100};
	list(fixture.store, &all, &before);
	fixture_reopen(&fixture);
	list(fixture.store, &all, &after);
	cr_assert_eq(after.count, 19);
	cr_expect_eq(before.count, after.count);
	cr_expect_eq(memcmp(before.items, after.items, after.count * sizeof *after.items), 0);
	create_jobs(fixture.store, "k", 1);
	list(fixture.store, &(struct store_query){.limit = 1}, &after);
	cr_expect_str_eq(names_of(&after), "k0");
	fixture_finish(&fixture);
}

Test(store_open, takes_an_empty_file)
{
	struct fixture fixture;
	fixture_make_folder(&fixture, FIXTURE_FILE);
	write_file(fixture.path, "");
	struct fault fault = {0};
	cr_assert_eq(store_open(fixture.url, &fixture.store, &fault), ERR_OK, "%s", fault.text);
	create_jobs(fixture.store, "j", 1);
	fixture_finish(&fixture);
}

Test(store_open, refuses_a_file_from_a_newer_version)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 1);
	store_close(fixture.store);
	run_sql(fixture.path, "PRAGMA user_version = 3");
	expect_refusal(fixture.url, ERR_FAILED_PRECONDITION, "STORE_NEWER", "version is 3, this one knows up to 2");
	run_sql(fixture.path, "PRAGMA user_version = 2");
	struct fault fault = {0};
	cr_assert_eq(store_open(fixture.url, &fixture.store, &fault), ERR_OK, "%s", fault.text);
	fixture_finish(&fixture);
}

Test(store_open, brings_a_file_of_version_1_up_to_date_with_all_its_jobs)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 5);
	store_close(fixture.store);
	run_sql(fixture.path, "DROP TABLE note; PRAGMA user_version = 1");
	struct fault fault = {0};
	struct store_note note;
	struct listing all;
	bool is_conflict;
	cr_assert_eq(store_open(fixture.url, &fixture.store, &fault), ERR_OK, "%s", fault.text);
	list(fixture.store, &(struct store_query){.limit = 10}, &all);
	cr_assert_eq(all.count, 5);
	cr_assert_eq(store_load_note(fixture.store, "a", &note, &fault), ERR_OK);
	cr_assert_eq(note.revision, 0);
	cr_assert_eq(store_put_note(fixture.store, "a", 0, NULL, 0, &is_conflict, &fault), ERR_OK);
	sqlite3 *db;
	cr_assert_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
	cr_expect_str_eq(ask_sql(db, "PRAGMA user_version"), "2");
	sqlite3_close(db);
	fixture_finish(&fixture);
}

Test(store_open, refuses_databases_of_other_programs_and_leaves_them_alone)
{
	static const char *const makings[] = {
	    "CREATE TABLE people (name TEXT)",
	    "PRAGMA application_id = 77",
	    "PRAGMA user_version = 1",
	    "PRAGMA application_id = 77; CREATE TABLE job (row INTEGER PRIMARY KEY)",
	};
	for (size_t i = 0; i < sizeof makings / sizeof *makings; i++) {
		struct fixture fixture;
		fixture_make_folder(&fixture, FIXTURE_FILE);
		run_sql(fixture.path, makings[i]);
		expect_refusal(fixture.url, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "of another program");
		sqlite3 *db;
		cr_assert_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
		cr_expect_str_eq(ask_sql(db, "PRAGMA journal_mode"), "delete");
		cr_expect_str_neq(ask_sql(db, "PRAGMA application_id"), "1347572563");
		sqlite3_close(db);
		fixture_remove_folder(&fixture);
	}
}

Test(store_open, refuses_what_is_no_database)
{
	struct fixture fixture;
	fixture_make_folder(&fixture, FIXTURE_FILE);
	static const char *const texts[] = {"x", "SQLite format 3", "{\"jobs\": []}\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_file(fixture.path, texts[i]);
		expect_refusal(fixture.url, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "is not a database");
	}
	FILE *file = fopen(fixture.path, "w");
	for (int i = 0; i < 100000; i++)
		fputc(i * 7 % 251, file);
	fclose(file);
	expect_refusal(fixture.url, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "is not a database");
	fixture_remove_folder(&fixture);
}

Test(store_open, refuses_a_folder)
{
	struct fixture fixture;
	fixture_make_folder(&fixture, FIXTURE_FILE);
	char url[300];
	snprintf(url, sizeof url, "file:%s", fixture.folder);
	expect_refusal(url, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "is a folder, not a file");
	snprintf(url, sizeof url, "file:%s/", fixture.folder);
	expect_refusal(url, ERR_FAILED_PRECONDITION, "STORE_NOT_OURS", "is a folder, not a file");
	fixture_remove_folder(&fixture);
}

Test(store_open, refuses_a_path_through_a_file)
{
	struct fixture fixture;
	fixture_make_folder(&fixture, FIXTURE_FILE);
	write_file(fixture.path, "");
	char url[300];
	snprintf(url, sizeof url, "%s/jobs.db", fixture.url);
	expect_refusal(url, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "Not a directory");
	fixture_remove_folder(&fixture);
}

Test(store_open, refuses_a_file_in_use_under_any_name)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	char link_path[200], link_url[210];
	snprintf(link_path, sizeof link_path, "%s/other.db", fixture.folder);
	snprintf(link_url, sizeof link_url, "file:%s", link_path);
	cr_assert_eq(symlink("jobs.db", link_path), 0);
	expect_refusal(fixture.url, ERR_FAILED_PRECONDITION, "STORE_IN_USE", "in use by another progressd");
	expect_refusal(link_url, ERR_FAILED_PRECONDITION, "STORE_IN_USE", "in use by another progressd");
	create_jobs(fixture.store, "j", 1);
	fixture_reopen(&fixture);
	fixture_finish(&fixture);
}

/* The code with which another process fails to open the URL. */
static int open_in_child(const char *url)
{
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		struct store *store;
		struct fault fault;
		_exit(store_open(url, &store, &fault));
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(store_open, refuses_a_file_in_use_by_another_process_until_it_is_closed)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	cr_expect_eq(open_in_child(fixture.url), ERR_FAILED_PRECONDITION);
	store_close(fixture.store);
	cr_expect_eq(open_in_child(fixture.url), ERR_OK);
	fixture_remove_folder(&fixture);
}

Test(store_open, lets_people_read_beside_it)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 3);
	sqlite3 *db;
	cr_assert_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
	cr_expect_str_eq(ask_sql(db, "SELECT count(*) FROM job"), "3");
	cr_expect_str_eq(ask_sql(db, "SELECT job_id || ' ' || stage || ' ' || progress || ' ' || pipeline FROM job"
	                             " ORDER BY row DESC"),
	                 "j2 2 7 default");

	sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	cr_expect_str_eq(ask_sql(db, "SELECT revision FROM job WHERE job_id = 'j0'"), "1");
	struct store_put put = put_of("j0", 1);
	commit(fixture.store, &put, 1);
	cr_expect_not(put.is_conflict);
	cr_expect_str_eq(ask_sql(db, "SELECT revision FROM job WHERE job_id = 'j0'"), "1");
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	cr_expect_str_eq(ask_sql(db, "SELECT revision FROM job WHERE job_id = 'j0'"), "2");
	cr_expect_str_eq(ask_sql(db, "PRAGMA integrity_check"), "ok");
	sqlite3_close(db);
	fixture_finish(&fixture);
}

Test(store_commit, is_unavailable_while_another_program_writes)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	create_jobs(fixture.store, "j", 1);
	sqlite3 *db;
	cr_assert_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	struct store_put put = put_of("j0", 1);
	struct fault fault;
	enum store_durability durability;
	cr_expect_eq(store_commit(fixture.store, &put, 1, &durability, &fault), ERR_UNAVAILABLE);
	cr_expect_str_eq(fault.reason, "STORE_BUSY");
	cr_assert_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	commit(fixture.store, &put, 1);
	cr_expect_not(put.is_conflict);
	fixture_finish(&fixture);
}
