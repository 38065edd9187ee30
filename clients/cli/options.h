/*
 * The options of all commands in one table. An option means the same wherever it is taken; each command says which ones
 * it takes, and the others are refused for it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <prg/prg.h>

#include "text.h"

/* The bits a command's set of options is made of. */
enum option_bit {
	OPTION_HELP = 1 << 0,
	OPTION_VERSION = 1 << 1,
	OPTION_JSON = 1 << 2,
	OPTION_SERVER = 1 << 3,
	OPTION_TIMEOUT = 1 << 4,
	OPTION_MESSAGE = 1 << 5,
	OPTION_META = 1 << 6,
	OPTION_ATTEMPT = 1 << 7,
	OPTION_PIPELINE = 1 << 8,
	OPTION_PARENT = 1 << 9,
	OPTION_TTL = 1 << 10,
	OPTION_STATE = 1 << 11,
	OPTION_STAGE = 1 << 12,
	OPTION_PREFIX = 1 << 13,
	OPTION_LIMIT = 1 << 14,
	OPTION_COUNT = 1 << 15,
	OPTION_OUTSTANDING = 1 << 16,
	OPTION_TOTAL = 1 << 17,
	OPTION_COMPLETE = 1 << 18,
	OPTION_FAIL = 1 << 19,
	OPTION_FOLLOW = 1 << 20,
	OPTION_SIZE = 1 << 21,
	OPTION_WORKER = 1 << 22,
	OPTION_CLASS = 1 << 23,
	OPTION_SCOPE = 1 << 24,
	OPTION_JOBS = 1 << 25,
	OPTION_NAME = 1 << 26,
	OPTION_FILE = 1 << 27,
	OPTION_TOKEN_FILE = 1 << 28,
	OPTION_READ_TOKEN = 1 << 29,

	OPTIONS_ALWAYS = OPTION_HELP | OPTION_VERSION | OPTION_JSON | OPTION_SERVER | OPTION_TIMEOUT | OPTION_TOKEN_FILE,
	OPTIONS_UPDATE = OPTION_MESSAGE | OPTION_META | OPTION_ATTEMPT
};

enum { OPTIONS_META_MAX = 64, OPTIONS_STATES_MAX = 16, OPTIONS_STAGES_MAX = 64 };

/* What the command line says. Strings are borrowed from argv. Zero, NULL or false: not given. */
struct options {
	unsigned given; /* of option_bit */
	bool json;
	bool complete;
	bool fail;
	bool follow;
	const char *server;
	int timeout_ms;
	const char *message;
	struct prg_entry metadata[OPTIONS_META_MAX];
	size_t metadata_count;
	uint32_t attempt;
	const char *pipeline;
	const char *parent;
	double ttl_seconds;
	double size;
	const char *worker;
	const char *job_class;
	const char *scopes;
	const char *jobs;
	const char *name;
	const char *file;
	enum prg_state states[OPTIONS_STATES_MAX];
	size_t state_count;
	enum prg_stage stages[OPTIONS_STAGES_MAX];
	size_t stage_count;
	const char *prefix;
	const char *token_file;
	double read_token_seconds;
	long limit;
	long count;
	int outstanding;
	double total_seconds;
	char **arguments; /* what is left: the command and what follows */
	int argument_count;
};

/* Reads the command line; options may stand before and after the command, up to "--". argv is reordered and its
 * KEY=VALUE strings are cut in two. False: it was wrong and this has been said. */
bool options_read(int argc, char **argv, struct options *ret_options);

/* The name of an option that is given but not in `allowed`, "--total"; NULL: there is none. */
const char *options_find_foreign(const struct options *options, unsigned allowed);

/* Adds the lines of the help for the options in `set`. */
void options_describe(struct text *text, unsigned set);

/* Cuts KEY=VALUE in two and adds it to the metadata. False: it has no '=', no key, or there are too many. */
bool options_add_entry(struct options *options, char *entry);

/* How to open the client; borrowed from the options. */
struct prg_options options_client(const struct options *options);

/* What goes with an update; borrowed from the options. */
struct prg_update options_update(const struct options *options);

/* Reads a whole number from minimum to maximum; nothing may follow it. */
bool options_read_integer(const char *string, long minimum, long maximum, long *ret_number);

/* Reads a finite number; nothing may follow it. */
bool options_read_number(const char *string, double *ret_number);

#endif
