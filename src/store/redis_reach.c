/* Which node of a cluster serves what: as the map tells that any node gives, and as nodes tell themselves who are asked
 * for what they have not. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/redis_cluster.h"

enum {
	MAP_PAUSE_MS = 50,  /* the map is not asked for more often */
	MOVE_PAUSE_MS = 10, /* for those who listen to a lane to follow it */
};

void redis_reach_init(struct redis_reach *reach, const struct redis_address *address, int patience_ms)
{
	*reach = (struct redis_reach){.address = address};
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		redis_link_init(&reach->nodes[i], address);
		reach->nodes[i].patience_ms = patience_ms;
	}
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		reach->owner[lane] = reach->home[lane] = REDIS_NO_NODE;
}

void redis_reach_close(struct redis_reach *reach)
{
	for (int i = 0; i < REDIS_NODES_MAX; i++)
		redis_link_close(&reach->nodes[i]);
}

static bool is_needed(const struct redis_reach *reach, int node)
{
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		if (reach->owner[lane] == node || reach->home[lane] == node)
			return true;
	return false;
}

int redis_reach_node(struct redis_reach *reach, const struct redis_host *host)
{
	int place = REDIS_NO_NODE;
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		if (redis_is_same_host(&reach->nodes[i].master, host))
			return i;
		if (place == REDIS_NO_NODE && reach->nodes[i].master.port == 0)
			place = i;
	}
	for (int i = 0; i < REDIS_NODES_MAX && place == REDIS_NO_NODE; i++)
		if (!is_needed(reach, i))
			place = i;
	if (place == REDIS_NO_NODE)
		return place;
	struct redis_link *link = &reach->nodes[place];
	int patience_ms = link->patience_ms;
	redis_link_close(link);
	redis_link_init(link, reach->address);
	link->patience_ms = patience_ms;
	link->master = *host;
	return place;
}

enum err redis_reach_connect(struct redis_reach *reach, int node, struct fault *fault)
{
	struct redis_link *link = &reach->nodes[node];
	bool was_broken = redis_link_is_broken(link);
	enum err err = redis_link_connect(link, fault);
	for (int lane = 0; lane < REDIS_LANES_MAX && err == ERR_OK && was_broken; lane++)
		if (reach->home[lane] == node)
			reach->is_shaken[lane] = true;
	return err;
}

/* ---- the map ---- */

/* Reads {first slot, last slot, {host, port, ...}, ...}; a node that does not know its own address gives none. */
static bool read_range(const redisReply *range, const struct redis_host *asked, int slots[2],
                       struct redis_host *ret_host)
{
	bool is_range = range->type == REDIS_REPLY_ARRAY && range->elements >= 3 &&
	                range->element[0]->type == REDIS_REPLY_INTEGER && range->element[1]->type == REDIS_REPLY_INTEGER &&
	                range->element[2]->type == REDIS_REPLY_ARRAY && range->element[2]->elements >= 2;
	if (!is_range)
		return false;
	const redisReply *host = range->element[2]->element[0], *port = range->element[2]->element[1];
	if (port->type != REDIS_REPLY_INTEGER || port->integer < 1 || port->integer > 65535)
		return false;
	bool is_named = host->type == REDIS_REPLY_STRING && host->len > 0;
	if (is_named && host->len >= sizeof ret_host->name)
		return false;
	snprintf(ret_host->name, sizeof ret_host->name, "%s", is_named ? host->str : asked->name);
	ret_host->port = (int)port->integer;
	slots[0] = (int)range->element[0]->integer;
	slots[1] = (int)range->element[1]->integer;
	return true;
}

bool redis_reach_has_owner(const struct redis_reach *reach, int lane)
{
	int owner = reach->owner[lane];
	if (owner == REDIS_NO_NODE)
		return false;
	const struct redis_link *link = &reach->nodes[owner];
	return !redis_link_is_broken(link) || link->retry_ms == 0;
}

static void take_range(struct redis_reach *reach, const int slots[2], const struct redis_host *host, bool keeps_good)
{
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		int slot = redis_slot_of_lane(lane);
		if (slot < slots[0] || slot > slots[1] || (keeps_good && redis_reach_has_owner(reach, lane)))
			continue;
		int node = redis_reach_node(reach, host);
		if (node != REDIS_NO_NODE)
			reach->owner[lane] = node;
	}
}

static enum err take_map(struct redis_reach *reach, const struct redis_host *asked, const redisReply *map,
                         bool keeps_good, struct fault *fault)
{
	if (map->elements == 0)
		return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREADY", "store: the Redis Cluster serves no slots");
	for (size_t i = 0; i < map->elements; i++) {
		struct redis_host host = {.port = 0};
		int slots[2];
		if (!read_range(map->element[i], asked, slots, &host))
			return fault_set(fault, ERR_UNAVAILABLE, "STORE_STRANGE", "store: Redis gives a map that is none");
		take_range(reach, slots, &host, keeps_good);
	}
	return ERR_OK;
}

