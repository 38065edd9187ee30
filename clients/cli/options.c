/* getopt_long does the walking; this file decides which options there are and what their values may be. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "times.h"

struct option_row {
	enum option_bit bit;
	char letter; /* 0: none */
	const char *name;
	const char *value; /* NULL: takes none */
	const char *text;
};

static const struct option_row rows[] = {
    {OPTION_MESSAGE, 'm', "message", "TEXT", "what to show to people"},
    {OPTION_META, 0, "meta", "KEY=VALUE", "attach this to the job; may be repeated"},
    {OPTION_ATTEMPT, 0, "attempt", "N", "the attempt this report belongs to"},
    {OPTION_PIPELINE, 0, "pipeline", "NAME", "the pipeline of the job"},
    {OPTION_PARENT, 0, "parent", "JOB", "the job that this one is a part of"},
    {OPTION_TTL, 0, "ttl", "DURATION", "how long the finished job is kept, or the token is good: 90, 15m, 2h, 7d"},
    {OPTION_SIZE, 0, "size", "N", "how large the job is, in any unit; durations are learned in relation to it"},
    {OPTION_WORKER, 0, "worker", "NAME", "who will do it; fast and slow ones are told apart"},
    {OPTION_CLASS, 0, "class", "NAME", "what kind of job it is; likewise"},
    {OPTION_READ_TOKEN, 0, "read-token", "DURATION", "print a token, too, with which this job can be read for so long"},
    {OPTION_SCOPE, 0, "scope", "LIST", "what the token is good for: read, report, admin; default read"},
    {OPTION_JOBS, 0, "jobs", "PATTERN", "for which jobs: 'clip-*', the name of one; default *, all"},
    {OPTION_NAME, 0, "name", "NAME", "what to call the token; default: made up"},
    {OPTION_FILE, 0, "file", "FILE",
     "the file of tokens; default: $PROGRESSD_TOKENS, else\n"
     "the file tokens in the daemon's state folder"},
    {OPTION_STATE, 0, "state", "LIST", "active, stalled, succeeded, failed, cancelled"},
    {OPTION_STAGE, 0, "stage", "LIST", "stages, as shown by 'prg stages'"},
    {OPTION_PREFIX, 0, "prefix", "TEXT", "what the job's name begins with"},
    {OPTION_LIMIT, 'n', "limit", "N", "at most so many jobs"},
    {OPTION_COUNT, 0, "count", "N", "how many calls to make"},
    {OPTION_OUTSTANDING, 0, "outstanding", "N", "how many calls at the same time, 1 to 256"},
    {OPTION_TOTAL, 0, "total", "SECONDS", "duration of what ffmpeg makes"},
    {OPTION_COMPLETE, 0, "complete", NULL, "mark the job COMPLETED if the command succeeds"},
    {OPTION_FAIL, 0, "fail", NULL, "mark the job FAILED if the command does not succeed"},
    {OPTION_FOLLOW, 'f', "follow", NULL, "wait for further jobs until interrupted"},
    {OPTION_JSON, 0, "json", NULL, "print one JSON object a line; errors, too"},
    {OPTION_SERVER, 0, "server", "URL",
     "ipc://PATH or tcp://HOST:PORT; default: $PRG_SERVER, else\n"
     "the unix socket of this user, else tcp://127.0.0.1:7070"},
    {OPTION_TOKEN_FILE, 0, "token-file", "FILE",
     "its first line is the token to ask with; default: $PRG_TOKEN, else\n"
     "the file $PRG_TOKEN_FILE"},
    {OPTION_TIMEOUT, 0, "timeout", "DURATION", "give up a call after this time; default 10s"},
    {OPTION_HELP, 'h', "help", NULL, "show this text"},
    {OPTION_VERSION, 'V', "version", NULL, "show the version"},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), LONG_ONLY = 256 };

bool options_read_integer(const char *string, long minimum, long maximum, long *ret_number)
{
	char *end;
	errno = 0;
	long number = strtol(string, &end, 10);
	if (end == string || *end != '\0' || errno != 0 || number < minimum || number > maximum)
		return false;
	*ret_number = number;
	return true;
}

bool options_read_number(const char *string, double *ret_number)
{
	char *end;
	double number = strtod(string, &end);
	if (end == string || *end != '\0' || !isfinite(number))
		return false;
	*ret_number = number;
	return true;
}

