/* Listings in a cluster: each lane gives some of its jobs, and those of all lanes are merged. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis_cluster.h"

enum {
	ROWS_AT_ONCE = 250, /* of one lane, looked at by one script that leaves some out */
	JOBS_AT_ONCE = 16,
	BYTES_AT_ONCE = 64 << 10,
};

/* What a lane has given, from the newest to the oldest. */
struct part {
	redisReply *reply;
	size_t at; /* the next one of the reply */
	bool has_record;
	struct store_record record; /* the next one to be visited */
	int64_t row;
	int64_t next_row; /* the lane has more before this row; 0: no more */
};

struct listing {
	struct redis_cluster *cluster;
	const struct store_query *query;
	size_t jobs_at_once; /* of one lane */
	struct part parts[REDIS_LANES_MAX];
	int asked[REDIS_LANES_MAX];
	size_t asked_count;
};

/* ---- asking ---- */

static int lane_of_part(size_t index, void *context)
{
	const struct listing *listing = context;
	return listing->asked[index];
}

static bool is_set(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Whether there are filters that no index serves. */
static bool leaves_some_out(const struct store_query *query)
{
	return query->stages != 0 || is_set(query->pipeline) || is_set(query->job_id_prefix) ||
	       (query->states != 0 && (is_set(query->parent) || __builtin_popcountll(query->states) > 2));
}

static enum err write_question(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct listing *listing = context;
	int lane = listing->asked[index];
	struct redis_list_question question = {
	    .lane = lane,
	    .query = listing->query,
	    .before_row = listing->parts[lane].next_row,
	    .rows_max = leaves_some_out(listing->query) ? ROWS_AT_ONCE : (int64_t)listing->jobs_at_once,
	    .jobs_max = listing->jobs_at_once,
	    .bytes_max = BYTES_AT_ONCE,
	};
	return redis_ask_list(link, &question, fault);
}

/* Makes the next record of the reply the one to be visited. */
static enum err step(struct part *part, struct fault *fault)
{
	const redisReply *reply = part->reply;
	part->has_record = part->at + 1 < reply->elements;
	if (!part->has_record)
		return ERR_OK;
	bool is_record =
	    redis_read_record(reply->element[part->at], reply->element[part->at + 1], &part->record, &part->row);
	part->at += 2;
	return is_record ? ERR_OK : redis_refuse_list(fault);
}

static enum err take_part(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	struct listing *listing = context;
	int lane = listing->asked[index];
	struct part *part = &listing->parts[lane];
	int64_t number = reply->elements >= 2 ? redis_number_of(reply->element[0]) : -1;
	int64_t next_row = number >= 0 ? redis_number_of(reply->element[1]) : -1;
	freeReplyObject(part->reply);
	part->reply = reply;
	if (next_row < 0)
		return redis_refuse_list(fault);
	part->at = 2;
	part->next_row = next_row;
	if (listing->query->place != NULL)
		redis_line_note_shown(&listing->cluster->line, lane, number);
	return step(part, fault);
}

static enum err ask_parts(struct listing *listing, struct fault *fault)
{
	struct redis_round round = {
	    .count = listing->asked_count,
	    .context = listing,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY),
	    .gives_replies = true,
	    .lane_of = lane_of_part,
	    .write = write_question,
	    .take = take_part,
	};
	return redis_reach_run(&listing->cluster->list_reach, &round, fault);
}

/* ---- merging ---- */

/* The newest record that is at hand, or NULL. */
static struct part *newest(struct listing *listing)
{
	struct part *newest = NULL;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		struct part *part = &listing->parts[lane];
		if (part->has_record && (newest == NULL || part->row > newest->row))
			newest = part;
	}
	return newest;
}

/* Lanes of which no record is at hand may have some before this row; 0: none has. */
static int64_t unknown_before(const struct listing *listing)
{
	int64_t row = 0;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		const struct part *part = &listing->parts[lane];
		if (!part->has_record && part->next_row > row)
			row = part->next_row;
	}
	return row;
}

/* Asks those lanes for more that may have newer records than are at hand. */
static enum err ask_for_more(struct listing *listing, int64_t newest_row, struct fault *fault)
{
	listing->asked_count = 0;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		const struct part *part = &listing->parts[lane];
		if (!part->has_record && part->next_row > newest_row)
			listing->asked[listing->asked_count++] = lane;
	}
	return ask_parts(listing, fault);
}

/* Visits in order as long as it is known what comes next. A listing with a place shows one moment, so it asks once. */
static enum err merge(struct listing *listing, store_visit *visit, void *context, struct fault *fault)
{
	struct store_place *place = listing->query->place;
	size_t left = listing->query->limit;
	int64_t last_row = 0;
	enum err err = ERR_OK;
	for (bool goes_on = true; err == ERR_OK;) {
		struct part *part = newest(listing);
		int64_t unknown = unknown_before(listing), row = part != NULL ? part->row : 0;
		bool is_over = (part == NULL && unknown == 0) || !goes_on || left == 0;
		bool is_blocked = !is_over && row < unknown;
		if (place != NULL && (is_over || is_blocked))
			place->next_row = is_blocked ? unknown : part == NULL && unknown == 0 ? 0 : last_row;
		if (is_over || (is_blocked && place != NULL))
			return ERR_OK;
		if (is_blocked) {
			err = ask_for_more(listing, row, fault);
			continue;
		}
		assert(part != NULL); /* else it were over, or blocked */
		last_row = row;
		left--;
		goes_on = visit(&part->record, row, context);
		err = step(part, fault);
	}
	return err;
}

