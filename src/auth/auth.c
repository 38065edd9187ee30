/* Decides when the file is read anew, and which token is valid. */
#include "auth/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/digest.h"
#include "auth/table.h"

enum {
	LOOK_INTERVAL_MS = 250,
	CLOCK_STEP_NS = 10000000,                      /* of the kernel's file times, at most */
	SIGNATURE_BYTES = 1 + 2 * AUTH_HASH_BYTES + 1, /* of a read token: a point, the digits, and the NUL */
};

/* A read token: this, when it expires in ms, ".", the job, ".", and the signature of all before it. */
static const char READ_TOKEN_PREFIX[] = "prgj1.";

/* What tells one state of the file from another. */
struct look {
	struct timespec changed; /* a new owner or mode changes it, too */
	ino_t inode;
	off_t bytes;
	bool is_young; /* what comes next may bear the same time: the kernel's clock goes in steps */
};

struct auth {
	char *path;
	auth_changed *changed;
	void *context;
	struct look look; /* of the thread, and before it begins */
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* of what the thread is told */
	pthread_cond_t told;
	bool is_closing;
	bool must_read; /* whether or not the file looks as before */

	pthread_rwlock_t table_lock;
	struct table table;
};

static bool is_young(const struct timespec *changed)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age_ns = (now.tv_sec - changed->tv_sec) * INT64_C(1000000000) + now.tv_nsec - changed->tv_nsec;
	return age_ns >= 0 && age_ns < CLOCK_STEP_NS;
}

/* A file that is gone looks unlike any other, and cannot be read. */
static struct look look_at(const char *path)
{
	struct stat found;
	if (stat(path, &found) != 0)
		return (struct look){0};
	return (struct look){found.st_ctim, found.st_ino, found.st_size, is_young(&found.st_ctim)};
}

static bool is_same(const struct look *before, const struct look *now)
{
	return !before->is_young && before->changed.tv_sec == now->changed.tv_sec &&
	       before->changed.tv_nsec == now->changed.tv_nsec && before->inode == now->inode &&
	       before->bytes == now->bytes;
}

/* The key in it lets anybody sign, and whoever owns it may write what he likes into it. */
static enum err check_owner(int fd, struct fault *fault)
{
	struct stat found;
	if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
		return fault_set(fault, ERR_UNAVAILABLE, "NO_TOKENS", "it is no file");
	if (found.st_uid != geteuid() && found.st_uid != 0)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "OPEN_TOKENS", "it belongs to another user");
	if ((found.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "OPEN_TOKENS",
	                 "others may read or write it; allowed is the mode 0600");
}

static enum err read_file(const char *path, struct table *table, struct fault *fault)
{
	struct fault of_file = {0};
	*table = (struct table){0};
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return fault_set(fault, ERR_UNAVAILABLE, "NO_TOKENS", "%s: %s", path, strerror(errno));
	enum err err = check_owner(fileno(file), &of_file);
	if (err == ERR_OK)
		err = table_read(table, file, &of_file);
	fclose(file);
	if (err != ERR_OK)
		fault_set(fault, err, of_file.reason, "%s: %s", path, of_file.text);
	return err;
}

/* A fault that was told already is not told again. */
static enum err reload(struct auth *auth, bool is_told)
{
	struct table table;
	struct fault fault = {0};
	if (read_file(auth->path, &table, &fault) != ERR_OK) {
		table_finish(&table);
		if (!is_told)
			auth->changed(auth->context, &fault);
		return fault.code;
	}
	pthread_rwlock_wrlock(&auth->table_lock);
	struct table before = auth->table;
	auth->table = table;
	pthread_rwlock_unlock(&auth->table_lock);
	table_finish(&before);
	auth->changed(auth->context, NULL);
	return ERR_OK;
}

/* Returns whether the tokens are looked at no more; *ret_must_read: the file is to be read however it looks. */
static bool await_next_look(struct auth *auth, bool *ret_must_read)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	long ns = until.tv_nsec + LOOK_INTERVAL_MS * 1000000L;
	until.tv_sec += ns / 1000000000L;
	until.tv_nsec = ns % 1000000000L;
	pthread_mutex_lock(&auth->lock);
	while (!auth->is_closing && !auth->must_read && pthread_cond_timedwait(&auth->told, &auth->lock, &until) == 0)
		continue;
	bool is_closing = auth->is_closing;
	*ret_must_read = auth->must_read;
	auth->must_read = false;
	pthread_mutex_unlock(&auth->lock);
	return is_closing;
}

static void *watch(void *argument)
{
	struct auth *auth = argument;
	bool must_read, may_pass = false; /* why it could not be read */
	while (!await_next_look(auth, &must_read)) {
		struct look look = look_at(auth->path);
		bool is_known = is_same(&auth->look, &look) && !must_read;
		if (is_known && !may_pass)
			continue;
		auth->look = look;
		enum err err = reload(auth, is_known);
		may_pass = err != ERR_OK && err != ERR_INVALID_ARGUMENT;
	}
	return NULL;
}

static void init_locks(struct auth *auth)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&auth->told, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&auth->lock, NULL);
	pthread_rwlock_init(&auth->table_lock, NULL);
}

