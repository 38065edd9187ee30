/* Loading and committing in a cluster: each put is made by itself, all in one go. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/redis_cluster.h"

enum {
	LOADS_AT_ONCE_MAX = 256, /* of one lane, by one script */
	WAIT_MS = 400,
	TICK_US = 64,               /* rows are made of times, so that those of all lanes have one order */
	TICKS_BEGIN_S = 1577836800, /* 2020: until 2091 the rows stay below 2^53 */
	STATE_NAME_BYTES = 16,
};

static void note_loss(struct redis_cluster *cluster, int lane)
{
	redis_line_note_loss(&cluster->line, lane);
}

/* ---- load ---- */

/* Some loads of one lane. */
struct group {
	int lane;
	size_t first;
	size_t count;
};

struct loading {
	struct redis_cluster *cluster;
	struct store_load *loads;
	size_t count;
	size_t *order; /* of the loads, by lanes */
	struct group *groups;
	size_t group_count;
};

static void sort_by_lane(struct loading *loading)
{
	size_t begins[REDIS_LANES_MAX + 1] = {0};
	for (size_t i = 0; i < loading->count; i++)
		begins[redis_lane_of(loading->loads[i].job_id) + 1]++;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		begins[lane + 1] += begins[lane];
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		for (size_t at = begins[lane]; at < begins[lane + 1]; at += LOADS_AT_ONCE_MAX) {
			size_t left = begins[lane + 1] - at;
			loading->groups[loading->group_count++] =
			    (struct group){lane, at, left < LOADS_AT_ONCE_MAX ? left : LOADS_AT_ONCE_MAX};
		}
	for (size_t i = 0; i < loading->count; i++)
		loading->order[begins[redis_lane_of(loading->loads[i].job_id)]++] = i;
}

static int lane_of_group(size_t index, void *context)
{
	const struct loading *loading = context;
	return loading->groups[index].lane;
}

static enum err write_loads(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct loading *loading = context;
	const struct redis_address *address = &loading->cluster->address;
	const struct group *group = &loading->groups[index];
	const char *texts[LOADS_AT_ONCE_MAX + 4];
	char keys[LOADS_AT_ONCE_MAX + 1][REDIS_KEY_BYTES], count[24];
	snprintf(count, sizeof count, "%zu", group->count + 1);
	redis_lane_key(address, "progress-index:", group->lane, "changes", keys[0]);
	texts[0] = "EVALSHA";
	texts[1] = link->scripts[REDIS_SCRIPT_LANE_LOAD];
	texts[2] = count;
	texts[3] = keys[0];
	for (size_t i = 0; i < group->count; i++) {
		const struct store_load *load = &loading->loads[loading->order[group->first + i]];
		redis_lane_key(address, "progress:", group->lane, load->job_id, keys[i + 1]);
		texts[i + 4] = keys[i + 1];
	}
	return redis_link_add_texts(link, texts, (int)group->count + 4, fault);
}

static enum err take_loads(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	const struct loading *loading = context;
	const struct group *group = &loading->groups[index];
	int64_t number = reply->elements == group->count + 1 ? redis_number_of(reply->element[0]) : -1;
	if (number < 0)
		return redis_refuse_reply(reply, fault);
	for (size_t i = 0; i < group->count; i++) {
		struct store_load *load = &loading->loads[loading->order[group->first + i]];
		enum err err = redis_take_load(reply->element[i + 1], load, fault);
		if (err != ERR_OK)
			return err;
	}
	redis_line_note_shown(&loading->cluster->line, group->lane, number);
	return ERR_OK;
}

static void lose_loading(int lane, void *context)
{
	const struct loading *loading = context;
	note_loss(loading->cluster, lane);
}

static enum err load_by_lanes(struct loading *loading, struct fault *fault)
{
	struct redis_round round = {
	    .context = loading,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY),
	    .lane_of = lane_of_group,
	    .write = write_loads,
	    .take = take_loads,
	    .lose = lose_loading,
	};
	loading->order = calloc(loading->count + 1, sizeof *loading->order);
	loading->groups = calloc(loading->count + 1, sizeof *loading->groups);
	if (loading->order == NULL || loading->groups == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	sort_by_lane(loading);
	round.count = loading->group_count;
	return redis_reach_run(&loading->cluster->reach, &round, fault);
}

