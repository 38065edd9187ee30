/* The kinds of stores, one opener each; `address` is what follows the scheme in the URL. Errors as of store_open. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/store.h"

/* A store in this process's memory; `address` must be empty. */
enum err memory_open(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;

/* A store in a SQLite file; `address` is its path. */
enum err sqlite_open(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;

/* A store on a Redis server that several processes share; `address` is [USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?…],
 * with a unix socket [USER[:PASSWORD]@]/PATH[?…], with sentinels who know where it is
 * [USER[:PASSWORD]@]HOST[:PORT],…/MASTER[/DATABASE][?…], or on a cluster, some of whose nodes are
 * [USER[:PASSWORD]@]HOST[:PORT],…[?…]. */
enum err redis_open(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;
enum err redis_open_unix(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;
enum err redis_open_sentinel(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;
enum err redis_open_cluster(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;

/* Whether the address is a good one, without opening anything. INVALID_ARGUMENT. */
enum err memory_check(const char *address, struct fault *fault) MUST_USE;
enum err sqlite_check(const char *address, struct fault *fault) MUST_USE;
enum err redis_check(const char *address, struct fault *fault) MUST_USE;
enum err redis_check_unix(const char *address, struct fault *fault) MUST_USE;
enum err redis_check_sentinel(const char *address, struct fault *fault) MUST_USE;
enum err redis_check_cluster(const char *address, struct fault *fault) MUST_USE;

/* Shows in the metrics what a commit is worth now. A store says so when that changes; any thread. */
void store_note_durability(enum store_durability durability);

/* Whether the record passes the filters of the query (all but limit and before_row). */
bool query_lets_pass(const struct store_query *query, const struct store_record *record);

#endif