enum err auth_open(const char *path, auth_changed *changed, void *context, struct auth **ret_auth, struct fault *fault)
{
	struct auth *auth = calloc(1, sizeof *auth);
	char *copy = strdup(path);
	if (auth == NULL || copy == NULL) {
		free(auth);
		free(copy);
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for tokens");
	}
	auth->path = copy;
	auth->changed = changed;
	auth->context = context;
	init_locks(auth);
	auth->look = look_at(path); /* before it is read: a change in between is seen at the next look */
	enum err err = read_file(path, &auth->table, fault);
	if (err == ERR_OK) {
		auth->has_thread = pthread_create(&auth->thread, NULL, watch, auth) == 0;
		if (!auth->has_thread)
			err = fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "the system gave no thread to watch the tokens");
	}
	if (err != ERR_OK) {
		auth_close(auth);
		return err;
	}
	*ret_auth = auth;
	return ERR_OK;
}

void auth_close(struct auth *auth)
{
	if (auth == NULL)
		return;
	pthread_mutex_lock(&auth->lock);
	auth->is_closing = true;
	pthread_cond_signal(&auth->told);
	pthread_mutex_unlock(&auth->lock);
	if (auth->has_thread)
		pthread_join(auth->thread, NULL);
	table_finish(&auth->table);
	pthread_rwlock_destroy(&auth->table_lock);
	pthread_cond_destroy(&auth->told);
	pthread_mutex_destroy(&auth->lock);
	free(auth->path);
	free(auth);
}

void auth_reread(struct auth *auth)
{
	pthread_mutex_lock(&auth->lock);
	auth->must_read = true;
	pthread_cond_signal(&auth->told);
	pthread_mutex_unlock(&auth->lock);
}

/* Reads "prgj1.EXPIRES.JOB." and checks that the key has signed it. */
static bool read_signed(const struct table *table, const char *token, struct auth_grant *grant)
{
	uint8_t expected[AUTH_HASH_BYTES], given[AUTH_HASH_BYTES];
	const char *signature = strrchr(token, '.'), *job = token + strlen(READ_TOKEN_PREFIX);
	if (!table->has_key || !digest_read_hex(signature + 1, given))
		return false;
	digest_sign(table->key, token, (size_t)(signature - token), expected);
	if (!digest_is_same(expected, given))
		return false;
	char *end;
	int64_t expires_ms = strtoll(job, &end, 10);
	size_t length = (size_t)(signature - end) - 1;
	*grant = (struct auth_grant){
	    .token = table->key_number, .scopes = 1U << AUTH_READ, .expires_ms = expires_ms, .is_one_job = true};
	memcpy(grant->jobs, end + 1, length); /* it is ours: its parts are as they were written */
	return true;
}

static bool find(const struct table *table, const char *token, struct auth_grant *grant)
{
	uint8_t hash[AUTH_HASH_BYTES];
	if (strncmp(token, READ_TOKEN_PREFIX, strlen(READ_TOKEN_PREFIX)) == 0)
		return read_signed(table, token, grant);
	digest_hash(token, strlen(token), hash);
	const struct table_token *found = table_find(table, hash);
	if (found != NULL)
		*grant = found->grant;
	return found != NULL;
}

enum err auth_find(struct auth *auth, const char *credentials, int64_t now_ms, struct auth_grant *ret_grant,
                   struct fault *fault)
{
	static const char bearer[] = "Bearer ";
	const char *token = credentials != NULL ? credentials : "";
	if (strncasecmp(token, bearer, strlen(bearer)) == 0)
		token += strlen(bearer);
	if (*token == '\0')
		return fault_set(fault, ERR_UNAUTHENTICATED, "NO_TOKEN", "a token is needed: Authorization: Bearer TOKEN");
	struct auth_grant grant;
	pthread_rwlock_rdlock(&auth->table_lock);
	bool is_found = find(&auth->table, token, &grant);
	pthread_rwlock_unlock(&auth->table_lock);
	if (!is_found || grant.expires_ms <= now_ms)
		return fault_set(fault, ERR_UNAUTHENTICATED, "BAD_TOKEN", "the token is not valid, or not any more");
	*ret_grant = grant;
	return ERR_OK;
}

bool auth_holds(struct auth *auth, uint64_t token)
{
	pthread_rwlock_rdlock(&auth->table_lock);
	bool holds = table_has_number(&auth->table, token);
	pthread_rwlock_unlock(&auth->table_lock);
	return holds;
}

bool auth_allows(const struct auth_grant *grant, enum auth_scope scope)
{
	return scope == AUTH_ANY || (grant->scopes & (1U << scope | 1U << AUTH_ADMIN)) != 0;
}

bool auth_covers(const struct auth_grant *grant, const char *job_id)
{
	if (grant->is_one_job)
		return strcmp(grant->jobs, job_id) == 0;
	return strncmp(grant->jobs, job_id, strlen(grant->jobs)) == 0;
}

enum err auth_issue(struct auth *auth, const char *job_id, int64_t expires_ms,
                    char ret_token[static AUTH_READ_TOKEN_BYTES_MAX], struct fault *fault)
{
	char token[AUTH_READ_TOKEN_BYTES_MAX];
	uint8_t signature[AUTH_HASH_BYTES];
	int length =
	    snprintf(token, sizeof token, "%s%" PRId64 ".%.*s", READ_TOKEN_PREFIX, expires_ms, AUTH_JOB_BYTES_MAX, job_id);
	pthread_rwlock_rdlock(&auth->table_lock);
	bool has_key = auth->table.has_key;
	if (has_key)
		digest_sign(auth->table.key, token, (size_t)length, signature);
	pthread_rwlock_unlock(&auth->table_lock);
	if (!has_key)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "NO_KEY", "the tokens file has no key to sign tokens with");
	token[length] = '.';
	digest_write_hex(signature, token + length + 1);
	memcpy(ret_token, token, (size_t)length + SIGNATURE_BYTES);
	return ERR_OK;
}