enum err redis_cluster_load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	struct redis_cluster *cluster = redis_cluster_of(store);
	struct loading loading = {.cluster = cluster, .loads = loads, .count = count};
	redis_line_set_busy(&cluster->line, true);
	enum err err = load_by_lanes(&loading, fault);
	if (err != ERR_OK) {
		redis_forget_loads(loads, count);
		redis_line_set_busy(&cluster->line, false);
	}
	free(loading.order);
	free(loading.groups);
	return err;
}

/* ---- commit ---- */

struct made {
	int lane;
	int64_t row; /* if it is a new job */
	int writes;
};

struct commit {
	struct redis_cluster *cluster;
	struct store_put *puts;
	size_t count;
	uint64_t first_name;
	int64_t first_number;
	struct made *made;          /* of each put */
	int asked[REDIS_LANES_MAX]; /* the lanes whose numbers are asked for besides */
	size_t asked_count;
};

/* A row that is above all that this process has given or heard of. */
static int64_t next_row(struct redis_cluster *cluster, int lane)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t tick = ((now.tv_sec - TICKS_BEGIN_S) * INT64_C(1000000) + now.tv_nsec / 1000) / TICK_US;
	cluster->latest_tick = tick > cluster->latest_tick ? tick : cluster->latest_tick + 1;
	return cluster->latest_tick * REDIS_LANES_MAX + lane;
}

static int lane_of_command(size_t index, void *context)
{
	const struct commit *commit = context;
	return index < commit->count ? commit->made[index].lane : commit->asked[index - commit->count];
}

/* Where the keys of a put are written. */
struct put_keys {
	char job[REDIS_KEY_BYTES], changes[REDIS_KEY_BYTES], row[REDIS_KEY_BYTES], rows[REDIS_KEY_BYTES],
	    expiry[REDIS_KEY_BYTES], state[REDIS_KEY_BYTES], parent[REDIS_KEY_BYTES];
	char index[REDIS_KEY_BYTES], channel[REDIS_KEY_BYTES];
};

static void add_put_keys(struct redis_words *words, const struct redis_address *address, int lane,
                         const struct store_record *record, struct put_keys *keys)
{
	bool has_parent = record->parent != NULL && *record->parent != '\0';
	char state[STATE_NAME_BYTES];
	snprintf(state, sizeof state, "state:%d", record->state);
	redis_lane_key(address, "progress:", lane, record->job_id, keys->job);
	redis_lane_key(address, "progress-index:", lane, "changes", keys->changes);
	redis_lane_key(address, "progress-index:", lane, "row", keys->row);
	redis_lane_key(address, "progress-index:", lane, "rows", keys->rows);
	redis_lane_key(address, "progress-index:", lane, "expiry", keys->expiry);
	redis_lane_key(address, "progress-index:", lane, state, keys->state);
	const char *const texts[] = {keys->job, keys->changes, keys->row, keys->rows, keys->expiry, keys->state};
	redis_word(words, has_parent ? "7" : "6");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		redis_word(words, texts[i]);
	if (!has_parent)
		return;
	redis_lane_key(address, "progress-index:", lane, "parent:", keys->parent);
	size_t length = strlen(keys->parent);
	snprintf(keys->parent + length, sizeof keys->parent - length, "%s", record->parent);
	redis_word(words, keys->parent);
}

