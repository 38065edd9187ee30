/* The daemon's file of tokens: a line for the key that signs read tokens, and one for each token. */
#ifndef CLI_TOKEN_FILE_H
#define CLI_TOKEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_NAME_BYTES_MAX = 64, TOKEN_BYTES = sizeof "prg_" + 64, TOKEN_WORD_BYTES = 160 };

/* A line of the file. */
struct token_row {
	char name[TOKEN_NAME_BYTES_MAX + 1];
	char hash[65];
	char scopes[24];
	char jobs[TOKEN_WORD_BYTES];
	char expires[24]; /* Unix seconds, or "never" */
};

struct token_file {
	char *path;
	int lock; /* held until it is closed */
	char key[65];
	struct token_row *rows;
	size_t count;
	char **comments;
	size_t comment_count;
};

/* The path that is meant when none is given: $PROGRESSD_TOKENS, else "tokens" in the daemon's state folder. The caller
 * frees it; NULL: there is no home. */
char *token_file_default_path(void);

/* Locks and reads the file; one that is not there is empty and gets a key. False: it has been said why not. */
bool token_file_open(struct token_file *file, const char *path);

/* Adds a token of this name, scopes and jobs, and writes its secret. False: it has been said why not. */
bool token_file_add(struct token_file *file, const struct token_row *row, char ret_token[static TOKEN_BYTES]);

/* Takes out the token of that name. False: there is none. */
bool token_file_remove(struct token_file *file, const char *name);

/* Replaces the file on disk, so that a reader sees all of it or what was before. False: it has been said why not. */
bool token_file_save(const struct token_file *file);

void token_file_close(struct token_file *file);

#endif
