/*
 * One table of options; the command line, the environment and the file all set through it. A source that names a list
 * (--rpc, --pub, …) replaces what a weaker source said.
 */
#include "daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address.h"
#include "daemon/config_file.h"
#include "daemon/config_http.h"
#include "daemon/config_values.h"
#include "daemon/places.h"
#include "rpc/rpc_server.h"
#include "service/service.h"
#include "store/store.h"

#define MOVE_STEP_MIN 0.01

enum source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_COMMAND_LINE };

struct option {
	const char *name; /* without the dashes */
	const char *value;
	const char *help;
	enum err (*set)(struct config *config, const char *value, struct fault *fault);
};

static enum err add_url(struct config_urls *list, const char *url, struct fault *fault)
{
	enum err err = address_check_url(url, fault);
	return err != ERR_OK ? err : config_add_text(list, url, fault);
}

static enum err set_rpc(struct config *config, const char *value, struct fault *fault)
{
	return add_url(&config->rpc, value, fault);
}

static enum err set_pub(struct config *config, const char *value, struct fault *fault)
{
	return add_url(&config->pub, value, fault);
}

static enum err set_store(struct config *config, const char *value, struct fault *fault)
{
	enum err err = store_check_url(value, fault);
	return err != ERR_OK ? err : config_set_text(&config->store, value, fault);
}

static enum err set_log_level(struct config *config, const char *value, struct fault *fault)
{
	static const char *const names[] = {"debug", "info", "warning", "error", NULL};
	int level = (int)config->log_level;
	enum err err = config_read_word(value, names, &level, fault);
	config->log_level = (enum log_level)level;
	return err;
}

static enum err set_retention(struct config *config, const char *value, struct fault *fault)
{
	long long seconds = 0;
	enum err err = config_read_number(value, 1, 10LL * 365 * 24 * 3600, &seconds, fault);
	if (err == ERR_OK)
		config->retention_ms = seconds * 1000;
	return err;
}

static enum err set_lost_after(struct config *config, const char *value, struct fault *fault)
{
	long long seconds = 0;
	enum err err = config_read_number(value, 1, 10LL * 365 * 24 * 3600, &seconds, fault);
	if (err == ERR_OK)
		config->lost_after_ms = seconds * 1000;
	return err;
}

static enum err set_move_step(struct config *config, const char *value, struct fault *fault)
{
	char *end;
	double points = strtod(value, &end);
	if (end == value || *end != '\0' || !(points >= MOVE_STEP_MIN && points <= 100))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_NUMBER",
		                 "\"%s\" is not allowed; allowed is a number from %g to 100", value, MOVE_STEP_MIN);
	config->move_step_points = points;
	return ERR_OK;
}

static enum err set_move_interval(struct config *config, const char *value, struct fault *fault)
{
	long long ms = 0;
	enum err err = config_read_number(value, 10, 60000, &ms, fault);
	if (err == ERR_OK)
		config->move_interval_ms = ms;
	return err;
}

static enum err set_calls_max(struct config *config, const char *value, struct fault *fault)
{
	return config_set_size(&config->calls_max, value, 10000000, fault);
}

static enum err set_calls_per_peer_max(struct config *config, const char *value, struct fault *fault)
{
	return config_set_size(&config->calls_per_peer_max, value, 10000000, fault);
}

static enum err set_send_timeout(struct config *config, const char *value, struct fault *fault)
{
	long long ms = 0;
	enum err err = config_read_number(value, 1, 60000, &ms, fault);
	if (err == ERR_OK)
		config->send_timeout_ms = (int)ms;
	return err;
}

static enum err set_cached_jobs_max(struct config *config, const char *value, struct fault *fault)
{
	return config_set_size(&config->cached_jobs_max, value, 100000000, fault);
}