static enum err write_put(struct redis_link *link, struct commit *commit, size_t index, struct fault *fault)
{
	const struct store_put *put = &commit->puts[index];
	const struct store_record *record = &put->record;
	const struct redis_address *address = &commit->cluster->address;
	int lane = commit->made[index].lane;
	struct put_keys place;
	char name[REDIS_NAME_BYTES + 24], keys[JOB_METADATA_ENTRIES_MAX][REDIS_FIELD_BYTES_MAX];
	struct redis_words words;
	words.count = 0;
	words.numbers_bytes = 0;
	commit->made[index].writes++;
	snprintf(name, sizeof name, "%s.%" PRIu64, commit->cluster->instance, commit->first_name + index);
	redis_word(&words, "EVALSHA");
	redis_word(&words, link->scripts[REDIS_SCRIPT_LANE_PUT]);
	add_put_keys(&words, address, lane, record, &place);
	redis_lane_prefix(address, "progress-index:", lane, place.index);
	redis_lane_key(address, "progress-changes:", lane, "", place.channel);
	redis_word(&words, place.index);
	redis_word(&words, place.channel);
	redis_word(&words, name);
	redis_word_number(&words, (int64_t)put->expected_revision);
	redis_word_number(&words, commit->first_number);
	redis_word_bytes(&words, put->news, put->news_bytes);
	redis_word(&words, record->job_id);
	redis_word(&words, put->is_removal ? "remove" : "put");
	redis_word_number(&words, record->state);
	redis_word_number(&words, record->expires_ms);
	redis_word(&words, record->parent);
	redis_word_number(&words, commit->made[index].row);
	if (!put->is_removal)
		redis_add_fields(&words, record, keys);
	return redis_link_add(link, &words, fault);
}

static enum err write_command(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	struct commit *commit = context;
	if (index < commit->count)
		return write_put(link, commit, index, fault);
	char key[REDIS_KEY_BYTES];
	struct redis_words words = {.count = 0};
	redis_lane_key(&commit->cluster->address, "progress-index:", commit->asked[index - commit->count], "changes", key);
	redis_word(&words, "GET");
	redis_word(&words, key);
	return redis_link_add(link, &words, fault);
}

static enum err take_command(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	struct commit *commit = context;
	int64_t number = 0;
	enum err err = ERR_OK;
	if (index < commit->count) {
		err = redis_take_put(reply, &commit->puts[index], commit->made[index].writes > 1, &number, fault);
	} else if (reply->type != REDIS_REPLY_NIL) {
		number = redis_number_of(reply);
	}
	if (err == ERR_OK)
		redis_line_note_shown(&commit->cluster->line, lane_of_command(index, commit), number > 0 ? number : 0);
	return err;
}

static void lose_commit(int lane, void *context)
{
	const struct commit *commit = context;
	note_loss(commit->cluster, lane);
}

/* The lanes to be asked for their numbers: those of jobs that are at hand, unless a put tells it; all for a commit of
 * nothing. */
static void choose_asked(struct commit *commit)
{
	struct redis_cluster *cluster = commit->cluster;
	bool is_told[REDIS_LANES_MAX] = {false}, has_any = commit->count > 0;
	for (size_t i = 0; i < commit->count; i++)
		is_told[commit->made[i].lane] = true;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		has_any |= cluster->must_prove[lane];
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		if (!is_told[lane] && (cluster->must_prove[lane] || !has_any))
			commit->asked[commit->asked_count++] = lane;
	memset(cluster->must_prove, 0, sizeof cluster->must_prove);
}

/* How many replicas have the commit: the fewest of any node. */
static int count_replicas(struct redis_cluster *cluster, const struct commit *commit)
{
	bool is_asked[REDIS_NODES_MAX] = {false};
	int fewest = commit->count > 0 ? INT32_MAX : 0;
	for (size_t i = 0; i < commit->count; i++) {
		int node = cluster->reach.owner[commit->made[i].lane];
		struct redis_link *link = &cluster->reach.nodes[node];
		struct redis_words words = {.count = 0};
		struct fault fault;
		redisReply *reply;
		if (is_asked[node])
			continue;
		is_asked[node] = true;
		redis_word(&words, "WAIT");
		redis_word_number(&words, cluster->address.replicas);
		redis_word_number(&words, WAIT_MS);
		bool is_told = !redis_link_is_broken(link) && redis_link_add(link, &words, &fault) == ERR_OK &&
		               redis_link_read(link, REDIS_ONE_OF(REDIS_REPLY_INTEGER), &reply, &fault) == ERR_OK;
		int replicas = is_told ? (int)reply->integer : 0;
		fewest = replicas < fewest ? replicas : fewest;
		if (is_told)
			freeReplyObject(reply);
	}
	return fewest;
}

