/* Two processes on one cluster: what each hears of the other, and where people find a job. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "store/redis_cluster.h"
#include "support/redis_servers.h"

static struct fixture one;
static struct store *other;
static struct redis_address address; /* with the prefix of this test */

static void start(void)
{
	struct fault fault = {0};
	fixture_start(&one, FIXTURE_CLUSTER);
	cr_assert_eq(store_open(one.url, &other, &fault), ERR_OK, "%s", fault.text);
	cr_assert_eq(redis_address_read(strstr(one.url, "//") + 2, REDIS_BY_CLUSTER, &address, &fault), ERR_OK);
}

static void stop(void)
{
	store_close(other);
	fixture_finish(&one);
}

TestSuite(redis_cluster, .init = start, .fini = stop);

/* What people are answered by the node that has the key; "%s" of the command is the key. */
static const char *ask_people(const char *command, const char *key)
{
	static char answer[300];
	for (size_t i = 0; i < address.host_count; i++) {
		redisContext *people = redisConnect(address.hosts[i].name, address.hosts[i].port);
		cr_assert(people != NULL && people->err == 0);
		redisReply *reply = redisCommand(people, command, key);
		cr_assert_not_null(reply);
		bool is_here = reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "MOVED", 5) != 0;
		if (reply->type == REDIS_REPLY_INTEGER)
			snprintf(answer, sizeof answer, "%lld", reply->integer);
		else
			snprintf(answer, sizeof answer, "%s", reply->str != NULL ? reply->str : "nothing");
		freeReplyObject(reply);
		redisFree(people);
		if (is_here)
			return answer;
	}
	cr_assert_fail("no node has the key");
	return NULL;
}

static const char *index_key(const char *job_id, const char *name)
{
	static char key[REDIS_KEY_BYTES];
	redis_lane_key(&address, "progress-index:", redis_lane_of(job_id), name, key);
	return key;
}

static const char *job_key(const char *job_id)
{
	static char key[REDIS_KEY_BYTES];
	redis_lane_key(&address, "progress:", redis_lane_of(job_id), job_id, key);
	return key;
}

static struct store_put put_with_news(const char *job_id, uint64_t expected, const char *news)
{
	struct store_put put = put_of(job_id, expected);
	put.news = (const uint8_t *)news;
	put.news_bytes = strlen(news);
	return put;
}

struct notes {
	char text[2000];
	size_t count;
};

static void note(const struct store_news *news, void *context)
{
	struct notes *notes = context;
	size_t length = strlen(notes->text);
	notes->count++;
	snprintf(notes->text + length, sizeof notes->text - length, "%s%s:%.*s ", news->is_own ? "own " : "", news->job_id,
	         (int)news->length, (const char *)news->bytes);
}

static struct notes hear_shown(struct store *store)
{
	struct notes notes = {.count = 0};
	cr_assert(store_hear(store, STORE_HEAR_SHOWN, note, &notes));
	return notes;
}

Test(redis_cluster, tells_all_commits_of_a_job_in_their_order_to_everybody)
{
	struct store_put first[] = {put_with_news("a", 0, "a1"), put_with_news("b", 0, "b1")};
	commit(one.store, first, 2);
	struct store_put second = put_with_news("a", 1, "a2"), third = put_with_news("a", 2, "a3");
	commit(other, &second, 1);
	commit(one.store, &third, 1);
	commit(other, NULL, 0);
	struct notes heard = hear_shown(other);
	const char *a1 = strstr(heard.text, "a:a1"), *a2 = strstr(heard.text, "own a:a2"), *a3 = strstr(heard.text, "a:a3");
	cr_expect(a1 != NULL && a1 < a2 && a2 < a3, "%s", heard.text);
	cr_expect_not_null(strstr(heard.text, "b:b1"), "%s", heard.text);
	cr_expect_eq(heard.count, 4);
	commit(other, NULL, 0);
	cr_expect_eq(hear_shown(other).count, 0, "each is told once");
}

