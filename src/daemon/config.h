/* What the daemon is told: by the command line, else the environment, else the file of --config, else the defaults. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "http/http_server.h"

enum { CONFIG_URLS_MAX = 8 };

/* The value of --http that opens no door, and of --dashboard that shows none. */
#define CONFIG_OFF "off"

struct config_urls {
	char *urls[CONFIG_URLS_MAX]; /* owned */
	size_t count;
};

struct config {
	struct config_urls rpc;
	struct config_urls pub;
	char *http; /* owned; "off": no HTTP */
	struct config_urls http_hosts;
	struct config_urls http_origins;
	char *tls_certificate; /* owned, as those that follow; NULL: none */
	char *tls_key;
	char *tokens;
	bool opens_pub;  /* events go to whoever listens, although there are tokens */
	char *dashboard; /* "off": none; NULL: the one that came with the program */
	enum http_log access_log;
	int http_heartbeat_ms;
	size_t http_connections_max;
	char *store; /* owned */
	enum log_level log_level;
	int64_t retention_ms;     /* how long finished jobs are kept */
	int64_t lost_after_ms;    /* how long stalled jobs are waited for; 0: for ever */
	double move_step_points;  /* how far a simulated bar moves before its watchers are told … */
	int64_t move_interval_ms; /* … and how soon again at most */
	size_t calls_max;
	size_t calls_per_peer_max;
	int send_timeout_ms;
	size_t cached_jobs_max;
};

/* What the command line asks for besides. */
enum config_action { CONFIG_RUN, CONFIG_CHECK, CONFIG_HELP, CONFIG_VERSION };

/* Reads all sources. INVALID_ARGUMENT: the text names the option and what is allowed. The caller finishes the config in
 * any case. */
enum err config_read(struct config *config, int argc, char **argv, enum config_action *ret_action,
                     struct fault *fault) MUST_USE;
void config_finish(struct config *config);

/* Writes the help text to stdout. */
void config_print_help(void);

#endif