enum err redis_cluster_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                            struct fault *fault)
{
	struct redis_cluster *cluster = redis_cluster_of(store);
	struct listing *listing = calloc(1, sizeof *listing);
	if (listing == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	size_t share = 1 + 2 * (query->limit < REDIS_SLOTS ? query->limit : REDIS_SLOTS) / REDIS_LANES_MAX;
	*listing = (struct listing){.cluster = cluster, .query = query};
	listing->jobs_at_once = share < JOBS_AT_ONCE ? share : JOBS_AT_ONCE;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		listing->parts[lane].next_row = query->before_row;
		listing->asked[listing->asked_count++] = lane;
	}
	pthread_mutex_lock(&cluster->list_lock);
	enum err err = ask_parts(listing, fault);
	if (err == ERR_OK)
		err = merge(listing, visit, context, fault);
	pthread_mutex_unlock(&cluster->list_lock);
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		freeReplyObject(listing->parts[lane].reply);
	free(listing);
	return err;
}

/* ---- what has expired ---- */

struct expired {
	struct store_record record;
	int64_t row;
};

struct expiring {
	int64_t now_ms;
	size_t jobs_at_once;
	redisReply *replies[REDIS_LANES_MAX];
	struct expired *expired;
	size_t count;
	int64_t unknown_after_ms; /* a lane may have more that expire after this */
};

static int lane_itself(size_t index, void *context)
{
	(void)context;
	return (int)index;
}

static enum err ask_expired(struct redis_link *link, size_t index, void *context, struct fault *fault)
{
	const struct expiring *expiring = context;
	return redis_ask_expired(link, (int)index, expiring->now_ms, expiring->jobs_at_once, fault);
}

static enum err take_expired(redisReply *reply, size_t index, void *context, struct fault *fault)
{
	(void)fault;
	struct expiring *expiring = context;
	freeReplyObject(expiring->replies[index]);
	expiring->replies[index] = reply;
	return ERR_OK;
}

static int compare_expired(const void *left, const void *right)
{
	const struct expired *a = left, *b = right;
	return (a->record.expires_ms > b->record.expires_ms) - (a->record.expires_ms < b->record.expires_ms);
}

static enum err gather_expired(struct expiring *expiring, struct fault *fault)
{
	size_t total = 0;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		total += expiring->replies[lane]->elements / 2;
	expiring->expired = calloc(total + 1, sizeof *expiring->expired);
	if (expiring->expired == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	expiring->unknown_after_ms = INT64_MAX;
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++) {
		const redisReply *reply = expiring->replies[lane];
		struct expired *last = NULL;
		size_t given = 0;
		for (size_t i = 2; i + 1 < reply->elements; i += 2, given++) {
			last = &expiring->expired[expiring->count++];
			if (!redis_read_record(reply->element[i], reply->element[i + 1], &last->record, &last->row))
				return redis_refuse_list(fault);
		}
		bool is_full = given >= expiring->jobs_at_once && last != NULL;
		if (is_full && last->record.expires_ms < expiring->unknown_after_ms)
			expiring->unknown_after_ms = last->record.expires_ms;
	}
	qsort(expiring->expired, expiring->count, sizeof *expiring->expired, compare_expired);
	return ERR_OK;
}

static enum err find_expired(struct redis_cluster *cluster, struct expiring *expiring, struct fault *fault)
{
	struct redis_round round = {
	    .count = REDIS_LANES_MAX,
	    .context = expiring,
	    .types = REDIS_ONE_OF(REDIS_REPLY_ARRAY),
	    .gives_replies = true,
	    .lane_of = lane_itself,
	    .write = ask_expired,
	    .take = take_expired,
	};
	enum err err = redis_reach_run(&cluster->reach, &round, fault);
	return err == ERR_OK ? gather_expired(expiring, fault) : err;
}

enum err redis_cluster_expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                               struct fault *fault)
{
	struct expiring *expiring = calloc(1, sizeof *expiring);
	if (expiring == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "store: no memory left");
	size_t share = JOBS_AT_ONCE + limit / JOBS_AT_ONCE;
	expiring->now_ms = now_ms;
	expiring->jobs_at_once = share < limit ? share : limit;
	enum err err = find_expired(redis_cluster_of(store), expiring, fault);
	for (size_t i = 0; err == ERR_OK && i < expiring->count && i < limit; i++) {
		const struct expired *expired = &expiring->expired[i];
		bool is_known = expired->record.expires_ms <= expiring->unknown_after_ms;
		if (!is_known || !visit(&expired->record, expired->row, context))
			break;
	}
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		freeReplyObject(expiring->replies[lane]);
	free(expiring->expired);
	free(expiring);
	return err;
}