Test(redis_cluster, tells_no_more_than_was_shown)
{
	struct store_put first = put_with_news("a", 0, "1"), second = put_with_news("a", 1, "2");
	commit(one.store, &first, 1);
	commit(other, NULL, 0);
	commit(one.store, &second, 1);
	cr_expect_str_eq(hear_shown(other).text, "a:1 ");
	commit(other, NULL, 0);
	cr_expect_str_eq(hear_shown(other).text, "a:2 ");
}

Test(store_prove, has_a_commit_show_how_far_other_jobs_are, .init = start, .fini = stop)
{
	struct store_put a = put_with_news("a", 0, "a1"), b = put_with_news("b", 0, "b1");
	cr_assert_neq(redis_lane_of("a"), redis_lane_of("b"));
	commit(one.store, &a, 1);
	store_prove(other, "a");
	commit(other, &b, 1);
	struct notes heard = hear_shown(other);
	cr_expect_not_null(strstr(heard.text, "a:a1"), "%s", heard.text);
	cr_expect_not_null(strstr(heard.text, "own b:b1"), "%s", heard.text);
}

Test(redis_cluster, says_that_one_node_has_lost_commits)
{
	struct notes notes = {.count = 0};
	struct store_put puts[] = {put_of("a", 0), put_of("b", 0)};
	commit(one.store, puts, 2);
	commit(one.store, NULL, 0);
	hear_shown(one.store);
	ask_people("DECR %s", index_key("a", "changes"));
	commit(one.store, NULL, 0);
	cr_expect_not(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes));
	commit(one.store, NULL, 0);
	cr_expect(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes), "once is enough");
	struct store_put next = put_with_news("b", 1, "b2");
	commit(other, &next, 1);
	commit(one.store, NULL, 0);
	cr_expect_str_eq(hear_shown(one.store).text, "b:b2 ", "the other lanes go on");
}

Test(redis_cluster, says_that_one_node_was_emptied)
{
	struct notes notes = {.count = 0};
	struct store_put put = put_of("a", 0);
	commit(one.store, &put, 1);
	commit(one.store, NULL, 0);
	hear_shown(one.store);
	static const char *const names[] = {"store", "changes", "row", "rows", "state:1"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ask_people("DEL %s", index_key("a", names[i]));
	ask_people("DEL %s", job_key("a"));
	commit(one.store, NULL, 0);
	cr_expect_not(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes));
	struct store_put anew = put_of("a", 0);
	commit(one.store, &anew, 1);
	cr_expect_not(anew.is_conflict);
	cr_expect_gt(anew.row, put.row, "a row is never given again");
}

Test(redis_cluster, shows_a_job_to_people_and_leaves_nothing_behind)
{
	struct store_put put = put_of("job-1", 0);
	put.record.parent = "family";
	put.record.expires_ms = 5;
	commit(one.store, &put, 1);
	cr_expect_str_eq(ask_people("HGET %s revision", job_key("job-1")), "1");
	struct store_put removal = removal_of("job-1", 1);
	commit(one.store, &removal, 1);
	cr_expect_str_eq(ask_people("EXISTS %s", job_key("job-1")), "0");
	static const char *const names[] = {"rows", "state:1", "expiry", "parent:family"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect_str_eq(ask_people("EXISTS %s", index_key("job-1", names[i])), "0", "%s", names[i]);
}

Test(redis_cluster, gives_rows_in_the_order_of_creation_as_far_as_heard)
{
	struct listing listing;
	create_jobs(one.store, "j", 200);
	commit(other, NULL, 0);
	cr_assert_eq(hear_shown(other).count, 200);
	create_jobs(other, "k", 200);
	list(one.store, &(struct store_query){.limit = 400}, &listing);
	cr_assert_eq(listing.count, 400);
	for (size_t i = 0; i < 400; i++) {
		char name[16];
		snprintf(name, sizeof name, "%c%zu", i < 200 ? 'k' : 'j', 199 - i % 200);
		cr_assert_str_eq(listing.items[i].job_id, name);
	}
}
