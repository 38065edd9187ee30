/* Which token is valid, for what, and what a file of tokens may say. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/digest.h"

#define KEY "key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

enum { NOW_MS = 1000000 };

static char folder[64], path[96];
static struct auth *auth;
static struct fault fault;
static struct auth_grant grant;
static atomic_int changes, troubles;

static void on_change(void *context, const struct fault *trouble)
{
	(void)context;
	atomic_fetch_add(trouble == NULL ? &changes : &troubles, 1);
}

static void prepare(void)
{
	strcpy(folder, "/tmp/unit-auth-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/tokens", folder);
}

static void finish(void)
{
	auth_close(auth);
	unlink(path);
	cr_assert_eq(rmdir(folder), 0);
}

TestSuite(auth, .init = prepare, .fini = finish, .timeout = 30);

static void write_file_at(const char *place, const char *text)
{
	int fd = open(place, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Puts a whole new file in the place of the old one. */
static void write_file(const char *text)
{
	char next[112];
	snprintf(next, sizeof next, "%s.new", path);
	write_file_at(next, text);
	cr_assert_eq(rename(next, path), 0);
}

/* A line for the token. */
static const char *line_of(const char *token, const char *rest)
{
	static char line[400];
	char digits[65];
	uint8_t hash[AUTH_HASH_BYTES];
	digest_hash(token, strlen(token), hash);
	digest_write_hex(hash, digits);
	snprintf(line, sizeof line, KEY "token one %s %s\n", digits, rest);
	return line;
}

static void open_with(const char *text)
{
	write_file(text);
	cr_assert_eq(auth_open(path, on_change, NULL, &auth, &fault), ERR_OK, "%s", fault.text);
}

static void expect_unknown(const char *credentials)
{
	cr_assert_eq(auth_find(auth, credentials, NOW_MS, &grant, &fault), ERR_UNAUTHENTICATED, "%s", credentials);
}

Test(auth, finds_a_token_with_and_without_the_word_bearer)
{
	open_with(line_of("prg_secret", "read,report clip-* 2000"));
	cr_assert_eq(auth_find(auth, "prg_secret", NOW_MS, &grant, &fault), ERR_OK);
	cr_assert_eq(auth_find(auth, "bearer prg_secret", NOW_MS, &grant, &fault), ERR_OK);
	cr_assert_eq(grant.expires_ms, 2000000);
	cr_assert(auth_allows(&grant, AUTH_READ) && auth_allows(&grant, AUTH_REPORT));
	cr_assert_not(auth_allows(&grant, AUTH_ADMIN));
	cr_assert(auth_covers(&grant, "clip-1"));
	cr_assert_not(auth_covers(&grant, "clip"));
	cr_assert_not(auth_covers(&grant, "other-clip-1"));
	cr_assert_not(auth_covers(&grant, ""));
	cr_assert(auth_holds(auth, grant.token));
}