static const struct option options[] = {
    {"rpc", "URL", "answer RPCs here (ipc://PATH, tcp://HOST:PORT); may be repeated", set_rpc},
    {"pub", "URL", "publish events here; may be repeated", set_pub},
    {"http", "HOST:PORT", "answer HTTP here (127.0.0.1:7080); off: nowhere", config_set_http},
    {"http-host", "NAME", "answer HTTP requests for this host, too; may be repeated", config_set_http_host},
    {"http-origin", "ORIGIN", "let pages of this origin use the HTTP API; may be repeated", config_set_http_origin},
    {"http-heartbeat", "SECONDS", "how long a stream of events may be silent (15)", config_set_http_heartbeat},
    {"http-connections-max", "N", "HTTP connections at once (10000)", config_set_http_connections_max},
    {"tls-cert", "FILE", "certificate chain for https, PEM; read again on SIGHUP", config_set_tls_certificate},
    {"tls-key", "FILE", "its key, PEM", config_set_tls_key},
    {"tokens", "FILE", "ask callers for tokens of this file, made by prg token", config_set_tokens},
    {"open-pub", "yes|no", "with tokens: publish events on TCP, too, where readers cannot be told apart (no)",
     config_set_open_pub},
    {"dashboard", "DIR", "serve the pages of this folder at / (those it came with); off: none", config_set_dashboard},
    {"access-log", "WHICH", "log HTTP requests: off, errors or all (errors)", config_set_access_log},
    {"store", "URL", "keep jobs here: file:PATH, memory: or redis://HOST:PORT", set_store},
    {"retention", "SECONDS", "keep finished jobs for so long (2592000)", set_retention},
    {"lost-after", "SECONDS", "fail jobs that are stalled for so long, unless they say otherwise (never)",
     set_lost_after},
    {"move-step", "POINTS", "tell watchers of a simulated bar when it has moved so far (0.5)", set_move_step},
    {"move-interval", "MS", "but never more often than this (250)", set_move_interval},
    {"log-level", "LEVEL", "debug, info, warning or error (info)", set_log_level},
    {"calls-max", "N", "calls under way at once, waiting ones included (262144)", set_calls_max},
    {"calls-per-peer-max", "N", "the same of one connection (131072)", set_calls_per_peer_max},
    {"send-timeout", "MS", "disconnect a peer that takes no reply for so long (2000)", set_send_timeout},
    {"cached-jobs-max", "N", "jobs kept in memory (32768)", set_cached_jobs_max},
};

enum { OPTION_COUNT = sizeof options / sizeof *options };

/* The config while it is read: what each option was set by. */
struct reading {
	struct config *config;
	enum source set_by[OPTION_COUNT];
	enum source source;
	const char *file;
};

static void clear_urls(struct config_urls *list)
{
	while (list->count > 0)
		free(list->urls[--list->count]);
}

/* The list that the option adds to, NULL if it is of another kind. */
static struct config_urls *list_of(struct config *config, size_t index)
{
	if (options[index].set == set_rpc)
		return &config->rpc;
	if (options[index].set == set_pub)
		return &config->pub;
	if (options[index].set == config_set_http_host)
		return &config->http_hosts;
	return options[index].set == config_set_http_origin ? &config->http_origins : NULL;
}

static void clear_weaker(struct reading *reading, size_t index)
{
	if (reading->set_by[index] == reading->source)
		return;
	struct config_urls *list = list_of(reading->config, index);
	if (list != NULL)
		clear_urls(list);
}

/* Sets an option, unless a stronger source has. `spelled` is how the source spells it, for messages. */
static enum err set_option(struct reading *reading, size_t index, const char *spelled, const char *value,
                           struct fault *fault)
{
	if (reading->set_by[index] > reading->source)
		return ERR_OK;
	clear_weaker(reading, index);
	reading->set_by[index] = reading->source;
	struct fault of_value = {0};
	enum err err = options[index].set(reading->config, value, &of_value);
	if (err != ERR_OK)
		fault_set(fault, err, of_value.reason, "%s: %s", spelled, of_value.text);
	return err;
}

static enum err set_from_file(void *context, const char *name, const char *value, struct fault *fault)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].name, name) == 0)
			return set_option(context, i, name, value, fault);
	return fault_set(fault, ERR_INVALID_ARGUMENT, "UNKNOWN_OPTION", "there is no option \"%s\"", name);
}

/* "calls-max" is PROGRESSD_CALLS_MAX in the environment. */
static void write_environment_name(char name[64], const char *option)
{
	snprintf(name, 64, "PROGRESSD_%s", option);
	for (char *letter = name; *letter != '\0'; letter++) {
		if (*letter >= 'a' && *letter <= 'z')
			*letter = (char)(*letter - 'a' + 'A');
		if (*letter == '-')
			*letter = '_';
	}
}

/* Lists in the environment are separated by commas. */
static enum err set_from_environment(struct reading *reading, size_t index, const char *name, const char *value,
                                     struct fault *fault)
{
	char *copy = strdup(value), *rest = copy, *part;
	if (copy == NULL)
		return config_no_memory(fault);
	bool is_list = list_of(reading->config, index) != NULL;
	enum err err = ERR_OK;
	while (err == ERR_OK && (part = is_list ? strsep(&rest, ",") : rest) != NULL) {
		err = set_option(reading, index, name, part, fault);
		if (!is_list)
			break;
	}
	free(copy);
	return err;
}

