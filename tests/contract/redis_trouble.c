/* A Redis that is gone, silent, or talks nonsense; answers that are lost on their way. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "support/proxy.h"

enum { PATIENCE_MS = 20000 };

static struct fixture fixture;
static struct proxy proxy;
static struct store *store; /* by way of the proxy */

static void start(void)
{
	struct fault fault = {0};
	char path[100], server_path[100], url[200];
	fixture_start(&fixture, FIXTURE_REDIS);
	snprintf(path, sizeof path, "%s/proxy.sock", fixture.folder);
	snprintf(server_path, sizeof server_path, "%s/redis.sock", fixture.folder);
	snprintf(url, sizeof url, "redis+unix://%s?prefix=test:", path);
	proxy_start(&proxy, path, server_path);
	cr_assert_eq(store_open(url, &store, &fault), ERR_OK, "%s", fault.text);
	commit(store, NULL, 0); /* connects */
}

static void stop(void)
{
	proxy_stop(&proxy);
	store_close(store);
	fixture_finish(&fixture);
}

TestSuite(redis_trouble, .init = start, .fini = stop);

static uint64_t revision_of(struct store *any, const char *job_id)
{
	struct fault fault = {0};
	struct store_load load = {.job_id = job_id};
	cr_assert_eq(store_load_all(any, &load, 1, &fault), ERR_OK, "%s", fault.text);
	free(load.payload);
	return load.revision;
}

static enum err try_put(const char *job_id, uint64_t expected, struct fault *ret_fault)
{
	enum store_durability durability;
	struct store_put put = put_of(job_id, expected);
	*ret_fault = (struct fault){0};
	return store_commit(store, &put, 1, &durability, ret_fault);
}

/* Tries until the store serves again. */
static void expect_return(void)
{
	struct fault fault = {0};
	enum store_durability durability;
	enum err err;
	int64_t end_ms = clock_steady_ms() + PATIENCE_MS;
	do {
		err = store_commit(store, NULL, 0, &durability, &fault);
		if (err != ERR_OK)
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	} while (err != ERR_OK && clock_steady_ms() < end_ms);
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
}

static void count(const struct store_news *news, void *context)
{
	*(int *)context += !news->is_sign;
}

static int heard_by_other(void)
{
	int heard = 0;
	commit(fixture.store, NULL, 0);
	cr_assert(store_hear(fixture.store, STORE_HEAR_SHOWN, count, &heard));
	return heard;
}

Test(redis_trouble, makes_a_commit_once_whose_answer_was_lost)
{
	struct store_put puts[] = {put_of("a", 0), put_of("b", 0)};
	atomic_store(&proxy.mode, PROXY_CUT_ONCE);
	commit(store, puts, 2);
	cr_expect_not(puts[0].is_conflict || puts[1].is_conflict);
	cr_expect_eq(revision_of(store, "a"), 1);
	cr_expect_eq(heard_by_other(), 2);
}

Test(redis_trouble, makes_a_removal_once_whose_answer_was_lost)
{
	create_jobs(store, "j", 1);
	heard_by_other();
	struct store_put removal = removal_of("j0", 1);
	atomic_store(&proxy.mode, PROXY_CUT_ONCE);
	commit(store, &removal, 1);
	cr_expect_not(removal.is_conflict);
	cr_expect_eq(revision_of(store, "j0"), 0);
	cr_expect_eq(heard_by_other(), 1);
}

Test(redis_trouble, finds_the_conflict_of_a_commit_that_somebody_overtook)
{
	struct store_put put = put_of("a", 0), overtaking = put_of("a", 0);
	commit(fixture.store, &overtaking, 1);
	atomic_store(&proxy.mode, PROXY_CUT_ONCE);
	commit(store, &put, 1);
	cr_expect(put.is_conflict);
}

Test(redis_trouble, says_unavailable_and_comes_back)
{
	static const enum proxy_mode modes[] = {PROXY_CLOSE, PROXY_SILENT};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		struct fault fault;
		atomic_store(&proxy.mode, modes[i]);
		cr_expect_eq(try_put("a", 0, &fault), ERR_UNAVAILABLE, "mode %d", modes[i]);
		cr_expect_str_eq(fault.reason, "STORE_UNREACHABLE", "mode %d: %s", modes[i], fault.text);
		struct store_load load = {.job_id = "a"};
		cr_expect_eq(store_load_all(store, &load, 1, &fault), ERR_UNAVAILABLE);
		atomic_store(&proxy.mode, PROXY_PASS);
		expect_return();
	}
}

