/* What is started, in which order, and how it ends. */
#include "daemon/daemon.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "daemon/notify.h"
#include "daemon/places.h"
#include "feed/feed.h"
#include "http/http_server.h"
#include "rpc/event_publisher.h"
#include "rpc/rpc_server.h"
#include "service/service.h"
#include "store/store.h"

enum { EXIT_DATA_LOSS = 3, UNREADABLE_INTERVAL_MS = 1000, STORE_URL_BYTES = 300 };

struct daemon {
	const struct config *config;
	struct auth *auth;
	_Atomic(struct service *) rechecked; /* who is told that the tokens have changed; NULL at first */
	struct store *store;
	struct feed feed;
	struct service *service;
	struct event_publisher *publisher;
	struct rpc_server *server;
	struct http_server *http;
	char dashboard[PATH_MAX];
};

/* After a failed sync nobody knows what is on the disk: the only honest thing is to stop, and to let the next start
 * read what is there. */
static void die_of_data_loss(const struct fault *fault)
{
	log_line(LOG_ERROR, "data_loss", "reason", fault->text, NULL);
	_exit(EXIT_DATA_LOSS);
}

/* Said once a second at the most: lists are asked for often. */
static void tell_unreadable(const char *job_id, const struct fault *fault)
{
	static _Atomic int64_t said_ms = INT64_MIN / 2;
	int64_t now_ms = clock_steady_ms(), last_ms = said_ms;
	if (now_ms - last_ms < UNREADABLE_INTERVAL_MS || !atomic_compare_exchange_strong(&said_ms, &last_ms, now_ms))
		return;
	log_line(LOG_ERROR, "unreadable_record", "job", job_id, "reason", fault->text, NULL);
}

/* Called by the thread that looks at the tokens. */
static void on_tokens_changed(void *context, const struct fault *fault)
{
	struct daemon *daemon = context;
	struct service *service = atomic_load(&daemon->rechecked);
	metrics_set(METRICS_TOKENS_ARE_WELL, fault == NULL);
	if (fault != NULL)
		log_line(LOG_ERROR, "tokens_not_read", "reason", fault->text, "kept", "those of before", NULL);
	else
		log_line(LOG_INFO, "tokens_read", NULL);
	if (fault == NULL && service != NULL)
		service_recheck_tokens(service);
}

static enum err start_auth(struct daemon *daemon, struct fault *fault)
{
	metrics_set(METRICS_TOKENS_ARE_WELL, 1);
	if (daemon->config->tokens == NULL)
		return ERR_OK;
	return auth_open(daemon->config->tokens, on_tokens_changed, daemon, &daemon->auth, fault);
}

static enum err start_service(struct daemon *daemon, struct fault *fault)
{
	struct service_options options = service_options_default;
	options.default_ttl_ms = daemon->config->retention_ms;
	options.default_lost_after_ms = daemon->config->lost_after_ms;
	options.move_step_points = daemon->config->move_step_points;
	options.move_interval_ms = daemon->config->move_interval_ms;
	options.cached_jobs_max = daemon->config->cached_jobs_max;
	options.auth = daemon->auth;
	options.on_unreadable = tell_unreadable;
	options.on_data_loss = die_of_data_loss;
	enum err err = service_start(&options, daemon->store, &daemon->feed, &daemon->service, fault);
	atomic_store(&daemon->rechecked, daemon->service);
	return err;
}

static enum err start_publisher(struct daemon *daemon, struct fault *fault)
{
	const struct config_urls *pub = &daemon->config->pub;
	enum err err = event_publisher_start((const char *const *)pub->urls, pub->count, &daemon->publisher, fault);
	if (err == ERR_OK)
		feed_add_listener(&daemon->feed, event_publisher_listener(daemon->publisher));
	return err;
}

static enum err start_server(struct daemon *daemon, struct fault *fault)
{
	const struct config *config = daemon->config;
	struct rpc_server_options options = rpc_server_options_default;
	options.urls = (const char *const *)config->rpc.urls;
	options.url_count = config->rpc.count;
	options.calls_max = config->calls_max;
	options.calls_per_peer_max = config->calls_per_peer_max;
	options.send_timeout_ms = config->send_timeout_ms;
	return rpc_server_start(&options, daemon->service, &daemon->server, fault);
}

/* The folder to serve; NULL: none. */
static const char *find_dashboard(const struct config *config, char space[PATH_MAX])
{
	if (config->dashboard == NULL)
		return places_find_dashboard(space) ? space : NULL;
	return strcmp(config->dashboard, CONFIG_OFF) == 0 ? NULL : config->dashboard;
}

