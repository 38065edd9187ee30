/* What the tests of all stores share: a fresh store of each kind, plain records, and listings to look at. */
#ifndef CONTRACT_FIXTURE_H
#define CONTRACT_FIXTURE_H

#include "store/store.h"
#include "support/redis_server.h"

enum fixture_kind { FIXTURE_MEMORY, FIXTURE_FILE, FIXTURE_REDIS, FIXTURE_SENTINEL, FIXTURE_CLUSTER };

struct fixture {
	enum fixture_kind kind;
	struct store *store;
	char folder[64]; /* fresh, removed at the end */
	char path[96];   /* of the file in it */
	char url[256];
	struct redis_server server; /* of FIXTURE_REDIS */
};

/* Opens a fresh store; all functions here fail the test when something goes wrong. */
void fixture_start(struct fixture *fixture, enum fixture_kind kind);
void fixture_finish(struct fixture *fixture);

/* The same without opening or closing the store: only the folder and the names. */
void fixture_make_folder(struct fixture *fixture, enum fixture_kind kind);
void fixture_remove_folder(struct fixture *fixture);

/* Closes the store and opens it again. */
void fixture_reopen(struct fixture *fixture);

#define STORE_TEST_ON(suite, name, where, fixture_kind)                                                                \
	Test(suite, name##_##where)                                                                                        \
	{                                                                                                                  \
		struct fixture fixture;                                                                                        \
		fixture_start(&fixture, fixture_kind);                                                                         \
		suite##_##name(&fixture);                                                                                      \
		fixture_finish(&fixture);                                                                                      \
	}

/* Defines a test for each kind of store; the body gets `struct fixture *fixture` with an open store. */
#define STORE_TEST(suite, name)                                                                                        \
	static void suite##_##name(struct fixture *fixture);                                                               \
	STORE_TEST_ON(suite, name, in_memory, FIXTURE_MEMORY)                                                              \
	STORE_TEST_ON(suite, name, in_a_file, FIXTURE_FILE)                                                                \
	STORE_TEST_ON(suite, name, in_redis, FIXTURE_REDIS)                                                                \
	STORE_TEST_ON(suite, name, behind_sentinels, FIXTURE_SENTINEL)                                                     \
	STORE_TEST_ON(suite, name, in_a_cluster, FIXTURE_CLUSTER)                                                          \
	static void suite##_##name(struct fixture *fixture)

/* A put of a plain, active record; its revision is one above the expected one. Borrows job_id. */
struct store_put put_of(const char *job_id, uint64_t expected_revision);
struct store_put removal_of(const char *job_id, uint64_t expected_revision);

/* Commits and fails the test on an error. */
void commit(struct store *store, struct store_put *puts, size_t count);

/* Commits puts of new jobs and fails on a conflict, too. The names are "PREFIX0" to "PREFIX<count - 1>". */
void create_jobs(struct store *store, const char *prefix, size_t count);

/* Whether all fields and the payloads are the same. */
bool is_same_record(const struct store_record *a, const struct store_record *b);

/* The names and rows that a listing visited, in order. */
struct listing {
	size_t count;
	struct {
		char job_id[32];
		int64_t row;
		uint64_t revision;
		int state;
	} items[512];
};

/* A store_visit that notes into the struct listing that is its context. */
bool note_item(const struct store_record *record, int64_t row, void *context);

/* The listing of the query; fails the test on an error. */
void list(struct store *store, const struct store_query *query, struct listing *ret_listing);

/* The listing's names, parted by spaces, in a buffer of this function. */
const char *names_of(const struct listing *listing);

#endif
