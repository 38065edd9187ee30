/* The Redis store as a whole: opening its parts in order, and closing them. */
#include <stdlib.h>

#include "store/parts.h"
#include "store/redis_parts.h"

static enum store_durability redis_durability(struct store *store)
{
	return (enum store_durability)atomic_load(&redis_of(store)->ear.durability);
}

static bool redis_hear(struct store *store, enum store_hearing hearing, store_tell *tell, void *context)
{
	return redis_line_hear(&redis_of(store)->line, hearing, tell, context);
}

static void redis_listen(struct store *store, void (*wake)(void *context), void *context)
{
	redis_line_listen(&redis_of(store)->line, wake, context);
}

static void redis_close(struct store *store)
{
	struct redis_store *redis = redis_of(store);
	redis_ear_stop(&redis->ear);
	redis_line_finish(&redis->line);
	redis_link_close(&redis->link);
	redis_link_close(&redis->list_link);
	pthread_mutex_destroy(&redis->list_lock);
	free(redis);
}

static const struct store_class redis_class = {
    .kind = "redis",
    .commits_quickly = false,
    .load = redis_load,
    .commit = redis_commit,
    .list = redis_list,
    .expired = redis_expired,
    .durability = redis_durability,
    .close = redis_close,
    .hear = redis_hear,
    .sign = redis_sign,
    .listen = redis_listen,
    .load_note = redis_load_note,
    .put_note = redis_put_note,
    .shares_notes = true,
};

static enum err open_store(const char *address, enum redis_way way, struct store **ret_store, struct fault *fault)
{
	struct redis_store *redis = calloc(1, sizeof *redis);
	if (redis == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	enum err err = redis_address_read(address, way, &redis->address, fault);
	if (err != ERR_OK) {
		free(redis);
		return err;
	}
	redis->base.class = &redis_class;
	redis_make_name(redis->instance);
	redis_link_init(&redis->link, &redis->address);
	redis_link_init(&redis->list_link, &redis->address);
	pthread_mutex_init(&redis->list_lock, NULL);
	redis_line_init(&redis->line, 1);
	err = redis_ear_start(&redis->ear, &redis->line, &redis->address, redis->instance, fault);
	if (err != ERR_OK) {
		redis_close(&redis->base);
		return err;
	}
	*ret_store = &redis->base;
	return ERR_OK;
}

enum err redis_open(const char *address, struct store **ret_store, struct fault *fault)
{
	return open_store(address, REDIS_BY_HOST, ret_store, fault);
}

enum err redis_open_unix(const char *address, struct store **ret_store, struct fault *fault)
{
	return open_store(address, REDIS_BY_SOCKET, ret_store, fault);
}

enum err redis_open_sentinel(const char *address, struct store **ret_store, struct fault *fault)
{
	return open_store(address, REDIS_BY_SENTINEL, ret_store, fault);
}