Test(redis_trouble, knows_what_the_servers_errors_mean)
{
	static const struct {
		const char *said;
		enum err code;
	} errors[] = {
	    {"-LOADING Redis is loading the dataset in memory\r\n", ERR_UNAVAILABLE},
	    {"-READONLY You can't write against a read only replica.\r\n", ERR_UNAVAILABLE},
	    {"-NOAUTH Authentication required.\r\n", ERR_UNAVAILABLE},
	    {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", ERR_RESOURCE_EXHAUSTED},
	    {"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n", ERR_INTERNAL},
	    {"+OK\r\n", ERR_UNAVAILABLE},
	    {":7\r\n", ERR_UNAVAILABLE},
	    {"*2\r\n$1\r\n1\r\n:-5\r\n", ERR_UNAVAILABLE},
	    {"*1\r\n*1\r\n*0\r\n", ERR_UNAVAILABLE},
	    {"HTTP/1.1 400 Bad Request\r\n\r\n", ERR_UNAVAILABLE},
	};
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct fault fault;
		expect_return();
		proxy.said = errors[i].said;
		atomic_store(&proxy.mode, PROXY_SAY);
		cr_expect_eq(try_put("a", 0, &fault), errors[i].code, "%s: %s", errors[i].said, fault.text);
		atomic_store(&proxy.mode, PROXY_PASS);
	}
}

static bool visit_nothing(const struct store_record *record, int64_t row, void *context)
{
	(void)row;
	(void)context;
	return record->job_id != NULL;
}

/* Each way of asking, whatever is answered: an answer or an error, in bounded time. */
static void ask_everything(void)
{
	struct fault fault;
	struct store_load load = {.job_id = "j0"};
	if (store_load_all(store, &load, 1, &fault) == ERR_OK)
		free(load.payload);
	(void)!try_put("j1", 1, &fault);
	(void)!store_list(store, &(struct store_query){.limit = 5, .states = 6}, visit_nothing, NULL, &fault);
	(void)!store_expired(store, 1000, 5, visit_nothing, NULL, &fault);
}

Test(redis_trouble, survives_nonsense)
{
	create_jobs(fixture.store, "j", 3);
	for (int round = 0; round < 8; round++) {
		expect_return();
		atomic_store(&proxy.mode, round % 2 == 0 ? PROXY_GARBAGE : PROXY_MUTATE);
		ask_everything();
		atomic_store(&proxy.mode, PROXY_PASS);
	}
	expect_return();
	cr_expect_eq(revision_of(store, "j2"), 1);
}

Test(redis_trouble, comes_back_to_a_server_that_was_killed)
{
	static const char *const options[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
	struct fault fault;
	redis_server_kill(&fixture.server);
	redis_server_start(&fixture.server, fixture.folder, options);
	expect_return();
	create_jobs(store, "kept", 5);
	redis_server_kill(&fixture.server);
	cr_expect_eq(try_put("lost", 0, &fault), ERR_UNAVAILABLE);
	redis_server_start(&fixture.server, fixture.folder, options);
	expect_return();
	cr_expect_eq(revision_of(store, "kept4"), 1);
}

static void expect_refusal(const char *url, enum err code, const char *text)
{
	struct fault fault = {0};
	struct store *opened = NULL;
	cr_expect_eq(store_open(url, &opened, &fault), code, "%s: %s", url, fault.text);
	cr_expect_not_null(strstr(fault.text, text), "\"%s\" does not say \"%s\"", fault.text, text);
	store_close(opened);
}

Test(redis_trouble, does_not_open_what_is_no_redis_or_lets_nobody_in)
{
	char url[200];
	snprintf(url, sizeof url, "redis+unix://%s/nobody.sock", fixture.folder);
	expect_refusal(url, ERR_UNAVAILABLE, "Redis");
	snprintf(url, sizeof url, "redis+unix://:wrong-secret@%s/proxy.sock", fixture.folder);
	expect_refusal(url, ERR_FAILED_PRECONDITION, "does not let us in");
	proxy.said = "220 mail.example.org ESMTP\r\n";
	atomic_store(&proxy.mode, PROXY_SAY);
	snprintf(url, sizeof url, "redis+unix://%s/proxy.sock", fixture.folder);
	expect_refusal(url, ERR_UNAVAILABLE, "Redis");
}
