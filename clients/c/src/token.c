/* Files are better than variables, and both better than words of a command line; the first that is given counts. */
#include "token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "error.h"

static const char scheme[] = "Bearer ";

static enum prg_code refuse(const char *source, const char *what)
{
	return error_set(PRG_INVALID_ARGUMENT, "BAD_TOKEN", "%s: %s", source, what);
}

/* Whether it can go through every door: no blanks, no control characters, nothing beyond ASCII. */
static bool is_token(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return *text != '\0' && strlen(text) + sizeof scheme <= CLIENT_AUTHORIZATION_BYTES_MAX;
}

static enum prg_code take(const char *token, const char *source, char **ret_authorization)
{
	if (!is_token(token))
		return refuse(source, "holds no token");
	size_t bytes = sizeof scheme + strlen(token);
	char *authorization = malloc(bytes);
	if (authorization == NULL)
		return error_no_memory();
	snprintf(authorization, bytes, "%s%s", scheme, token);
	*ret_authorization = authorization;
	return PRG_OK;
}

static enum prg_code take_file(const char *path, const char *source, char **ret_authorization)
{
	char line[CLIENT_AUTHORIZATION_BYTES_MAX + 2] = "";
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_TOKEN", "%s: cannot read %.200s: %s", source, path,
		                 strerror(errno));
	if (fgets(line, sizeof line, file) == NULL)
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	return take(line, source, ret_authorization);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && *value != '\0' ? value : NULL;
}

static enum prg_code copy(const char *authorization, char **ret_authorization)
{
	if (strlen(authorization) > CLIENT_AUTHORIZATION_BYTES_MAX)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_OPTION", "authorization: %zu bytes; allowed are up to %d",
		                 strlen(authorization), CLIENT_AUTHORIZATION_BYTES_MAX);
	*ret_authorization = strdup(authorization);
	return *ret_authorization != NULL ? PRG_OK : error_no_memory();
}

enum prg_code token_choose(const struct prg_options *options, char **ret_authorization)
{
	if (options->authorization != NULL)
		return copy(options->authorization, ret_authorization);
	if (options->token_file != NULL)
		return take_file(options->token_file, "token_file", ret_authorization);
	if (variable("PRG_TOKEN") != NULL)
		return take(variable("PRG_TOKEN"), "PRG_TOKEN", ret_authorization);
	if (variable("PRG_TOKEN_FILE") != NULL)
		return take_file(variable("PRG_TOKEN_FILE"), "PRG_TOKEN_FILE", ret_authorization);
	*ret_authorization = NULL;
	return PRG_OK;
}
