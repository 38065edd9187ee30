/* Decides what a file of tokens may say. */
#include "auth/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/digest.h"

enum { LINE_BYTES_MAX = 512, WORDS_MAX = 7, TOKEN_WORDS = 6, KEY_WORDS = 2 };

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define JOB_CHARACTERS  NAME_CHARACTERS ":"

/* One line while it is read. */
struct line {
	char text[LINE_BYTES_MAX];
	char *words[WORDS_MAX];
	size_t count;
	int number;
};

static enum err refuse(const struct line *line, struct fault *fault, const char *why)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_TOKENS", "line %d: %s", line->number, why);
}

static void cut(struct line *line)
{
	char *rest, *word = strtok_r(line->text, " \t\n", &rest);
	for (line->count = 0; word != NULL && line->count < WORDS_MAX; word = strtok_r(NULL, " \t\n", &rest))
		line->words[line->count++] = word;
}

static bool read_scopes(char *text, unsigned *ret_scopes)
{
	static const char *const names[] = {[AUTH_READ] = "read", [AUTH_REPORT] = "report", [AUTH_ADMIN] = "admin"};
	unsigned scopes = 0;
	for (char *rest = text, *word; (word = strsep(&rest, ",")) != NULL;) {
		unsigned scope = AUTH_READ;
		while (scope <= AUTH_ADMIN && strcmp(names[scope], word) != 0)
			scope++;
		if (scope > AUTH_ADMIN)
			return false;
		scopes |= 1U << scope;
	}
	*ret_scopes = scopes;
	return true;
}

/* "*", "clip-*" or the name of one job. */
static bool read_jobs(const char *text, struct auth_grant *grant)
{
	size_t length = strspn(text, JOB_CHARACTERS);
	bool is_prefix = strcmp(text + length, "*") == 0;
	if (length > AUTH_JOB_BYTES_MAX || (!is_prefix && (length == 0 || text[length] != '\0')))
		return false;
	memcpy(grant->jobs, text, length);
	grant->jobs[length] = '\0';
	grant->is_one_job = !is_prefix;
	return true;
}

static bool read_time(const char *text, int64_t *ret_ms)
{
	char *end;
	if (strcmp(text, "never") == 0) {
		*ret_ms = INT64_MAX;
		return true;
	}
	errno = 0;
	long long seconds = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || seconds <= 0 || seconds > INT64_MAX / 1000)
		return false;
	*ret_ms = seconds * 1000;
	return true;
}

static bool is_name(const char *name)
{
	size_t length = strspn(name, NAME_CHARACTERS);
	return length > 0 && length <= AUTH_NAME_BYTES_MAX && name[length] == '\0';
}

static enum err add_token(struct table *table, const struct table_token *token, struct fault *fault)
{
	if ((table->count & (table->count - 1)) == 0) {
		size_t room = table->count > 0 ? table->count * 2 : 1;
		struct table_token *more = realloc(table->tokens, room * sizeof *more);
		if (more == NULL || table->count == AUTH_TOKENS_MAX) {
			table->tokens = more != NULL ? more : table->tokens;
			return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "TOO_MANY_TOKENS", "no room for more than %zu tokens",
			                 table->count);
		}
		table->tokens = more;
	}
	table->tokens[table->count++] = *token;
	return ERR_OK;
}

static enum err read_token(struct table *table, struct line *line, const char *whole, struct fault *fault)
{
	struct table_token token = {0};
	uint8_t all[AUTH_HASH_BYTES];
	if (line->count != TOKEN_WORDS || !is_name(line->words[1]))
		return refuse(line, fault, "must be: token NAME SHA256 SCOPES JOBS EXPIRES");
	if (!digest_read_hex(line->words[2], token.hash))
		return refuse(line, fault, "SHA256 must be 64 hexadecimal digits in lower case");
	if (!read_scopes(line->words[3], &token.grant.scopes))
		return refuse(line, fault, "SCOPES must be some of read, report and admin, separated by commas");
	if (!read_jobs(line->words[4], &token.grant))
		return refuse(line, fault, "JOBS must be *, the beginning of names followed by *, or a name");
	if (!read_time(line->words[5], &token.grant.expires_ms))
		return refuse(line, fault, "EXPIRES must be a time in Unix seconds, or never");
	digest_hash(whole, strlen(whole), all);
	token.grant.token = digest_number(all);
	return add_token(table, &token, fault);
}

static enum err read_key(struct table *table, struct line *line, struct fault *fault)
{
	uint8_t hash[AUTH_HASH_BYTES];
	if (line->count != KEY_WORDS || table->has_key || !digest_read_hex(line->words[1], table->key))
		return refuse(line, fault, "must be: key, and 64 hexadecimal digits; once");
	table->has_key = true;
	digest_hash(table->key, sizeof table->key, hash);
	table->key_number = digest_number(hash);
	return ERR_OK;
}

static enum err read_line(struct table *table, struct line *line, struct fault *fault)
{
	char whole[LINE_BYTES_MAX];
	memcpy(whole, line->text, sizeof whole);
	line->text[strcspn(line->text, "#")] = '\0';
	cut(line);
	if (line->count == 0)
		return ERR_OK;
	if (strcmp(line->words[0], "key") == 0)
		return read_key(table, line, fault);
	if (strcmp(line->words[0], "token") == 0)
		return read_token(table, line, whole, fault);
	return refuse(line, fault, "must begin with key or token");
}

static int compare(const void *a, const void *b)
{
	const struct table_token *left = a, *right = b;
	return memcmp(left->hash, right->hash, AUTH_HASH_BYTES);
}

enum err table_read(struct table *table, FILE *file, struct fault *fault)
{
	struct line line = {.number = 0};
	*table = (struct table){0};
	while (fgets(line.text, sizeof line.text, file) != NULL) {
		line.number++;
		if (strchr(line.text, '\n') == NULL && !feof(file))
			return refuse(&line, fault, "is too long");
		enum err err = read_line(table, &line, fault);
		if (err != ERR_OK)
			return err;
	}
	if (ferror(file))
		return fault_set(fault, ERR_UNAVAILABLE, "NO_TOKENS", "%s", strerror(errno));
	if (table->count > 0)
		qsort(table->tokens, table->count, sizeof *table->tokens, compare);
	return ERR_OK;
}

void table_finish(struct table *table)
{
	free(table->tokens);
	*table = (struct table){0};
}

/* How long it takes tells of the hash alone, from which the token cannot be found. */
const struct table_token *table_find(const struct table *table, const uint8_t hash[static AUTH_HASH_BYTES])
{
	struct table_token wanted;
	memcpy(wanted.hash, hash, sizeof wanted.hash);
	return table->count > 0 ? bsearch(&wanted, table->tokens, table->count, sizeof wanted, compare) : NULL;
}

bool table_has_number(const struct table *table, uint64_t number)
{
	if (table->has_key && number == table->key_number)
		return true;
	for (size_t i = 0; i < table->count; i++)
		if (table->tokens[i].grant.token == number)
			return true;
	return false;
}
