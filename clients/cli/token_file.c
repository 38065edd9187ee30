/* What the lines mean is the daemon's to judge; here they are told apart, added and taken out. */
#include "token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

enum { SECRET_BYTES = 32, LINE_BYTES_MAX = 512 };

static char *join(const char *left, const char *right)
{
	char *joined = NULL;
	return asprintf(&joined, "%s%s", left, right) >= 0 ? joined : NULL;
}

char *token_file_default_path(void)
{
	const char *given = getenv("PROGRESSD_TOKENS"), *state = getenv("STATE_DIRECTORY");
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (given != NULL && *given != '\0')
		return strdup(given);
	if (state != NULL && *state != '\0')
		return join(state, "/tokens");
	if (xdg != NULL && *xdg != '\0')
		return join(xdg, "/progressd/tokens");
	return home != NULL ? join(home, "/.local/state/progressd/tokens") : NULL;
}

static void write_hex(const uint8_t *bytes, size_t count, char *out)
{
	for (size_t i = 0; i < count; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool make_secret(char ret_text[static 2 * SECRET_BYTES + 1])
{
	uint8_t bytes[SECRET_BYTES];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return false;
	write_hex(bytes, sizeof bytes, ret_text);
	return true;
}

static bool say(const struct token_file *file, const char *what)
{
	fail_warn("%s: %s: %s", file->path, what, strerror(errno));
	return false;
}

static bool lock(struct token_file *file)
{
	char *path = join(file->path, ".lock");
	if (path == NULL)
		return false;
	file->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	free(path);
	return (file->lock >= 0 && flock(file->lock, LOCK_EX) == 0) || say(file, "cannot be locked");
}

static bool add_row(struct token_file *file, const struct token_row *row)
{
	struct token_row *more = realloc(file->rows, (file->count + 1) * sizeof *more);
	if (more == NULL)
		return false;
	file->rows = more;
	file->rows[file->count++] = *row;
	return true;
}

static bool add_comment(struct token_file *file, const char *line)
{
	char **more = realloc(file->comments, (file->comment_count + 1) * sizeof *more);
	char *copy = strdup(line);
	if (more != NULL)
		file->comments = more;
	if (more == NULL || copy == NULL) {
		free(copy);
		return false;
	}
	file->comments[file->comment_count++] = copy;
	return true;
}

static bool take_line(struct token_file *file, const char *line)
{
	struct token_row row;
	char rest[2];
	if (sscanf(line, "key %64[0-9a-f] %1s", file->key, rest) == 1)
		return true;
	int words = sscanf(line, "token %64s %64s %23s %159s %23s %1s", row.name, row.hash, row.scopes, row.jobs,
	                   row.expires, rest);
	if (words == 5)
		return add_row(file, &row);
	if (line[strspn(line, " \t\n")] == '#')
		return add_comment(file, line);
	if (line[strspn(line, " \t\n")] == '\0')
		return true;
	return false;
}

static bool read_lines(struct token_file *file)
{
	char line[LINE_BYTES_MAX];
	int number = 0;
	FILE *stream = fopen(file->path, "re");
	if (stream == NULL && errno == ENOENT)
		return make_secret(file->key);
	if (stream == NULL)
		return say(file, "cannot be read");
	bool is_good = true;
	for (; is_good && fgets(line, sizeof line, stream) != NULL; number++)
		is_good = take_line(file, line);
	fclose(stream);
	/* The line itself may hold a secret. */
	if (!is_good)
		fail_warn("%s: line %d: is no line of a file of tokens", file->path, number);
	return is_good && (file->key[0] != '\0' || make_secret(file->key));
}

/* The file that a link stands for is to be replaced, not the link. */
static char *follow(char *path)
{
	char *real = path != NULL ? realpath(path, NULL) : NULL;
	if (real == NULL)
		return path;
	free(path);
	return real;
}

bool token_file_open(struct token_file *file, const char *path)
{
	*file = (struct token_file){.lock = -1, .path = follow(path != NULL ? strdup(path) : token_file_default_path())};
	if (file->path == NULL) {
		fail_warn("where are the tokens? give --file");
		return false;
	}
	return lock(file) && read_lines(file);
}

bool token_file_add(struct token_file *file, const struct token_row *row, char ret_token[static TOKEN_BYTES])
{
	struct token_row added = *row;
	uint8_t hash[SECRET_BYTES];
	char token[TOKEN_BYTES] = "prg_";
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->rows[i].name, row->name) == 0) {
			fail_warn("there is a token with the name %s", row->name);
			return false;
		}
	}
	if (!make_secret(token + strlen(token)) || gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), hash) != 0)
		return false;
	write_hex(hash, sizeof hash, added.hash);
	memcpy(ret_token, token, sizeof token);
	return add_row(file, &added);
}

bool token_file_remove(struct token_file *file, const char *name)
{
	size_t kept = 0;
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->rows[i].name, name) != 0)
			file->rows[kept++] = file->rows[i];
	bool was_there = kept < file->count;
	file->count = kept;
	return was_there;
}

static bool write_all(const struct token_file *file, FILE *stream)
{
	for (size_t i = 0; i < file->comment_count; i++)
		fputs(file->comments[i], stream);
	if (file->comment_count == 0)
		fputs("# Who may do what at progressd; made by prg token. A token is kept as its SHA-256.\n", stream);
	fprintf(stream, "key %s\n", file->key);
	for (size_t i = 0; i < file->count; i++) {
		const struct token_row *row = &file->rows[i];
		fprintf(stream, "token %s %s %s %s %s\n", row->name, row->hash, row->scopes, row->jobs, row->expires);
	}
	return fflush(stream) == 0 && !ferror(stream) && fsync(fileno(stream)) == 0;
}

/* The daemon must be able to read what root has changed. */
static bool keep_owner(const struct token_file *file, int fd)
{
	struct stat old;
	if (stat(file->path, &old) != 0)
		return errno == ENOENT;
	bool is_same = old.st_uid == geteuid() && old.st_gid == getegid();
	return is_same || fchown(fd, old.st_uid, old.st_gid) == 0;
}

/* A token that was taken away must not come back when the power goes. */
static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1, slash != NULL ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return is_synced;
}

bool token_file_save(const struct token_file *file)
{
	char *path = join(file->path, ".new");
	if (path == NULL)
		return false;
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool is_written = stream != NULL && keep_owner(file, fd) && write_all(file, stream);
	if (stream != NULL)
		is_written = fclose(stream) == 0 && is_written;
	is_written = is_written && rename(path, file->path) == 0 && sync_folder(file->path);
	free(path);
	return is_written || say(file, "cannot be written");
}

void token_file_close(struct token_file *file)
{
	for (size_t i = 0; i < file->comment_count; i++)
		free(file->comments[i]);
	free(file->comments);
	free(file->rows);
	free(file->path);
	if (file->lock >= 0)
		close(file->lock);
}
