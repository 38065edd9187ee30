/* A node of a cluster that is gone, silent, talks nonsense, or sends us round in circles. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "fixture.h"
#include "support/proxy.h"
#include "support/redis_servers.h"

enum { PATIENCE_MS = 20000, LONGEST_MS = 5000, PAUSE_NS = 10000000 };

static struct fixture fixture; /* its folder */
static struct redis_server server;
static struct proxy proxy; /* where the only node says that it is */
static int port;
static struct store *store;

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static bool is_answered(redisContext *context, const char *command, const char *text)
{
	redisReply *reply = redisCommand(context, command);
	bool is_answered = reply != NULL && reply->str != NULL && strstr(reply->str, text) != NULL;
	freeReplyObject(reply);
	return is_answered;
}

static void start_node(const char *path)
{
	char own[12], bus[12], announced[12];
	snprintf(own, sizeof own, "%d", redis_servers_free_port());
	snprintf(bus, sizeof bus, "%d", redis_servers_free_port());
	snprintf(announced, sizeof announced, "%d", port);
	const char *const options[] = {"--port",
	                               own,
	                               "--bind",
	                               "127.0.0.1",
	                               "--cluster-enabled",
	                               "yes",
	                               "--cluster-port",
	                               bus,
	                               "--cluster-announce-ip",
	                               "127.0.0.1",
	                               "--cluster-announce-port",
	                               announced,
	                               NULL};
	redis_server_start(&server, fixture.folder, options);
	redisContext *people = redisConnectUnix(path);
	cr_assert(people != NULL && people->err == 0);
	cr_assert(is_answered(people, "CLUSTER ADDSLOTSRANGE 0 16383", "OK"));
	int64_t end_ms = clock_steady_ms() + PATIENCE_MS;
	while (!is_answered(people, "CLUSTER INFO", "cluster_state:ok") && clock_steady_ms() < end_ms)
		pause_shortly();
	redisFree(people);
}

static void start(void)
{
	struct fault fault = {0};
	char path[100], url[100];
	fixture_make_folder(&fixture, FIXTURE_CLUSTER);
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof path, "%s/redis.sock", fixture.folder);
	port = proxy_start_on_port(&proxy, path);
	start_node(path);
	snprintf(url, sizeof url, "redis+cluster://127.0.0.1:%d", port);
	cr_assert_eq(store_open(url, &store, &fault), ERR_OK, "%s", fault.text);
	commit(store, NULL, 0); /* connects */
}

static void stop(void)
{
	proxy_stop(&proxy);
	store_close(store);
	redis_server_kill(&server);
	fixture_remove_folder(&fixture);
}

TestSuite(redis_cluster_trouble, .init = start, .fini = stop);

static enum err try_put(const char *job_id, struct fault *ret_fault)
{
	enum store_durability durability;
	struct store_put put = put_of(job_id, 0);
	*ret_fault = (struct fault){0};
	return store_commit(store, &put, 1, &durability, ret_fault);
}

static void expect_return(void)
{
	struct fault fault = {0};
	enum store_durability durability;
	enum err err;
	int64_t end_ms = clock_steady_ms() + PATIENCE_MS;
	while ((err = store_commit(store, NULL, 0, &durability, &fault)) != ERR_OK && clock_steady_ms() < end_ms)
		pause_shortly();
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
}

static uint64_t revision_of(const char *job_id)
{
	struct fault fault = {0};
	struct store_load load = {.job_id = job_id};
	cr_assert_eq(store_load_all(store, &load, 1, &fault), ERR_OK, "%s", fault.text);
	free(load.payload);
	return load.revision;
}

Test(redis_cluster_trouble, makes_a_commit_once_whose_answer_was_lost)
{
	struct store_put puts[] = {put_of("a", 0), put_of("b", 0)};
	atomic_store(&proxy.mode, PROXY_CUT_ONCE);
	commit(store, puts, 2);
	cr_expect_not(puts[0].is_conflict || puts[1].is_conflict);
	cr_expect_eq(revision_of("a"), 1);
	cr_expect_eq(revision_of("b"), 1);
}

