/* What a file holds after its process was killed in the middle of its work. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "support/random.h"

/* Large payloads make the log reach its checkpoint within a few rounds. */
enum { JOBS = 20, PAYLOAD_BYTES = 20000, ROUNDS = 12, BATCHES_A_ROUND_MAX = 60 };

static const char names[JOBS][4] = {"j0",  "j1",  "j2",  "j3",  "j4",  "j5",  "j6",  "j7",  "j8",  "j9",
                                    "j10", "j11", "j12", "j13", "j14", "j15", "j16", "j17", "j18", "j19"};
static uint8_t payload[PAYLOAD_BYTES];

/* Batch n brings every job to revision n and creates a job of its own. True: it is committed. */
static bool commit_batch(struct store *store, uint64_t batch)
{
	struct store_put puts[JOBS + 1];
	char own_name[32];
	for (int i = 0; i < JOBS; i++) {
		puts[i] = put_of(names[i], batch - 1);
		puts[i].record.state = 1 + (int)(batch / 3 % 5);
		puts[i].record.payload = payload;
		puts[i].record.payload_bytes = sizeof payload;
	}
	snprintf(own_name, sizeof own_name, "batch-%llu", (unsigned long long)batch);
	puts[JOBS] = put_of(own_name, 0);
	struct fault fault;
	enum store_durability durability;
	if (store_commit(store, puts, JOBS + 1, &durability, &fault) != ERR_OK || durability != STORE_SYNCED)
		return false;
	for (int i = 0; i <= JOBS; i++)
		if (puts[i].is_conflict)
			return false;
	return true;
}

/* The child's life: batch after batch, each told to the pipe after it is acknowledged. */
_Noreturn static void commit_for_ever(const char *url, uint64_t first_batch, int told)
{
	struct store *store;
	struct fault fault;
	if (store_open(url, &store, &fault) != ERR_OK)
		_exit(1);
	for (uint64_t batch = first_batch;; batch++)
		if (!commit_batch(store, batch) || write(told, &batch, sizeof batch) != sizeof batch)
			_exit(1);
}

/* Starts a child, kills it at a random moment, and returns the last batch it acknowledged; `first - 1` if none. */
static uint64_t kill_a_writer(struct random *random, const char *url, uint64_t first)
{
	int told[2];
	cr_assert_eq(pipe(told), 0);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		close(told[0]);
		commit_for_ever(url, first, told[1]);
	}
	close(told[1]);
	uint64_t last = first - 1, batch;
	uint64_t wanted = random_below(random, BATCHES_A_ROUND_MAX);
	for (uint64_t i = 0; i < wanted; i++) {
		cr_assert_eq(read(told[0], &batch, sizeof batch), sizeof batch, "the writer ended by itself");
		last = batch;
	}
	for (volatile uint64_t spins = random_below(random, 3000000); spins > 0; spins--)
		;
	kill(child, SIGKILL);
	while (read(told[0], &batch, sizeof batch) == sizeof batch)
		last = batch;
	close(told[0]);
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status), "the writer ended by itself");
	return last;
}

/* The batch that the file holds, wholly; fails the test if it holds a part of one. */
static uint64_t batch_held(struct store *store)
{
	struct store_load loads[JOBS];
	struct fault fault = {0};
	for (int i = 0; i < JOBS; i++)
		loads[i].job_id = names[i];
	cr_assert_eq(store_load_all(store, loads, JOBS, &fault), ERR_OK, "%s", fault.text);
	for (int i = 0; i < JOBS; i++) {
		cr_assert_eq(loads[i].revision, loads[0].revision, "half a batch");
		cr_assert_eq(loads[i].payload_bytes, loads[i].found ? sizeof payload : 0);
		free(loads[i].payload);
	}
	size_t count = 0;
	char own_name[32];
	for (uint64_t batch = 1; batch <= loads[0].revision + 1; batch++) {
		snprintf(own_name, sizeof own_name, "batch-%llu", (unsigned long long)batch);
		struct store_load own = {.job_id = own_name};
		cr_assert_eq(store_load_all(store, &own, 1, &fault), ERR_OK);
		count += own.found;
		free(own.payload);
	}
	cr_assert_eq(count, loads[0].revision, "half a batch");
	return loads[0].revision;
}

static void expect_integrity(const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	cr_expect_str_eq((const char *)sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

Test(store_commit, keeps_what_it_acknowledged_when_the_process_is_killed)
{
	struct random random;
	struct fixture fixture;
	random_start(&random, "store_commit: killed");
	fixture_make_folder(&fixture, FIXTURE_FILE);
	uint64_t held = 0;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t acknowledged = kill_a_writer(&random, fixture.url, held + 1);
		struct fault fault = {0};
		cr_assert_eq(store_open(fixture.url, &fixture.store, &fault), ERR_OK, "%s", fault.text);
		held = batch_held(fixture.store);
		cr_expect_geq(held, acknowledged, "an acknowledged batch is lost");
		cr_expect_leq(held, acknowledged + 1);
		store_close(fixture.store);
	}
	expect_integrity(fixture.path);
	fixture_remove_folder(&fixture);
}
