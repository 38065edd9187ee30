/*
 * Where the master is: the sentinels know. They are asked at each connection, because a fail-over moves it: the old
 * connections break then, or get READONLY for an answer, which closes them. Sentinels are asked without a password.
 */
#include <stdio.h>
#include <string.h>

#include "store/redis_parts.h"

/* Reads {host, port}. False: the sentinel does not know the master. */
static bool read_host(const redisReply *reply, struct redis_host *ret_host)
{
	bool is_pair = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	               reply->element[0]->type == REDIS_REPLY_STRING && reply->element[1]->type == REDIS_REPLY_STRING;
	if (!is_pair || reply->element[0]->len >= sizeof ret_host->name)
		return false;
	int64_t port = redis_number_of(reply->element[1]);
	snprintf(ret_host->name, sizeof ret_host->name, "%s", reply->element[0]->str);
	ret_host->port = (int)port;
	return port >= 1 && port <= 65535;
}

static bool ask(redisContext *context, const char *master, struct redis_host *ret_host)
{
	const char *words[] = {"SENTINEL", "get-master-addr-by-name", master};
	redisReply *reply = redisCommandArgv(context, 3, words, NULL);
	bool is_known = reply != NULL && read_host(reply, ret_host);
	freeReplyObject(reply);
	return is_known;
}

enum err redis_find_master(const struct redis_address *address, struct redis_host *ret_host, struct fault *fault)
{
	struct timeval patience = {.tv_usec = REDIS_CONNECT_MS_MAX * 1000};
	for (size_t i = 0; i < address->host_count; i++) {
		const struct redis_host *sentinel = &address->hosts[i];
		redisContext *context = redisConnectWithTimeout(sentinel->name, sentinel->port, patience);
		bool is_known = context != NULL && context->err == 0 && redisSetTimeout(context, patience) == REDIS_OK &&
		                ask(context, address->master, ret_host);
		if (context != NULL)
			redisFree(context);
		if (is_known)
			return ERR_OK;
	}
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE",
	                 "store: Redis: no sentinel says where the master \"%s\" is", address->master);
}