bool options_add_entry(struct options *options, char *entry)
{
	char *equals = strchr(entry, '=');
	if (equals == NULL || equals == entry || options->metadata_count == OPTIONS_META_MAX)
		return false;
	*equals = '\0';
	options->metadata[options->metadata_count++] = (struct prg_entry){.key = entry, .value = equals + 1};
	return true;
}

static enum prg_state state_from_name(const char *name)
{
	for (int state = PRG_STATE_ACTIVE; state <= PRG_STATE_CANCELLED; state++) {
		if (strcasecmp(prg_state_name((enum prg_state)state), name) == 0)
			return (enum prg_state)state;
	}
	return PRG_STATE_UNSPECIFIED;
}

static bool add_states(struct options *options, char *list)
{
	for (char *rest, *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
		enum prg_state state = state_from_name(name);
		if (state == PRG_STATE_UNSPECIFIED || options->state_count == OPTIONS_STATES_MAX)
			return false;
		options->states[options->state_count++] = state;
	}
	return options->state_count > 0;
}

static bool add_stages(struct options *options, char *list)
{
	for (char *rest, *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
		enum prg_stage stage = prg_stage_from_status(name);
		if (stage == PRG_STAGE_UNSPECIFIED || options->stage_count == OPTIONS_STAGES_MAX)
			return false;
		options->stages[options->stage_count++] = stage;
	}
	return options->stage_count > 0;
}

static bool take_integer(const char *value, long maximum, long *ret_number)
{
	return options_read_integer(value, 1, maximum, ret_number);
}

static bool take_timeout(struct options *options, const char *value)
{
	double seconds;
	if (!times_read_duration(value, &seconds) || seconds * 1000 < 1 || seconds * 1000 > INT_MAX)
		return false;
	options->timeout_ms = (int)(seconds * 1000);
	return true;
}

static bool take_number(struct options *options, enum option_bit bit, char *value)
{
	long number = 0;
	switch (bit) {
	case OPTION_ATTEMPT:
		if (!take_integer(value, UINT32_MAX, &number))
			return false;
		options->attempt = (uint32_t)number;
		return true;
	case OPTION_LIMIT:
		return take_integer(value, LONG_MAX, &options->limit);
	case OPTION_COUNT:
		return take_integer(value, 100000000, &options->count);
	case OPTION_OUTSTANDING:
		if (!take_integer(value, 256, &number))
			return false;
		options->outstanding = (int)number;
		return true;
	case OPTION_TIMEOUT:
		return take_timeout(options, value);
	case OPTION_SIZE:
		return options_read_number(value, &options->size) && options->size > 0;
	case OPTION_READ_TOKEN:
		return times_read_duration(value, &options->read_token_seconds) && options->read_token_seconds > 0;
	case OPTION_TTL:
		return times_read_duration(value, &options->ttl_seconds) && options->ttl_seconds > 0;
	default:
		return times_read_duration(value, &options->total_seconds) && options->total_seconds > 0;
	}
}

/* Puts down an option; false: its value is not acceptable. */
static bool take(struct options *options, enum option_bit bit, char *value)
{
	options->given |= bit;
	switch (bit) {
	case OPTION_JSON:
		options->json = true;
		fail_use_json(true);
		return true;
	case OPTION_COMPLETE:
		options->complete = true;
		return true;
	case OPTION_FAIL:
		options->fail = true;
		return true;
	case OPTION_FOLLOW:
		options->follow = true;
		return true;
	case OPTION_HELP:
	case OPTION_VERSION:
		return true;
	case OPTION_SERVER:
		options->server = value;
		return value[0] != '\0';
	case OPTION_MESSAGE:
		options->message = value;
		return true;
	case OPTION_PIPELINE:
		options->pipeline = value;
		return true;
	case OPTION_PARENT:
		options->parent = value;
		return true;
	case OPTION_TOKEN_FILE:
		options->token_file = value;
		return value[0] != '\0';
	case OPTION_PREFIX:
		options->prefix = value;
		return true;
	case OPTION_WORKER:
		options->worker = value;
		return true;
	case OPTION_CLASS:
		options->job_class = value;
		return true;
	case OPTION_SCOPE:
		options->scopes = value;
		return true;
	case OPTION_JOBS:
		options->jobs = value;
		return true;
	case OPTION_NAME:
		options->name = value;
		return true;
	case OPTION_FILE:
		options->file = value;
		return true;
	case OPTION_META:
		return options_add_entry(options, value);
	case OPTION_STATE:
		return add_states(options, value);
	case OPTION_STAGE:
		return add_stages(options, value);
	default:
		return take_number(options, bit, value);
	}
}

