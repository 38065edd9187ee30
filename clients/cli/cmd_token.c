/* prg token: makes, shows and takes away what callers prove themselves with. It works on the daemon's file, not through
 * the daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "table.h"
#include "token_file.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static bool is_scope_list(const char *scopes)
{
	char copy[sizeof((struct token_row *)0)->scopes];
	if (strlen(scopes) >= sizeof copy)
		return false;
	snprintf(copy, sizeof copy, "%s", scopes);
	for (char *rest = copy, *word; (word = strsep(&rest, ",")) != NULL;)
		if (strcmp(word, "read") != 0 && strcmp(word, "report") != 0 && strcmp(word, "admin") != 0)
			return false;
	return true;
}

/* Anything, if only its end may be a star. */
static bool is_pattern(const char *jobs)
{
	size_t length = strspn(jobs, NAME_CHARACTERS ":");
	bool has_star = strcmp(jobs + length, "*") == 0;
	return length <= 128 && (has_star || (length > 0 && jobs[length] == '\0'));
}

static bool is_name(const char *name)
{
	return *name != '\0' && strlen(name) <= TOKEN_NAME_BYTES_MAX && strspn(name, NAME_CHARACTERS) == strlen(name);
}

static void make_up_name(char ret_name[static TOKEN_NAME_BYTES_MAX + 1])
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof random, 0);
	snprintf(ret_name, TOKEN_NAME_BYTES_MAX + 1, "t-%08" PRIx32, random);
}

/* False: what is wrong has been said. */
static bool fill_row(const struct options *options, struct token_row *row)
{
	const char *scopes = options->scopes != NULL ? options->scopes : "read";
	const char *jobs = options->jobs != NULL ? options->jobs : "*";
	*row = (struct token_row){.expires = "never"};
	if (!is_scope_list(scopes))
		fail_usage("token", "'%s': scopes are read, report and admin, separated by commas", scopes);
	else if (!is_pattern(jobs))
		fail_usage("token", "'%s': jobs are *, the beginning of their names and *, or the name of one", jobs);
	else if (options->name != NULL && !is_name(options->name))
		fail_usage("token", "'%s' is no name for a token", options->name);
	else {
		snprintf(row->scopes, sizeof row->scopes, "%s", scopes);
		snprintf(row->jobs, sizeof row->jobs, "%s", jobs);
		make_up_name(row->name);
		if (options->name != NULL)
			snprintf(row->name, sizeof row->name, "%s", options->name);
		if (options->given & OPTION_TTL)
			snprintf(row->expires, sizeof row->expires, "%lld",
			         (long long)time(NULL) + (long long)(options->ttl_seconds + 0.5));
		return true;
	}
	return false;
}

static void print_json(const struct token_row *row, const char *token)
{
	struct json json = {0};
	json_begin(&json, NULL);
	json_string(&json, "name", row->name);
	json_string(&json, "scopes", row->scopes);
	json_string(&json, "jobs", row->jobs);
	json_string(&json, "expires", row->expires);
	if (token != NULL)
		json_string(&json, "token", token);
	json_end(&json);
	show_print_json(&json);
}

static int create(const struct options *options, struct token_file *file)
{
	struct token_row row;
	char token[TOKEN_BYTES];
	if (!fill_row(options, &row))
		return EXIT_USAGE;
	if (!token_file_add(file, &row, token) || !token_file_save(file))
		return EXIT_REFUSED;
	if (options->json)
		print_json(&row, token);
	else
		puts(token);
	return EXIT_DONE;
}

static void add_expiry(struct table *table, const char *expires)
{
	char when[32];
	time_t seconds = (time_t)strtoll(expires, NULL, 10);
	struct tm parts;
	if (seconds == 0 || gmtime_r(&seconds, &parts) == NULL)
		table_add(table, expires);
	else if (strftime(when, sizeof when, "%Y-%m-%d %H:%M:%SZ", &parts) > 0)
		table_addf(table, "%s%s", when, seconds <= time(NULL) ? " (over)" : "");
}

static int list(const struct options *options, const struct token_file *file)
{
	struct table table;
	table_init(&table, "NAME\tSCOPES\tJOBS\tEXPIRES");
	for (size_t i = 0; i < file->count; i++) {
		const struct token_row *row = &file->rows[i];
		if (options->json) {
			print_json(row, NULL);
			continue;
		}
		table_add(&table, row->name);
		table_add(&table, row->scopes);
		table_add(&table, row->jobs);
		add_expiry(&table, row->expires);
	}
	if (!options->json)
		table_print(&table, -1);
	table_finish(&table);
	return EXIT_DONE;
}

static int revoke(struct token_file *file, const char *name)
{
	if (!token_file_remove(file, name)) {
		fail_warn("there is no token with the name %s", name);
		return EXIT_NOT_FOUND;
	}
	return token_file_save(file) ? EXIT_DONE : EXIT_REFUSED;
}

static int choose(struct command_call *call, struct token_file *file)
{
	const char *what = call->arguments[0];
	bool has_name = call->argument_count > 1;
	if (strcmp(what, "create") == 0 && !has_name)
		return create(call->options, file);
	if (strcmp(what, "list") == 0 && !has_name)
		return list(call->options, file);
	if (strcmp(what, "revoke") == 0 && has_name)
		return revoke(file, call->arguments[1]);
	return fail_usage("token", "say create, list, or revoke NAME");
}

static int run(struct command_call *call)
{
	struct token_file file;
	int status = EXIT_REFUSED;
	if (token_file_open(&file, call->options->file))
		status = choose(call, &file);
	token_file_close(&file);
	return status;
}

const struct command command_token = {
    .name = "token",
    .arguments = "create|list|revoke [NAME]",
    .summary = "make, show and take away tokens",
    .description =
        "Works on the file that progressd reads its tokens from (--tokens). create prints a new token, once: only its\n"
        "hash is kept. It holds the scopes of --scope: read (see jobs), report (make and report them) and admin (all,\n"
        "to cancel and delete them too), for the jobs of --jobs, until --ttl is over. A running daemon knows of a\n"
        "change within half a second. Programs give a token as $PRG_TOKEN, or in the file\n"
        "$PRG_TOKEN_FILE.\n",
    .example = "  prg token create --scope report,read --jobs 'clip-*' --ttl 15m\n"
               "  prg token revoke t-1f2e3d4c\n",
    .exits = "",
    .options = OPTION_SCOPE | OPTION_JOBS | OPTION_TTL | OPTION_NAME | OPTION_FILE,
    .arguments_min = 1,
    .arguments_max = 2,
    .run = run,
};