static enum store_durability worth_of(struct redis_cluster *cluster, const struct commit *commit)
{
	enum store_durability settings = (enum store_durability)atomic_load(&cluster->ears.durability);
	int wanted = cluster->address.replicas;
	bool is_replicated = wanted > 0 && count_replicas(cluster, commit) >= wanted;
	return is_replicated && settings == STORE_MEMORY ? STORE_WRITTEN : settings;
}

static enum err commit_all(struct commit *commit, struct fault *fault)
{
	struct redis_round round = {
	    .context = commit,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY) | REDIS_ONE_OF(REDIS_REPLY_STRING) | REDIS_ONE_OF(REDIS_REPLY_NIL),
	    .rests_on_known = true,
	    .lane_of = lane_of_command,
	    .write = write_command,
	    .take = take_command,
	    .lose = lose_commit,
	};
	commit->made = calloc(commit->count + 1, sizeof *commit->made);
	if (commit->made == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	for (size_t i = 0; i < commit->count; i++) {
		commit->made[i].lane = redis_lane_of(commit->puts[i].record.job_id);
		if (commit->puts[i].expected_revision == 0)
			commit->made[i].row = next_row(commit->cluster, commit->made[i].lane);
	}
	choose_asked(commit);
	round.count = commit->count + commit->asked_count;
	return redis_reach_run(&commit->cluster->reach, &round, fault);
}

enum err redis_cluster_commit(struct store *store, struct store_put *puts, size_t count,
                              enum store_durability *ret_durability, struct fault *fault)
{
	struct redis_cluster *cluster = redis_cluster_of(store);
	struct commit commit = {
	    .cluster = cluster,
	    .puts = puts,
	    .count = count,
	    .first_name = cluster->commit_count + 1,
	    .first_number = redis_first_number(),
	};
	cluster->commit_count += count;
	redis_line_set_busy(&cluster->line, true);
	enum err err = commit_all(&commit, fault);
	if (err == ERR_OK)
		*ret_durability = worth_of(cluster, &commit);
	else
		redis_line_set_busy(&cluster->line, false);
	free(commit.made);
	return err;
}

/* ---- signs of life ---- */

struct signs {
	struct redis_cluster *cluster;
	const char *const *job_ids;
};

static int lane_of_sign(size_t index, void *context)
{
	const struct signs *signs = context;
	return redis_lane_of(signs->job_ids[index]);
}

static enum err write_sign(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct signs *signs = context;
	char channel[REDIS_KEY_BYTES], text[REDIS_NAME_BYTES + JOB_ID_BYTES_MAX + 16];
	struct redis_words words = {.count = 0};
	redis_lane_key(&signs->cluster->address, "progress-changes:", lane_of_sign(index, context), "", channel);
	snprintf(text, sizeof text, "0 0 %s.0 %s\n", signs->cluster->instance, signs->job_ids[index]);
	redis_word(&words, "SPUBLISH");
	redis_word(&words, channel);
	redis_word(&words, text);
	return redis_link_add(link, &words, fault);
}

static enum err take_sign(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	(void)reply;
	(void)index;
	(void)context;
	(void)fault;
	return ERR_OK;
}

void redis_cluster_sign(struct store *store, const char *const *job_ids, size_t count)
{
	struct signs signs = {redis_cluster_of(store), job_ids};
	struct fault fault;
	struct redis_round round = {
	    .count = count,
	    .context = &signs,
	    .types = REDIS_ONE_OF(REDIS_REPLY_INTEGER),
	    .is_once = true,
	    .lane_of = lane_of_sign,
	    .write = write_sign,
	    .take = take_sign,
	};
	(void)!redis_reach_run(&signs.cluster->reach, &round, &fault);
}
