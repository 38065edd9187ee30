/* Decides how stores for tests are made and looked at. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/redis_servers.h"

/* The servers are shared by all tests; the folder's name is of this one alone. */
static void write_shared_url(struct fixture *fixture)
{
	bool is_cluster = fixture->kind == FIXTURE_CLUSTER;
	const char *servers = getenv(is_cluster ? REDIS_SERVERS_CLUSTER : REDIS_SERVERS_SENTINEL);
	cr_assert_not_null(servers);
	snprintf(fixture->url, sizeof fixture->url, "%s://%s?prefix=%s:", is_cluster ? "redis+cluster" : "redis+sentinel",
	         servers, strrchr(fixture->folder, '.') + 1);
}

void fixture_make_folder(struct fixture *fixture, enum fixture_kind kind)
{
	*fixture = (struct fixture){.kind = kind};
	snprintf(fixture->folder, sizeof fixture->folder, "/tmp/contract_store.XXXXXX");
	cr_assert_not_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/jobs.db", fixture->folder);
	if (kind == FIXTURE_MEMORY)
		snprintf(fixture->url, sizeof fixture->url, "memory:");
	else if (kind == FIXTURE_REDIS)
		snprintf(fixture->url, sizeof fixture->url, "redis+unix://%s/redis.sock?prefix=test:", fixture->folder);
	else if (kind == FIXTURE_SENTINEL || kind == FIXTURE_CLUSTER)
		write_shared_url(fixture);
	else
		snprintf(fixture->url, sizeof fixture->url, "file:%s", fixture->path);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)about;
	(void)kind;
	(void)place;
	return remove(path);
}

void fixture_remove_folder(struct fixture *fixture)
{
	cr_assert_eq(nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void open_store(struct fixture *fixture)
{
	struct fault fault = {0};
	cr_assert_eq(store_open(fixture->url, &fixture->store, &fault), ERR_OK, "%s", fault.text);
}

void fixture_start(struct fixture *fixture, enum fixture_kind kind)
{
	fixture_make_folder(fixture, kind);
	signal(SIGPIPE, SIG_IGN); /* as the daemon does: a server that is gone is an error, not the end */
	if (kind == FIXTURE_REDIS)
		redis_server_start(&fixture->server, fixture->folder, NULL);
	open_store(fixture);
}

void fixture_finish(struct fixture *fixture)
{
	store_close(fixture->store);
	if (fixture->kind == FIXTURE_REDIS)
		redis_server_kill(&fixture->server);
	fixture_remove_folder(fixture);
}

void fixture_reopen(struct fixture *fixture)
{
	store_close(fixture->store);
	open_store(fixture);
}

struct store_put put_of(const char *job_id, uint64_t expected_revision)
{
	return (struct store_put){
	    .record = {.job_id = job_id,
	               .revision = expected_revision + 1,
	               .stage = 2,
	               .state = 1,
	               .progress = 7,
	               .pipeline = "default",
	               .parent = "",
	               .message = "",
	               .created_ms = 1700000000000,
	               .updated_ms = 1700000000001,
	               .payload = (const uint8_t *)"payload",
	               .payload_bytes = 7},
	    .expected_revision = expected_revision,
	};
}

struct store_put removal_of(const char *job_id, uint64_t expected_revision)
{
	return (struct store_put){
	    .record = {.job_id = job_id},
	    .expected_revision = expected_revision,
	    .is_removal = true,
	};
}

void commit(struct store *store, struct store_put *puts, size_t count)
{
	struct fault fault = {0};
	enum store_durability durability = STORE_UNSPECIFIED;
	cr_assert_eq(store_commit(store, puts, count, &durability, &fault), ERR_OK, "%s", fault.text);
	cr_assert_eq(durability, store_durability(store));
}

void create_jobs(struct store *store, const char *prefix, size_t count)
{
	struct store_put *puts = calloc(count, sizeof *puts);
	char(*names)[32] = calloc(count, sizeof *names);
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof names[i], "%s%zu", prefix, i);
		puts[i] = put_of(names[i], 0);
	}
	commit(store, puts, count);
	for (size_t i = 0; i < count; i++)
		cr_assert_not(puts[i].is_conflict);
	free(names);
	free(puts);
}

bool is_same_record(const struct store_record *a, const struct store_record *b)
{
	return strcmp(a->job_id, b->job_id) == 0 && a->revision == b->revision && a->stage == b->stage &&
	       a->state == b->state && a->progress == b->progress && strcmp(a->pipeline, b->pipeline) == 0 &&
	       strcmp(a->parent, b->parent) == 0 && strcmp(a->message, b->message) == 0 && a->created_ms == b->created_ms &&
	       a->updated_ms == b->updated_ms && a->ended_ms == b->ended_ms && a->expires_ms == b->expires_ms &&
	       a->payload_bytes == b->payload_bytes &&
	       (a->payload_bytes == 0 || memcmp(a->payload, b->payload, a->payload_bytes) == 0);
}

bool note_item(const struct store_record *record, int64_t row, void *context)
{
	struct listing *listing = context;
	cr_assert_lt(listing->count, sizeof listing->items / sizeof *listing->items);
	snprintf(listing->items[listing->count].job_id, sizeof listing->items->job_id, "%s", record->job_id);
	listing->items[listing->count].row = row;
	listing->items[listing->count].revision = record->revision;
	listing->items[listing->count].state = record->state;
	listing->count++;
	return true;
}

void list(struct store *store, const struct store_query *query, struct listing *ret_listing)
{
	struct fault fault = {0};
	ret_listing->count = 0;
	cr_assert_eq(store_list(store, query, note_item, ret_listing, &fault), ERR_OK, "%s", fault.text);
}

const char *names_of(const struct listing *listing)
{
	static char names[sizeof listing->items];
	size_t length = 0;
	names[0] = '\0';
	for (size_t i = 0; i < listing->count; i++)
		length +=
		    (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? " " : "", listing->items[i].job_id);
	return names;
}