static enum err start_http(struct daemon *daemon, struct fault *fault)
{
	const struct config *config = daemon->config;
	struct http_server_options options = http_server_options_default;
	if (strcmp(config->http, CONFIG_OFF) == 0)
		return ERR_OK;
	options.host_port = config->http;
	options.hosts = (const char *const *)config->http_hosts.urls;
	options.host_count = config->http_hosts.count;
	options.origins = (const char *const *)config->http_origins.urls;
	options.origin_count = config->http_origins.count;
	options.takes_any_host = config->tokens != NULL;
	options.certificate = config->tls_certificate;
	options.key = config->tls_key;
	options.dashboard = find_dashboard(config, daemon->dashboard);
	options.access_log = config->access_log;
	options.heartbeat_ms = config->http_heartbeat_ms;
	options.connections_max = config->http_connections_max;
	return http_server_start(&options, daemon->service, &daemon->http, fault);
}

static enum err start(struct daemon *daemon, struct fault *fault)
{
	enum err err = start_auth(daemon, fault);
	if (err == ERR_OK)
		err = store_open(daemon->config->store, &daemon->store, fault);
	if (err == ERR_OK)
		err = start_publisher(daemon, fault);
	if (err == ERR_OK)
		err = start_service(daemon, fault);
	if (err == ERR_OK)
		err = start_server(daemon, fault);
	if (err == ERR_OK)
		err = start_http(daemon, fault);
	return err;
}

enum err daemon_start(const struct config *config, struct daemon **ret_daemon, struct fault *fault)
{
	struct daemon *daemon = calloc(1, sizeof *daemon);
	if (daemon == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the daemon");
	daemon->config = config;
	feed_init(&daemon->feed, &feed_history_limits_default);
	enum err err = start(daemon, fault);
	if (err != ERR_OK) {
		daemon_stop(daemon);
		return err;
	}
	*ret_daemon = daemon;
	return ERR_OK;
}

void daemon_announce(struct daemon *daemon)
{
	static const char *const worth[] = {"unknown", "synced", "written", "memory"};
	static const char *const weaknesses[] = {
	    [STORE_UNSPECIFIED] = "",
	    [STORE_SYNCED] = "",
	    [STORE_WRITTEN] = "a crash of the Redis machine may lose the last second of acknowledged updates; Redis syncs "
	                      "them first with appendfsync always",
	    [STORE_MEMORY] = "a crash of Redis loses acknowledged updates; it keeps them with appendonly yes, and syncs "
	                     "them first with appendfsync always",
	};
	const struct config *config = daemon->config;
	for (size_t i = 0; i < config->rpc.count; i++)
		log_line(LOG_INFO, "listening", "door", "rpc", "url", rpc_server_url(daemon->server, i), NULL);
	for (size_t i = 0; i < config->pub.count; i++)
		log_line(LOG_INFO, "listening", "door", "pub", "url", event_publisher_url(daemon->publisher, i), NULL);
	if (daemon->http != NULL)
		log_line(LOG_INFO, "listening", "door", "http", "url", http_server_url(daemon->http), NULL);
	char store[STORE_URL_BYTES];
	enum store_durability durability = store_durability(daemon->store);
	store_mask_url(config->store, store, sizeof store);
	if (store_is_shared(daemon->store) && durability != STORE_SYNCED)
		log_line(LOG_WARNING, "weak_store", "durability", worth[durability], "reason", weaknesses[durability], NULL);
	log_line(LOG_INFO, "ready", "version", PROGRESS_VERSION, "rpc", rpc_server_url(daemon->server, 0), "http",
	         daemon->http != NULL ? http_server_url(daemon->http) : CONFIG_OFF, "store", store, "durability",
	         worth[durability], NULL);
	notify_manager("READY=1");
}

void daemon_reload(struct daemon *daemon)
{
	struct fault fault = {0};
	if (daemon->auth != NULL)
		auth_reread(daemon->auth);
	if (daemon->http == NULL || http_server_reload(daemon->http, &fault) == ERR_OK)
		log_line(LOG_INFO, "reloaded", NULL);
	else
		log_line(LOG_ERROR, "not_reloaded", "reason", fault.text, NULL);
}

void daemon_stop(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	if (daemon->http != NULL)
		http_server_drain(daemon->http);
	if (daemon->server != NULL)
		rpc_server_drain(daemon->server);
	if (daemon->service != NULL)
		service_stop(daemon->service);
	http_server_stop(daemon->http);
	rpc_server_stop(daemon->server);
	auth_close(daemon->auth); /* nobody asks any more */
	service_destroy(daemon->service);
	if (daemon->publisher != NULL)
		feed_remove_listener(&daemon->feed, event_publisher_listener(daemon->publisher));
	event_publisher_stop(daemon->publisher);
	feed_finish(&daemon->feed);
	store_close(daemon->store);
	free(daemon);
}
