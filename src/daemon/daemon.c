/* What is started, in which order, and how it ends. */
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "feed/feed.h"
#include "rpc/event_publisher.h"
#include "rpc/rpc_server.h"
#include "service/service.h"
#include "store/store.h"

enum { EXIT_DATA_LOSS = 3, STORE_URL_BYTES = 300 };

struct daemon {
	const struct config *config;
	struct store *store;
	struct feed feed;
	struct service *service;
	struct event_publisher *publisher;
	struct rpc_server *server;
};

/* After a failed sync nobody knows what is on the disk: the only honest thing is to stop, and to let the next start
 * read what is there. */
static void die_of_data_loss(const struct fault *fault)
{
	log_line(LOG_ERROR, "data_loss", "reason", fault->text, NULL);
	_exit(EXIT_DATA_LOSS);
}

static enum err start_service(struct daemon *daemon, struct fault *fault)
{
	struct service_options options = service_options_default;
	options.default_ttl_ms = daemon->config->retention_ms;
	options.default_lost_after_ms = daemon->config->lost_after_ms;
	options.cached_jobs_max = daemon->config->cached_jobs_max;
	options.on_data_loss = die_of_data_loss;
	return service_start(&options, daemon->store, &daemon->feed, &daemon->service, fault);
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

static enum err start(struct daemon *daemon, struct fault *fault)
{
	enum err err = store_open(daemon->config->store, &daemon->store, fault);
	if (err == ERR_OK)
		err = start_publisher(daemon, fault);
	if (err == ERR_OK)
		err = start_service(daemon, fault);
	if (err == ERR_OK)
		err = start_server(daemon, fault);
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
	if (config->http != NULL)
		log_line(LOG_WARNING, "no_http", "reason", "this version has no HTTP door yet", NULL);
	char store[STORE_URL_BYTES];
	enum store_durability durability = store_durability(daemon->store);
	store_mask_url(config->store, store, sizeof store);
	if (store_is_shared(daemon->store) && durability != STORE_SYNCED)
		log_line(LOG_WARNING, "weak_store", "durability", worth[durability], "reason", weaknesses[durability], NULL);
	log_line(LOG_INFO, "ready", "version", PROGRESS_VERSION, "rpc", rpc_server_url(daemon->server, 0), "store", store,
	         "durability", worth[durability], NULL);
	notify_manager("READY=1");
}

void daemon_stop(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	if (daemon->server != NULL)
		rpc_server_drain(daemon->server);
	if (daemon->service != NULL)
		service_stop(daemon->service);
	rpc_server_stop(daemon->server);
	service_destroy(daemon->service);
	if (daemon->publisher != NULL)
		feed_remove_listener(&daemon->feed, event_publisher_listener(daemon->publisher));
	event_publisher_stop(daemon->publisher);
	feed_finish(&daemon->feed);
	store_close(daemon->store);
	free(daemon);
}
