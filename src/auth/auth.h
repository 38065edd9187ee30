/*
 * Who asks, and what that one may do. Tokens stand in a file, each as its SHA-256; a job's read token is signed with
 * the file's key and needs no line of its own. The file is looked at four times a second: a token that was taken out of
 * it is worth nothing from then on.
 *
 * The file has a line for the key and one for each token; "#" begins a comment:
 *
 *     key 64-HEX-DIGITS
 *     token NAME SHA256 SCOPES JOBS EXPIRES
 *
 * NAME tells tokens apart for people (1 to 64 of [A-Za-z0-9_.-]); SCOPES are read, report, admin, separated by commas;
 * JOBS is * for all jobs, "clip-*" for those whose names begin so, or the name of one; EXPIRES is a time in Unix
 * seconds, or "never". Safe for any thread.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
	AUTH_NAME_BYTES_MAX = 64,
	AUTH_JOB_BYTES_MAX = 128,
	AUTH_TOKENS_MAX = 100000,
	AUTH_READ_TOKEN_BYTES_MAX = 256,
};

/* The numbers of progress.v1.Scope. */
enum auth_scope { AUTH_READ = 1, AUTH_REPORT = 2, AUTH_ADMIN = 3, AUTH_ANY = 4 };

struct auth;

/* What a valid token allows. */
struct auth_grant {
	uint64_t token;     /* which one it is, for auth_holds; never 0 */
	unsigned scopes;    /* bits 1 << enum auth_scope */
	int64_t expires_ms; /* wall; INT64_MAX: never */
	bool is_one_job;    /* jobs is the name of the only one; else how their names begin, "" for all */
	char jobs[AUTH_JOB_BYTES_MAX + 1];
};

/* The file was read anew; `fault` says why it could not be, and then the tokens of before stay. NULL: it was. */
typedef void auth_changed(void *context, const struct fault *fault);

/* Reads the file and begins to look at it. INVALID_ARGUMENT: what it says is wrong (the text names the line), others
 * may read it, or it belongs to neither us nor root. UNAVAILABLE: it cannot be read. `changed` is called on a thread of
 * its own. */
enum err auth_open(const char *path, auth_changed *changed, void *context, struct auth **ret_auth,
                   struct fault *fault) MUST_USE;

/* Accepts NULL. */
void auth_close(struct auth *auth);

/* Has the file read anew at once, however it looks; `changed` tells what became of it. */
void auth_reread(struct auth *auth);

/* What the credentials allow: a token, with or without "Bearer " before it. UNAUTHENTICATED: none, or not a valid one;
 * the fault does not say which. */
enum err auth_find(struct auth *auth, const char *credentials, int64_t now_ms, struct auth_grant *ret_grant,
                   struct fault *fault) MUST_USE;

/* Whether the token is still as it was when it was found, its time aside. */
bool auth_holds(struct auth *auth, uint64_t token);

/* Whether the grant is good for a method of this scope. Admin includes all, every grant is good for AUTH_ANY. */
bool auth_allows(const struct auth_grant *grant, enum auth_scope scope);

/* Whether the grant is good for the job. */
bool auth_covers(const struct auth_grant *grant, const char *job_id);

/* Writes a token with which this one job may be read until then. FAILED_PRECONDITION: the file has no key. */
enum err auth_issue(struct auth *auth, const char *job_id, int64_t expires_ms,
                    char ret_token[static AUTH_READ_TOKEN_BYTES_MAX], struct fault *fault) MUST_USE;

#endif