static enum err read_environment(struct reading *reading, struct fault *fault)
{
	reading->source = SOURCE_ENVIRONMENT;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char name[64];
		write_environment_name(name, options[i].name);
		const char *value = getenv(name);
		if (value == NULL || *value == '\0')
			continue;
		enum err err = set_from_environment(reading, i, name, value, fault);
		if (err != ERR_OK)
			return err;
	}
	const char *file = getenv("PROGRESSD_CONFIG");
	if (reading->file == NULL && file != NULL && *file != '\0')
		reading->file = file;
	return ERR_OK;
}

/* The value of the option that `argument` names ("--rpc=URL" or "--rpc" followed by the value), or NULL. */
static const char *match(const char *argument, const char *name, char **next, int *ret_used)
{
	size_t length = strlen(name);
	if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, name, length) != 0)
		return NULL;
	const char *rest = argument + 2 + length;
	*ret_used = 1;
	if (*rest == '=')
		return rest + 1;
	if (*rest != '\0' || *next == NULL)
		return NULL;
	*ret_used = 2;
	return *next;
}

static bool names_action(const char *argument, enum config_action *ret_action)
{
	if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
		*ret_action = CONFIG_HELP;
	else if (strcmp(argument, "--version") == 0)
		*ret_action = CONFIG_VERSION;
	else if (strcmp(argument, "--check-config") == 0)
		*ret_action = CONFIG_CHECK;
	else
		return false;
	return true;
}

/* Everybody sees the words of a command line: the password of a URL among them is made unreadable once it is known. */
static void hide_password(char *word)
{
	char *start = strstr(word, "://"), *end = start != NULL ? strrchr(start, '@') : NULL;
	char *colon = end != NULL ? memchr(start + 3, ':', (size_t)(end - start - 3)) : NULL;
	if (colon != NULL)
		memset(colon + 1, '*', (size_t)(end - colon - 1));
}

static enum err read_argument(struct reading *reading, char **argument, int *ret_used, struct fault *fault)
{
	const char *value = match(argument[0], "config", &argument[1], ret_used);
	if (value != NULL) {
		reading->file = value;
		return ERR_OK;
	}
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		value = match(argument[0], options[i].name, &argument[1], ret_used);
		if (value == NULL)
			continue;
		char spelled[64];
		snprintf(spelled, sizeof spelled, "--%s", options[i].name);
		enum err err = set_option(reading, i, spelled, value, fault);
		if (options[i].set == set_store)
			hide_password(argument[*ret_used - 1]);
		return err;
	}
	return fault_set(fault, ERR_INVALID_ARGUMENT, "UNKNOWN_OPTION",
	                 "\"%.100s\" is no option, or lacks its value; see progressd --help", argument[0]);
}

