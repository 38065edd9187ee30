/*
 * Listing, on a connection of its own: it sees what is committed and synced, and blocks no commit. The way to the rows
 * is chosen here and not by SQLite, which without statistics cannot know that few jobs are active and millions are
 * over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_parts.h"

enum {
	STATES_BY_INDEX_MAX = 6,       /* all there are */
	SORTED_PREFIX_ROWS_MAX = 5000, /* a prefix of more jobs is found soon enough among the newest */
	SQL_BYTES_MAX = 8192,
};

enum way {
	BY_ROW,    /* newest first, each row tested */
	BY_STATE,  /* newest first of each state, merged */
	BY_PARENT, /* newest first of the parent's jobs */
	BY_ID,     /* the jobs with the prefix, sorted */
};

static bool is_set(const char *filter)
{
	return filter != NULL && *filter != '\0';
}

/* The least string above all that begin with the prefix, to be freed; "" when there is none above. NULL: no memory. */
static char *end_of_prefix(const char *prefix)
{
	char *end = strdup(prefix);
	if (end == NULL)
		return NULL;
	size_t length = strlen(end);
	while (length > 0 && (unsigned char)end[length - 1] == 0xff)
		length--;
	end[length] = '\0';
	if (length > 0)
		end[length - 1] = (char)((unsigned char)end[length - 1] + 1);
	return end;
}

static int bind_filters(sqlite3_stmt *statement, const struct store_query *query, const char *prefix_end)
{
	int64_t numbers[] = {query->limit <= INT64_MAX ? (int64_t)query->limit : INT64_MAX, query->before_row,
	                     (int64_t)query->states, (int64_t)query->stages};
	const char *number_names[] = {":limit", ":before", ":states", ":stages"};
	const char *strings[] = {query->pipeline, query->parent, query->job_id_prefix, prefix_end};
	const char *string_names[] = {":pipeline", ":parent", ":prefix", ":prefix_end"};
	int rc = SQLITE_OK;
	for (int i = 0; rc == SQLITE_OK && i < 4; i++) {
		int index = sqlite3_bind_parameter_index(statement, number_names[i]);
		if (index > 0)
			rc = sqlite3_bind_int64(statement, index, numbers[i]);
	}
	for (int i = 0; rc == SQLITE_OK && i < 4; i++) {
		int index = sqlite3_bind_parameter_index(statement, string_names[i]);
		if (index > 0)
			rc = sqlite_bind_string(statement, index, strings[i]);
	}
	return rc;
}

/* Whether so few jobs have the prefix that they can be sorted. */
static int is_rare_prefix(sqlite3 *db, const struct store_query *query, const char *prefix_end, bool *ret_is_rare)
{
	char sql[256];
	snprintf(sql, sizeof sql,
	         "SELECT count(*) FROM (SELECT 1 FROM job INDEXED BY job_by_id"
	         " WHERE job_id >= :prefix AND job_id < :prefix_end LIMIT %d)",
	         SORTED_PREFIX_ROWS_MAX);
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = bind_filters(statement, query, prefix_end);
	if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		*ret_is_rare = sqlite3_column_int(statement, 0) < SORTED_PREFIX_ROWS_MAX;
	int finished = sqlite3_finalize(statement);
	return rc != SQLITE_OK ? rc : finished;
}

static int choose_way(sqlite3 *db, const struct store_query *query, const char *prefix_end, enum way *ret_way)
{
	bool is_rare = false;
	int rc = is_set(query->job_id_prefix) ? is_rare_prefix(db, query, prefix_end, &is_rare) : SQLITE_OK;
	if (is_rare)
		*ret_way = BY_ID;
	else if (is_set(query->parent))
		*ret_way = BY_PARENT;
	else if (query->states != 0 && __builtin_popcount(query->states) <= STATES_BY_INDEX_MAX)
		*ret_way = BY_STATE;
	else
		*ret_way = BY_ROW;
	return rc;
}

/* Appends one SELECT; `state` counts with BY_STATE only. */
static void print_select(FILE *sql, const struct store_query *query, enum way way, int state)
{
	static const char *const ways[] = {
	    [BY_ROW] = "NOT INDEXED",
	    [BY_STATE] = "INDEXED BY job_by_state",
	    [BY_PARENT] = "INDEXED BY job_by_parent",
	    [BY_ID] = "INDEXED BY job_by_id",
	};
	fprintf(sql, "SELECT " SQLITE_COLUMNS " FROM job %s WHERE 1", ways[way]);
	if (way == BY_STATE)
		fprintf(sql, " AND state = %d", state);
	else if (query->states != 0)
		fputs(" AND (:states >> state) & 1", sql);
	if (query->stages != 0)
		fputs(" AND (:stages >> stage) & 1", sql);
	if (is_set(query->pipeline))
		fputs(" AND pipeline = :pipeline", sql);
	if (is_set(query->parent))
		fputs(" AND parent <> '' AND parent = :parent", sql);
	if (is_set(query->job_id_prefix))
		fputs(" AND job_id >= :prefix AND job_id < :prefix_end", sql);
	if (query->before_row > 0)
		fputs(" AND row < :before", sql);
}

static void print_query(FILE *sql, const struct store_query *query, enum way way)
{
	if (way != BY_STATE)
		print_select(sql, query, way, 0);
	bool is_first = true;
	for (int state = 0; way == BY_STATE && state < STORE_NUMBERS_MAX; state++) {
		if ((query->states >> state & 1) == 0)
			continue;
		fputs(is_first ? "" : " UNION ALL ", sql);
		print_select(sql, query, way, state);
		is_first = false;
	}
	fputs(" ORDER BY row DESC LIMIT :limit", sql);
}

static int prepare(sqlite3 *db, const struct store_query *query, const char *prefix_end, sqlite3_stmt **ret_statement)
{
	enum way way;
	int rc = choose_way(db, query, prefix_end, &way);
	if (rc != SQLITE_OK)
		return rc;
	char text[SQL_BYTES_MAX];
	FILE *sql = fmemopen(text, sizeof text, "w");
	if (sql == NULL)
		return SQLITE_NOMEM;
	print_query(sql, query, way);
	if (fclose(sql) != 0)
		return SQLITE_NOMEM;
	sqlite3_stmt *statement = NULL;
	rc = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = bind_filters(statement, query, prefix_end);
	if (rc == SQLITE_OK)
		*ret_statement = statement;
	else
		sqlite3_finalize(statement);
	return rc;
}

static enum err list_locked(sqlite3 *db, const struct store_query *query, store_visit *visit, void *context,
                            struct fault *fault)
{
	char *prefix_end = end_of_prefix(query->job_id_prefix != NULL ? query->job_id_prefix : "");
	sqlite3_stmt *statement = NULL;
	int rc = prefix_end != NULL ? prepare(db, query, prefix_end, &statement) : SQLITE_NOMEM;
	enum err err =
	    rc == SQLITE_OK ? sqlite_visit(db, statement, visit, context, fault) : sqlite_fault(db, rc, "list", fault);
	sqlite3_finalize(statement);
	free(prefix_end);
	return err;
}

enum err sqlite_list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                     struct fault *fault)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)(void *)store;
	pthread_mutex_lock(&sqlite->reader_lock);
	enum err err = list_locked(sqlite->reader, query, visit, context, fault);
	pthread_mutex_unlock(&sqlite->reader_lock);
	return err;
}