static enum err ask_node(struct redis_reach *reach, int node, bool keeps_good, struct fault *fault)
{
	struct redis_link *link = &reach->nodes[node];
	struct redis_words words = {.count = 0};
	redisReply *map;
	redis_word(&words, "CLUSTER");
	redis_word(&words, "SLOTS");
	enum err err = redis_reach_connect(reach, node, fault);
	if (err == ERR_OK)
		err = redis_link_add(link, &words, fault);
	if (err == ERR_OK)
		err = redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &map, fault);
	if (err != ERR_OK)
		return err;
	struct redis_host asked = link->master;
	err = take_map(reach, &asked, map, keeps_good, fault);
	freeReplyObject(map);
	return err;
}

/* Those who are connected first: others may be gone. */
static enum err ask_known(struct redis_reach *reach, bool are_connected, bool keeps_good, struct fault *fault)
{
	enum err err = ERR_UNAVAILABLE;
	for (int i = 0; i < REDIS_NODES_MAX && err == ERR_UNAVAILABLE; i++)
		if (reach->nodes[i].master.port != 0 && are_connected != redis_link_is_broken(&reach->nodes[i]))
			err = ask_node(reach, i, keeps_good, fault);
	return err;
}

static enum err ask_seeds(struct redis_reach *reach, bool keeps_good, struct fault *fault)
{
	enum err err = ERR_UNAVAILABLE;
	for (size_t i = 0; i < reach->address->host_count && err == ERR_UNAVAILABLE; i++) {
		int node = redis_reach_node(reach, &reach->address->hosts[i]);
		if (node != REDIS_NO_NODE)
			err = ask_node(reach, node, keeps_good, fault);
	}
	return err;
}

enum err redis_reach_find_owners(struct redis_reach *reach, bool keeps_good, struct fault *fault)
{
	struct fault own;
	(void)fault_set(&own, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: the Redis Cluster cannot be reached");
	enum err err = ERR_UNAVAILABLE;
	if (clock_steady_ms() >= reach->map_not_before_ms) {
		err = ask_known(reach, true, keeps_good, &own);
		if (err == ERR_UNAVAILABLE)
			err = ask_known(reach, false, keeps_good, &own);
		if (err == ERR_UNAVAILABLE)
			err = ask_seeds(reach, keeps_good, &own);
		reach->map_not_before_ms = clock_steady_ms() + MAP_PAUSE_MS;
	}
	if (err != ERR_OK)
		*fault = own;
	return err;
}

/* ---- redirections ---- */

static bool begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* Reads "MOVED 3999 127.0.0.1:6381"; an empty host means the one that has answered. */
static bool read_place(const char *text, const char *asked, struct redis_host *ret_host)
{
	const char *slot = strchr(text, ' '), *place = slot != NULL ? strchr(slot + 1, ' ') : NULL;
	const char *colon = place != NULL ? strrchr(place, ':') : NULL;
	if (colon == NULL)
		return false;
	size_t length = (size_t)(colon - place - 1);
	long port = strtol(colon + 1, NULL, 10);
	if (length >= sizeof ret_host->name || port < 1 || port > 65535)
		return false;
	snprintf(ret_host->name, sizeof ret_host->name, "%.*s", (int)length, place + 1);
	if (length == 0)
		snprintf(ret_host->name, sizeof ret_host->name, "%s", asked);
	ret_host->port = (int)port;
	return true;
}

/* Who tells himself that a lane has gone, and has been here all the time, has given it away whole. */
static bool move(struct redis_reach *reach, int lane, const struct redis_host *host)
{
	int from = reach->owner[lane], node = redis_reach_node(reach, host);
	if (node == REDIS_NO_NODE)
		return false;
	if (reach->home[lane] == from && !reach->is_shaken[lane])
		reach->home[lane] = node;
	reach->owner[lane] = node;
	reach->redirected_until_ms = clock_steady_ms() + MOVE_PAUSE_MS;
	return true;
}

enum redis_redirection redis_reach_follow(struct redis_reach *reach, int lane, const redisReply *reply, int *ret_node)
{
	struct redis_host host = {.port = 0};
	const char *text = reply->str;
	assert(reply->type == REDIS_REPLY_ERROR && reach->owner[lane] != REDIS_NO_NODE);
	bool is_moved = begins_with(text, "MOVED "), is_ask = begins_with(text, "ASK ");
	if (begins_with(text, "TRYAGAIN") || strstr(text, "non local key") != NULL)
		return REDIS_WAIT;
	if (!is_moved && !is_ask)
		return REDIS_NOT_REDIRECTED;
	if (!read_place(text, reach->nodes[reach->owner[lane]].master.name, &host))
		return REDIS_NOT_REDIRECTED;
	if (is_moved)
		return move(reach, lane, &host) ? REDIS_MOVED : REDIS_NOT_REDIRECTED;
	*ret_node = redis_reach_node(reach, &host);
	return *ret_node != REDIS_NO_NODE ? REDIS_ASK : REDIS_NOT_REDIRECTED;
}