Test(auth, knows_no_other)
{
	open_with(line_of("prg_secret", "admin * never"));
	static const char *const others[] = {"",        "prg_",   "prg_secre",       "prg_secret ", "prg_secretx",
	                                     "Bearer ", "Bearer", "Basic prg_secret"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect_unknown(others[i]);
	expect_unknown(NULL);
}

Test(auth, ends_a_token_at_its_time)
{
	open_with(line_of("prg_secret", "read * 1000"));
	cr_assert_eq(auth_find(auth, "prg_secret", NOW_MS - 1, &grant, &fault), ERR_OK);
	expect_unknown("prg_secret");
}

Test(auth, lets_admin_do_all_and_report_not_read)
{
	open_with(line_of("prg_a", "admin * never"));
	cr_assert_eq(auth_find(auth, "prg_a", NOW_MS, &grant, &fault), ERR_OK);
	cr_assert(auth_allows(&grant, AUTH_READ) && auth_allows(&grant, AUTH_REPORT) && auth_allows(&grant, AUTH_ADMIN));
	grant.scopes = 1U << AUTH_REPORT;
	cr_assert_not(auth_allows(&grant, AUTH_READ));
}

Test(auth, signs_a_read_token_for_one_job)
{
	char token[AUTH_READ_TOKEN_BYTES_MAX];
	open_with(KEY);
	cr_assert_eq(auth_issue(auth, "clip.7:a", NOW_MS + 5, token, &fault), ERR_OK);
	cr_assert_eq(auth_find(auth, token, NOW_MS, &grant, &fault), ERR_OK, "%s", token);
	cr_assert(auth_allows(&grant, AUTH_READ));
	cr_assert_not(auth_allows(&grant, AUTH_REPORT) || auth_allows(&grant, AUTH_ADMIN));
	cr_assert(auth_covers(&grant, "clip.7:a"));
	cr_assert_not(auth_covers(&grant, "clip.7:ab") || auth_covers(&grant, "clip.7"));
	cr_assert_eq(auth_find(auth, token, NOW_MS + 5, &grant, &fault), ERR_UNAUTHENTICATED);
}

Test(auth, knows_no_read_token_with_a_letter_changed)
{
	char token[AUTH_READ_TOKEN_BYTES_MAX];
	open_with(KEY);
	cr_assert_eq(auth_issue(auth, "clip-7", NOW_MS + 5000, token, &fault), ERR_OK);
	for (size_t i = 0; token[i] != '\0'; i++) {
		char right = token[i];
		token[i] = right == '1' ? '2' : '1';
		expect_unknown(token);
		token[i] = '\0';
		expect_unknown(token);
		token[i] = right;
	}
	cr_assert_eq(auth_find(auth, token, NOW_MS, &grant, &fault), ERR_OK);
}

static void await(atomic_int *count)
{
	while (atomic_load(count) == 0)
		usleep(1000);
}

Test(auth, forgets_what_was_taken_out_and_signed_with_another_key)
{
	char token[AUTH_READ_TOKEN_BYTES_MAX];
	open_with(line_of("prg_secret", "read * never"));
	cr_assert_eq(auth_issue(auth, "clip-7", NOW_MS + 5000, token, &fault), ERR_OK);
	cr_assert_eq(auth_find(auth, "prg_secret", NOW_MS, &grant, &fault), ERR_OK);
	uint64_t before = grant.token;
	write_file("# nothing is left\n");
	await(&changes);
	expect_unknown("prg_secret");
	expect_unknown(token);
	cr_assert_not(auth_holds(auth, before));
	cr_assert_eq(auth_issue(auth, "clip-7", NOW_MS + 5000, token, &fault), ERR_FAILED_PRECONDITION);
}

Test(auth, keeps_what_it_knows_when_the_file_breaks)
{
	open_with(line_of("prg_secret", "read * never"));
	write_file("token broken\n");
	await(&troubles);
	cr_assert_eq(auth_find(auth, "prg_secret", NOW_MS, &grant, &fault), ERR_OK);
}

/* Lets this process open so many files. */
static void limit_files(rlim_t count)
{
	struct rlimit limit;
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

Test(auth, reads_a_file_that_could_not_be_opened_for_a_while)
{
	char next[112];
	struct rlimit before;
	open_with(line_of("prg_secret", "read * never"));
	snprintf(next, sizeof next, "%s.next", path);
	write_file_at(next, line_of("prg_other", "read * never"));
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit_files(3);
	cr_assert_eq(rename(next, path), 0);
	await(&troubles);
	limit_files(before.rlim_cur);
	await(&changes);
	expect_unknown("prg_secret");
	cr_assert_eq(auth_find(auth, "prg_other", NOW_MS, &grant, &fault), ERR_OK);
	cr_assert_eq(atomic_load(&troubles), 1);
}

static void expect_refused(const char *text, const char *what)
{
	struct auth *none = NULL;
	write_file(text);
	cr_assert_neq(auth_open(path, on_change, NULL, &none, &fault), ERR_OK, "%s", text);
	cr_assert_null(none);
	cr_assert_not_null(strstr(fault.text, what), "%s", fault.text);
	cr_assert_not_null(strstr(fault.text, path), "%s", fault.text);
}

Test(auth, says_which_line_is_wrong)
{
	expect_refused("hello\n", "line 1");
	expect_refused(KEY KEY, "line 2");
	expect_refused("key 12\n", "64 hexadecimal digits");
	expect_refused(line_of("x", "read *"), "line 2");
	expect_refused(line_of("x", "write * never"), "SCOPES");
	expect_refused(line_of("x", "read, * never"), "SCOPES");
	expect_refused(line_of("x", "read a*b never"), "JOBS");
	expect_refused(line_of("x", "read * soon"), "EXPIRES");
	expect_refused(line_of("x", "read * -5"), "EXPIRES");
	expect_refused(line_of("x", "read * 99999999999999999999"), "EXPIRES");
	expect_refused("token a/b 12 read * never\n", "NAME");
}

Test(auth, refuses_a_file_that_others_may_read_and_one_that_is_not_there)
{
	struct auth *none = NULL;
	write_file(KEY);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert_eq(auth_open(path, on_change, NULL, &none, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(fault.text, "0600"), "%s", fault.text);
	unlink(path);
	cr_assert_eq(auth_open(path, on_change, NULL, &none, &fault), ERR_UNAVAILABLE);
}