static enum err read_command_line(struct reading *reading, int argc, char **argv, enum config_action *ret_action,
                                  struct fault *fault)
{
	reading->source = SOURCE_COMMAND_LINE;
	*ret_action = CONFIG_RUN;
	int used;
	for (int i = 1; i < argc; i += used) {
		used = 1;
		if (names_action(argv[i], ret_action))
			continue;
		enum err err = read_argument(reading, &argv[i], &used, fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static bool is_pub_open(const struct config *config)
{
	return config->tokens == NULL || config->opens_pub;
}

static enum err add_default_urls(struct config_urls *list, const char *socket, const char *tcp, struct fault *fault)
{
	char folder[PATH_MAX], url[PATH_MAX + 32];
	if (list->count > 0)
		return ERR_OK;
	enum err err = places_find_run_folder(folder, fault);
	if (err != ERR_OK)
		return err;
	snprintf(url, sizeof url, "ipc://%s/%s", folder, socket);
	err = add_url(list, url, fault);
	return err != ERR_OK || tcp == NULL ? err : add_url(list, tcp, fault);
}

static enum err add_default_store(struct config *config, struct fault *fault)
{
	char folder[PATH_MAX], url[PATH_MAX + 32];
	if (config->store != NULL)
		return ERR_OK;
	enum err err = places_find_state_folder(folder, fault);
	if (err != ERR_OK)
		return err;
	snprintf(url, sizeof url, "file:%s/progress.db", folder);
	return config_set_text(&config->store, url, fault);
}

static enum err add_defaults(struct config *config, struct fault *fault)
{
	enum err err = add_default_urls(&config->rpc, "rpc.sock", "tcp://127.0.0.1:7070", fault);
	if (err == ERR_OK)
		err = add_default_urls(&config->pub, "events.sock", is_pub_open(config) ? "tcp://127.0.0.1:7071" : NULL, fault);
	if (err == ERR_OK && config->http == NULL)
		err = config_set_text(&config->http, http_server_options_default.host_port, fault);
	return err != ERR_OK ? err : add_default_store(config, fault);
}

/* Whoever can read an event of the PUB door may read all of them. */
static enum err check_pub(const struct config *config, struct fault *fault)
{
	for (size_t i = 0; i < config->pub.count && !is_pub_open(config); i++)
		if (strncmp(config->pub.urls[i], "tcp://", 6) == 0)
			return fault_set(fault, ERR_INVALID_ARGUMENT, "OPEN_PUB",
			                 "--pub %s: events on TCP reach readers without a token; allowed with --tokens are ipc:// "
			                 "addresses, or --open-pub yes",
			                 config->pub.urls[i]);
	return ERR_OK;
}

static enum err check_together(const struct config *config, struct fault *fault)
{
	if ((config->tls_certificate == NULL) != (config->tls_key == NULL))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_TLS", "--tls-cert and --tls-key must be given together");
	bool is_guarded = config->tokens != NULL && config->tls_certificate != NULL;
	enum err err = ERR_OK;
	if (config->http != NULL && strcmp(config->http, CONFIG_OFF) != 0 && !is_guarded)
		err = address_check_loopback("--http", config->http, fault);
	return err != ERR_OK ? err : check_pub(config, fault);
}

enum err config_read(struct config *config, int argc, char **argv, enum config_action *ret_action, struct fault *fault)
{
	*config = (struct config){
	    .log_level = LOG_INFO,
	    .retention_ms = service_options_default.default_ttl_ms,
	    .move_step_points = service_options_default.move_step_points,
	    .move_interval_ms = service_options_default.move_interval_ms,
	    .calls_max = rpc_server_options_default.calls_max,
	    .calls_per_peer_max = rpc_server_options_default.calls_per_peer_max,
	    .send_timeout_ms = rpc_server_options_default.send_timeout_ms,
	    .cached_jobs_max = service_options_default.cached_jobs_max,
	    .access_log = http_server_options_default.access_log,
	    .http_heartbeat_ms = http_server_options_default.heartbeat_ms,
	    .http_connections_max = http_server_options_default.connections_max,
	};
	struct reading reading = {.config = config};
	enum err err = read_command_line(&reading, argc, argv, ret_action, fault);
	if (err != ERR_OK || *ret_action == CONFIG_HELP || *ret_action == CONFIG_VERSION)
		return err;
	err = read_environment(&reading, fault);
	reading.source = SOURCE_FILE;
	if (err == ERR_OK && reading.file != NULL)
		err = config_file_read(reading.file, set_from_file, &reading, fault);
	if (err == ERR_OK)
		err = check_together(config, fault);
	return err != ERR_OK ? err : add_defaults(config, fault);
}

void config_finish(struct config *config)
{
	clear_urls(&config->rpc);
	clear_urls(&config->pub);
	clear_urls(&config->http_hosts);
	clear_urls(&config->http_origins);
	free(config->http);
	free(config->tls_certificate);
	free(config->tls_key);
	free(config->tokens);
	free(config->dashboard);
	free(config->store);
}

void config_print_help(void)
{
	puts("usage: progressd [OPTION...]\n"
	     "       progressd replay < SCRIPT > SHOWN      what the model shows at the times a script asks for\n\n"
	     "Keeps the progress of long-running jobs, answers RPCs and publishes changes.\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char left[64];
		snprintf(left, sizeof left, "--%s %s", options[i].name, options[i].value);
		printf("  %-26s %s\n", left, options[i].help);
	}
	puts("  --config FILE              read options from here, as lines NAME = VALUE\n"
	     "  --check-config             say whether the options are good, and exit\n"
	     "  --version                  print the version, and exit\n"
	     "  --help                     print this, and exit\n\n"
	     "Every option is read from the environment, too: --log-level is PROGRESSD_LOG_LEVEL; lists have commas.\n"
	     "The command line counts more than the environment, and that more than the file.\n\n"
	     "Defaults: RPCs at ipc://RUNDIR/rpc.sock and tcp://127.0.0.1:7070, events at ipc://RUNDIR/events.sock and\n"
	     "tcp://127.0.0.1:7071, HTTP at 127.0.0.1:7080, jobs in file:STATEDIR/progress.db.\n"
	     "RUNDIR is $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/progressd, else /tmp/progressd-UID.\n"
	     "STATEDIR is $STATE_DIRECTORY, else $XDG_STATE_HOME/progressd, else ~/.local/state/progressd.\n\n"
	     "SIGTERM and SIGINT end it in good order. Exit status: 0 ended in good order, 1 failed, 2 bad options.");
}