Test(redis_cluster_trouble, says_unavailable_and_comes_back)
{
	static const enum proxy_mode modes[] = {PROXY_CLOSE, PROXY_SILENT};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		struct fault fault;
		struct store_load load = {.job_id = "a"};
		atomic_store(&proxy.mode, modes[i]);
		cr_expect_eq(try_put("a", &fault), ERR_UNAVAILABLE, "mode %d", modes[i]);
		cr_expect_eq(store_load_all(store, &load, 1, &fault), ERR_UNAVAILABLE);
		atomic_store(&proxy.mode, PROXY_PASS);
		expect_return();
	}
}

Test(redis_cluster_trouble, knows_what_the_nodes_errors_mean)
{
	char circle[60], detour[60];
	snprintf(circle, sizeof circle, "-MOVED 1 127.0.0.1:%d\r\n", port);
	snprintf(detour, sizeof detour, "-ASK 1 127.0.0.1:%d\r\n", port);
	const struct {
		const char *said;
		enum err code;
	} errors[] = {
	    {circle, ERR_UNAVAILABLE},
	    {detour, ERR_UNAVAILABLE},
	    {"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", ERR_UNAVAILABLE},
	    {"-CLUSTERDOWN The cluster is down\r\n", ERR_UNAVAILABLE},
	    {"-MOVED 1 nowhere\r\n", ERR_INTERNAL},
	    {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", ERR_RESOURCE_EXHAUSTED},
	    {"+OK\r\n", ERR_UNAVAILABLE},
	    {"*2\r\n$1\r\n1\r\n:-5\r\n", ERR_UNAVAILABLE},
	};
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct fault fault;
		expect_return();
		proxy.said = errors[i].said;
		atomic_store(&proxy.mode, PROXY_SAY);
		int64_t begin_ms = clock_steady_ms();
		cr_expect_eq(try_put("a", &fault), errors[i].code, "%s: %s", errors[i].said, fault.text);
		cr_expect_lt(clock_steady_ms() - begin_ms, LONGEST_MS, "%s", errors[i].said);
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
	struct store_note note = {0};
	bool is_conflict;
	if (store_load_all(store, &load, 1, &fault) == ERR_OK)
		free(load.payload);
	(void)!try_put("x", &fault);
	(void)!store_list(store, &(struct store_query){.limit = 5, .states = 6}, visit_nothing, NULL, &fault);
	(void)!store_expired(store, 1000, 5, visit_nothing, NULL, &fault);
	if (store_load_note(store, "note", &note, &fault) == ERR_OK)
		free(note.bytes);
	(void)!store_put_note(store, "note", 7, (const uint8_t *)"n", 1, &is_conflict, &fault);
}

Test(redis_cluster_trouble, survives_nonsense)
{
	create_jobs(store, "j", 3);
	for (int round = 0; round < 6; round++) {
		expect_return();
		atomic_store(&proxy.mode, round % 2 == 0 ? PROXY_GARBAGE : PROXY_MUTATE);
		ask_everything();
		atomic_store(&proxy.mode, PROXY_PASS);
	}
	expect_return();
	cr_expect_eq(revision_of("j2"), 1);
}

Test(redis_cluster_trouble, does_not_open_what_is_no_cluster)
{
	struct fault fault = {0};
	struct store *opened = NULL;
	char url[100];
	snprintf(url, sizeof url, "redis+cluster://127.0.0.1:%d", redis_servers_free_port());
	cr_expect_eq(store_open(url, &opened, &fault), ERR_UNAVAILABLE);
	proxy.said = "220 mail.example.org ESMTP\r\n";
	atomic_store(&proxy.mode, PROXY_SAY);
	snprintf(url, sizeof url, "redis+cluster://127.0.0.1:%d", port);
	cr_expect_eq(store_open(url, &opened, &fault), ERR_UNAVAILABLE);
	atomic_store(&proxy.mode, PROXY_PASS);
	snprintf(url, sizeof url, "redis+cluster://:wrong-secret@127.0.0.1:%d", port);
	cr_expect_eq(store_open(url, &opened, &fault), ERR_FAILED_PRECONDITION, "%s", fault.text);
}
