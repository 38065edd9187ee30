/* The store in a Redis Cluster as a whole: opening its parts in order, closing them, and its notes. */
#include <stdlib.h>

#include "store/parts.h"
#include "store/redis_cluster.h"

static enum store_durability cluster_durability(struct store *store)
{
	return (enum store_durability)atomic_load(&redis_cluster_of(store)->ears.durability);
}

struct hearing {
	struct redis_cluster *cluster;
	store_tell *tell;
	void *context;
};

/* Jobs made from now on come after all those that were heard of, whatever the clocks of other machines say. */
static void note_row(const struct store_news *news, void *context)
{
	const struct hearing *hearing = context;
	int64_t tick = news->row / REDIS_LANES_MAX;
	if (tick > hearing->cluster->latest_tick)
		hearing->cluster->latest_tick = tick;
	hearing->tell(news, hearing->context);
}

static bool cluster_hear(struct store *store, enum store_hearing hearing, store_tell *tell, void *context)
{
	struct hearing noted = {redis_cluster_of(store), tell, context};
	return redis_line_hear(&noted.cluster->line, hearing, note_row, &noted);
}

static void cluster_listen(struct store *store, void (*wake)(void *context), void *context)
{
	redis_line_listen(&redis_cluster_of(store)->line, wake, context);
}

static void cluster_prove(struct store *store, const char *job_id)
{
	redis_cluster_of(store)->must_prove[redis_lane_of(job_id)] = true;
}

/* ---- notes ---- */

struct note {
	struct redis_cluster *cluster;
	const char *key;
	struct store_note *ret_note;
	const struct redis_note_put *put; /* NULL: it is loaded */
	bool is_made;
};

static int lane_of_note(size_t index, void *context)
{
	(void)index;
	const struct note *note = context;
	return redis_lane_of(note->key);
}

static enum err write_note(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct note *note = context;
	char key[REDIS_KEY_BYTES];
	redis_lane_key(&note->cluster->address, "progress-note:", lane_of_note(index, context), note->key, key);
	return note->put != NULL ? redis_ask_put_note(link, key, note->put, fault) : redis_ask_note(link, key, fault);
}

static enum err take_note(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	(void)index;
	struct note *note = context;
	if (note->put == NULL && reply->type == REDIS_REPLY_ARRAY)
		return redis_take_note(reply, note->ret_note, fault);
	if (note->put == NULL || reply->type != REDIS_REPLY_INTEGER)
		return redis_refuse_reply(reply, fault);
	note->is_made = reply->integer == 1;
	return ERR_OK;
}

static enum err run_note(struct note *note, struct fault *fault)
{
	struct redis_round round = {
	    .count = 1,
	    .context = note,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY) | REDIS_ONE_OF(REDIS_REPLY_INTEGER),
	    .is_single = true,
	    .lane_of = lane_of_note,
	    .write = write_note,
	    .take = take_note,
	};
	return redis_reach_run(&note->cluster->reach, &round, fault);
}

static enum err cluster_load_note(struct store *store, const char *key, struct store_note *ret_note,
                                  struct fault *fault)
{
	struct store_note loaded = {.bytes = NULL};
	struct note note = {.cluster = redis_cluster_of(store), .key = key, .ret_note = &loaded};
	enum err err = run_note(&note, fault);
	if (err == ERR_OK)
		*ret_note = loaded;
	return err;
}

static enum err cluster_put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                                 size_t length, bool *ret_is_conflict, struct fault *fault)
{
	struct redis_note_put put = {expected_revision, bytes, length};
	struct note note = {.cluster = redis_cluster_of(store), .key = key, .put = &put};
	enum err err = run_note(&note, fault);
	if (err == ERR_OK)
		*ret_is_conflict = !note.is_made;
	return err;
}

/* ---- opening ---- */

static void cluster_close(struct store *store)
{
	struct redis_cluster *cluster = redis_cluster_of(store);
	redis_ears_stop(&cluster->ears);
	redis_line_finish(&cluster->line);
	redis_reach_close(&cluster->reach);
	redis_reach_close(&cluster->list_reach);
	pthread_mutex_destroy(&cluster->list_lock);
	free(cluster);
}

static const struct store_class cluster_class = {
    .kind = "redis",
    .commits_quickly = false,
    .load = redis_cluster_load,
    .commit = redis_cluster_commit,
    .list = redis_cluster_list,
    .expired = redis_cluster_expired,
    .durability = cluster_durability,
    .close = cluster_close,
    .hear = cluster_hear,
    .sign = redis_cluster_sign,
    .listen = cluster_listen,
    .prove = cluster_prove,
    .load_note = cluster_load_note,
    .put_note = cluster_put_note,
    .shares_notes = true,
};

static enum err open_parts(struct redis_cluster *cluster, struct fault *fault)
{
	redis_make_name(cluster->instance);
	redis_reach_init(&cluster->reach, &cluster->address, REDIS_REPLY_MS_MAX);
	redis_reach_init(&cluster->list_reach, &cluster->address, REDIS_REPLY_MS_MAX);
	pthread_mutex_init(&cluster->list_lock, NULL);
	redis_line_init(&cluster->line, REDIS_LANES_MAX);
	enum err err = redis_ears_start(&cluster->ears, &cluster->line, &cluster->address, cluster->instance, fault);
	if (err == ERR_OK)
		err = redis_reach_find_owners(&cluster->reach, true, fault);
	return err == ERR_OK ? redis_reach_find_owners(&cluster->list_reach, true, fault) : err;
}

enum err redis_open_cluster(const char *address, struct store **ret_store, struct fault *fault)
{
	struct redis_cluster *cluster = calloc(1, sizeof *cluster);
	if (cluster == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	enum err err = redis_address_read(address, REDIS_BY_CLUSTER, &cluster->address, fault);
	if (err != ERR_OK) {
		free(cluster);
		return err;
	}
	cluster->base.class = &cluster_class;
	err = open_parts(cluster, fault);
	if (err != ERR_OK) {
		cluster_close(&cluster->base);
		return err;
	}
	*ret_store = &cluster->base;
	return ERR_OK;
}
