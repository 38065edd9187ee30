/* How commits are numbered, and handed to the doors. */
#include "shared_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 2 }; /* of a listing that shows one moment */

struct message {
	struct list link;
	uint64_t number;
	struct store_news news;
	char bytes[];
};

static struct shared_door *door_of(struct store *store)
{
	return (struct shared_door *)(void *)store;
}

static size_t index_of(const struct shared_door *door)
{
	return (size_t)(door - door->shared->doors);
}

static void begin(struct shared_door *door)
{
	struct shared_store *shared = door->shared;
	if (shared->before != NULL)
		shared->before(shared, index_of(door), shared->context);
}

static void send(struct shared_door *from, struct shared_door *to, const struct store_news *news, uint64_t number)
{
	size_t id_bytes = strlen(news->job_id) + 1;
	struct message *message = malloc(sizeof *message + id_bytes + news->length);
	cr_assert_not_null(message);
	memcpy(message->bytes, news->job_id, id_bytes);
	if (news->length > 0)
		memcpy(message->bytes + id_bytes, news->bytes, news->length);
	message->number = number;
	message->news = *news;
	message->news.job_id = message->bytes;
	message->news.bytes = (const uint8_t *)message->bytes + id_bytes;
	message->news.is_own = from == to;
	list_append(&to->heard, &message->link);
}

static void forget(struct shared_door *door)
{
	while (!list_is_empty(&door->heard)) {
		struct message *message = LIST_MEMBER(door->heard.next, struct message, link);
		list_remove(&message->link);
		free(message);
	}
}

static enum err load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	struct shared_door *door = door_of(store);
	begin(door);
	door->shown = door->shared->number;
	return store_load_all(door->shared->inner, loads, count, fault);
}

static enum err commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                       struct fault *fault)
{
	struct shared_door *door = door_of(store);
	begin(door);
	int64_t *rows = calloc(count + 1, sizeof *rows);
	for (size_t i = 0; i < count; i++)
		rows[i] = puts[i].row;
	enum err err = store_commit(door->shared->inner, puts, count, ret_durability, fault);
	cr_assert_eq(err, ERR_OK);
	for (size_t i = 0; i < count; i++) {
		const struct store_put *put = &puts[i];
		if (put->is_conflict)
			continue;
		struct store_news news = {
		    .job_id = put->record.job_id,
		    .row = put->is_removal ? rows[i] : put->row,
		    .bytes = put->news,
		    .length = put->news_bytes,
		};
		door->shared->number++;
		for (size_t k = 0; k < SHARED_DOORS; k++)
			send(door, &door->shared->doors[k], &news, door->shared->number);
	}
	door->shown = door->shared->number;
	free(rows);
	return err;
}

struct counted {
	store_visit *visit;
	void *context;
	size_t count;
	int64_t last_row;
};

static bool count_visit(const struct store_record *record, int64_t row, void *context)
{
	struct counted *counted = context;
	counted->count++;
	counted->last_row = row;
	return counted->visit(record, row, counted->context);
}

static enum err list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                     struct fault *fault)
{
	struct shared_door *door = door_of(store);
	struct counted counted = {.visit = visit, .context = context};
	struct store_query some = *query;
	begin(door);
	some.place = NULL;
	if (query->place != NULL && some.limit > ROWS_AT_ONCE)
		some.limit = ROWS_AT_ONCE;
	enum err err = store_list(door->shared->inner, &some, count_visit, &counted, fault);
	if (query->place != NULL) {
		door->shown = door->shared->number;
		query->place->next_row = counted.count == some.limit ? counted.last_row : 0;
	}
	return err;
}

static enum err expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                        struct fault *fault)
{
	return store_expired(door_of(store)->shared->inner, now_ms, limit, visit, context, fault);
}

static enum store_durability durability(struct store *store)
{
	(void)store;
	return STORE_MEMORY;
}

static size_t count_heard(const struct shared_door *door)
{
	size_t count = 0;
	for (const struct list *link = door->heard.next; link != &door->heard; link = link->next)
		count++;
	return count;
}

static bool hear(struct store *store, enum store_hearing hearing, store_tell *tell, void *context)
{
	struct shared_door *door = door_of(store);
	struct shared_store *shared = door->shared;
	size_t count = count_heard(door);
	if (hearing == STORE_HEAR_ARRIVED && shared->arrived != NULL)
		count = shared->arrived(count, shared->context);
	if (door->has_missed) {
		forget(door);
		door->has_missed = false;
		return false;
	}
	while (count-- > 0) {
		struct message *message = LIST_MEMBER(door->heard.next, struct message, link);
		if (hearing == STORE_HEAR_SHOWN && message->number > door->shown)
			break;
		list_remove(&message->link);
		tell(&message->news, context);
		free(message);
	}
	return true;
}

static void sign(struct store *store, const char *const *job_ids, size_t count)
{
	struct shared_door *door = door_of(store);
	for (size_t i = 0; i < count; i++) {
		struct store_news news = {.job_id = job_ids[i], .is_sign = true};
		for (size_t k = 0; k < SHARED_DOORS; k++)
			if (&door->shared->doors[k] != door)
				send(door, &door->shared->doors[k], &news, 0);
	}
}

static void ignore_listener(struct store *store, void (*wake)(void *context), void *context)
{
	(void)store;
	(void)wake;
	(void)context;
}

static const struct store_class door_class = {
    .kind = "shared",
    .load = load,
    .commit = commit,
    .list = list,
    .expired = expired,
    .durability = durability,
    .hear = hear,
    .sign = sign,
    .listen = ignore_listener,
};

void shared_store_open(struct shared_store *shared)
{
	struct fault fault;
	*shared = (struct shared_store){.number = 0};
	cr_assert_eq(store_open("memory:", &shared->inner, &fault), ERR_OK);
	for (size_t i = 0; i < SHARED_DOORS; i++) {
		shared->doors[i] = (struct shared_door){.base.class = &door_class, .shared = shared};
		list_init(&shared->doors[i].heard);
	}
}

void shared_store_miss(struct shared_store *shared, size_t door)
{
	forget(&shared->doors[door]);
	shared->doors[door].has_missed = true;
}

void shared_store_close(struct shared_store *shared)
{
	for (size_t i = 0; i < SHARED_DOORS; i++)
		forget(&shared->doors[i]);
	store_close(shared->inner);
}
