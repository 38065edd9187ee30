/* The kinds of stores, one opener each; `address` is what follows the scheme in the URL. Errors as of store_open. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/store.h"

/* A store in this process's memory; `address` must be empty. */
enum err memory_open(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;

/* A store in a SQLite file; `address` is its path. */
enum err sqlite_open(const char *address, struct store **ret_store, struct fault *fault) MUST_USE;

/* Whether the record passes the filters of the query (all but limit and before_row). */
bool query_lets_pass(const struct store_query *query, const struct store_record *record);

#endif