static void make_tables(struct option *ret_long, char *ret_short)
{
	char *letter = ret_short;
	*letter++ = ':';
	for (int i = 0; i < ROW_COUNT; i++) {
		int takes = rows[i].value != NULL ? required_argument : no_argument;
		ret_long[i] = (struct option){rows[i].name, takes, NULL, LONG_ONLY + i};
		if (rows[i].letter == 0)
			continue;
		*letter++ = rows[i].letter;
		if (takes == required_argument)
			*letter++ = ':';
	}
	ret_long[ROW_COUNT] = (struct option){0};
	*letter = '\0';
}

static const struct option_row *row_of(int found)
{
	if (found >= LONG_ONLY)
		return &rows[found - LONG_ONLY];
	for (int i = 0; i < ROW_COUNT; i++) {
		if (rows[i].letter == found)
			return &rows[i];
	}
	return NULL;
}

static void complain(int found, char **argv)
{
	if (found == ':')
		fail_usage(NULL, "the option %s needs a value", argv[optind - 1]);
	else if (optopt >= LONG_ONLY)
		fail_usage(NULL, "the option --%s takes no value", rows[optopt - LONG_ONLY].name);
	else if (optopt != 0)
		fail_usage(NULL, "there is no option -%c", optopt);
	else
		fail_usage(NULL, "there is no option %s", argv[optind - 1]);
}

bool options_read(int argc, char **argv, struct options *ret_options)
{
	struct option long_options[ROW_COUNT + 1];
	char letters[2 * ROW_COUNT + 2];
	char none[] = "";
	make_tables(long_options, letters);
	*ret_options = (struct options){0};
	opterr = 0;
	optind = 0; /* glibc: begin anew, also when called twice */
	int found;
	while ((found = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		const struct option_row *row = found == '?' || found == ':' ? NULL : row_of(found);
		if (row == NULL) {
			complain(found, argv);
			return false;
		}
		char *given = optarg != NULL ? optarg : none;
		struct text value = {0}; /* before it is cut into pieces */
		text_add(&value, given);
		bool good = take(ret_options, row->bit, given);
		if (!good)
			fail_usage(NULL, "--%s: '%s' is not acceptable, wanted is %s: %s", row->name, text_string(&value),
			           row->value, row->text);
		text_finish(&value);
		if (!good)
			return false;
	}
	ret_options->arguments = argv + optind;
	ret_options->argument_count = argc - optind;
	return true;
}

const char *options_find_foreign(const struct options *options, unsigned allowed)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		if (options->given & rows[i].bit & ~allowed)
			return rows[i].name;
	}
	return NULL;
}

void options_describe(struct text *text, unsigned set)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct option_row *row = &rows[i];
		if (!(row->bit & set))
			continue;
		struct text left = {0};
		text_addf(&left, row->letter != 0 ? "  -%c, " : "      ", row->letter);
		text_addf(&left, "--%s%s%s", row->name, row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
		text_add_padded(text, text_string(&left), 28);
		text_finish(&left);
		for (const char *line = row->text; line != NULL;) {
			const char *end = strchr(line, '\n');
			text_add_bytes(text, line, end != NULL ? (size_t)(end - line) : strlen(line));
			text_add(text, "\n");
			line = end != NULL ? end + 1 : NULL;
			text_add_repeated(text, " ", line != NULL ? 28 : 0);
		}
	}
}

struct prg_options options_client(const struct options *options)
{
	return (struct prg_options){.timeout_ms = options->timeout_ms, .token_file = options->token_file};
}

struct prg_update options_update(const struct options *options)
{
	return (struct prg_update){
	    .message = options->message,
	    .metadata = options->metadata_count > 0 ? options->metadata : NULL,
	    .metadata_count = options->metadata_count,
	    .attempt = options->attempt,
	};
}
