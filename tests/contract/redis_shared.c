/* Several processes on one Redis: what each hears of the others, and what people see in it. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "job/job.h"

enum { PATIENCE_MS = 10000 };

static struct fixture one;
static struct store *other;
static redisContext *people; /* who look into the store beside us */

static void start(void)
{
	struct fault fault = {0};
	char path[100];
	fixture_start(&one, FIXTURE_REDIS);
	cr_assert_eq(store_open(one.url, &other, &fault), ERR_OK, "%s", fault.text);
	snprintf(path, sizeof path, "%s/redis.sock", one.folder);
	people = redisConnectUnix(path);
	cr_assert(people != NULL && people->err == 0);
}

static void stop(void)
{
	redisFree(people);
	store_close(other);
	fixture_finish(&one);
}

TestSuite(store_hear, .init = start, .fini = stop);
TestSuite(redis, .init = start, .fini = stop);

/* ---- hearing ---- */

struct notes {
	char text[4000];
	size_t count;
};

static void note(const struct store_news *news, void *context)
{
	struct notes *notes = context;
	size_t length = strlen(notes->text);
	notes->count++;
	snprintf(notes->text + length, sizeof notes->text - length, "%s%s:%.*s ", news->is_own ? "own " : "", news->job_id,
	         news->is_sign ? 4 : (int)news->length, news->is_sign ? "sign" : (const char *)news->bytes);
}

static struct store_put put_with_news(const char *job_id, uint64_t expected, const char *news)
{
	struct store_put put = put_of(job_id, expected);
	put.news = (const uint8_t *)news;
	put.news_bytes = strlen(news);
	return put;
}

/* Asks how far the store is, which the next hearing waits for. */
static void ask(struct store *store)
{
	commit(store, NULL, 0);
}

static struct notes hear_all(struct store *store)
{
	struct notes notes = {.count = 0};
	ask(store);
	cr_assert(store_hear(store, STORE_HEAR_SHOWN, note, &notes));
	return notes;
}

Test(store_hear, tells_all_commits_in_their_order_to_everybody)
{
	struct store_put puts[] = {put_with_news("a", 0, "a1"), put_with_news("b", 0, "b1")};
	commit(one.store, puts, 2);
	struct store_put of_other = put_with_news("a", 1, "a2");
	commit(other, &of_other, 1);
	struct store_put removal = removal_of("b", 1);
	removal.news = (const uint8_t *)"gone";
	removal.news_bytes = 4;
	commit(one.store, &removal, 1);
	cr_expect_str_eq(hear_all(one.store).text, "own a:a1 own b:b1 a:a2 own b:gone ");
	cr_expect_str_eq(hear_all(other).text, "a:a1 b:b1 own a:a2 b:gone ");
	cr_expect_eq(hear_all(other).count, 0, "each is told once");
}

Test(store_hear, tells_no_more_than_was_shown)
{
	struct notes notes = {.count = 0};
	struct store_put first = put_with_news("a", 0, "1"), second = put_with_news("a", 1, "2");
	commit(one.store, &first, 1);
	ask(other);
	commit(one.store, &second, 1);
	cr_assert(store_hear(other, STORE_HEAR_SHOWN, note, &notes));
	cr_expect_str_eq(notes.text, "a:1 ");
	cr_expect_str_eq(hear_all(other).text, "a:2 ");
}

Test(store_hear, tells_nothing_of_what_met_a_conflict)
{
	struct store_put puts[] = {put_with_news("a", 0, "made"), put_with_news("b", 7, "not")};
	commit(one.store, puts, 2);
	cr_expect(puts[1].is_conflict);
	cr_expect_str_eq(hear_all(other).text, "a:made ");
}

static void note_wake(void *context)
{
	atomic_int *wakes = context;
	atomic_fetch_add(wakes, 1);
}

Test(store_hear, wakes_who_listens_and_passes_on_signs_of_life_of_others)
{
	atomic_int wakes = 0;
	struct notes notes = {.count = 0};
	const char *job_ids[] = {"a", "b"};
	store_listen(other, note_wake, &wakes);
	commit(one.store, NULL, 0); /* connects */
	store_sign(one.store, job_ids, 2);
	for (int64_t end_ms = clock_steady_ms() + PATIENCE_MS; notes.count < 2 && clock_steady_ms() < end_ms;)
		cr_assert(store_hear(other, STORE_HEAR_ARRIVED, note, &notes));
	cr_expect_str_eq(notes.text, "a:sign b:sign ");
	cr_expect_gt(atomic_load(&wakes), 0);
	cr_expect_eq(hear_all(one.store).count, 0, "its own signs are no news");
	store_listen(other, NULL, NULL);
}

Test(store_hear, says_that_the_store_was_emptied)
{
	struct store_put put = put_with_news("a", 0, "1");
	commit(one.store, &put, 1);
	hear_all(one.store);
	freeReplyObject(redisCommand(people, "FLUSHALL"));
	struct notes notes = {.count = 0};
	ask(one.store);
	cr_expect_not(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes));
	put = put_with_news("a", 0, "anew");
	commit(one.store, &put, 1);
	cr_expect_not(put.is_conflict);
}

/* Somebody takes commits away from under us: the numbers are lower than what was told. */
Test(store_hear, says_that_the_store_has_lost_commits)
{
	create_jobs(one.store, "j", 3);
	hear_all(one.store);
	freeReplyObject(redisCommand(people, "DECRBY test:progress-index:changes 2"));
	struct notes notes = {.count = 0};
	ask(one.store);
	cr_expect_not(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes));
	ask(one.store);
	cr_expect(store_hear(one.store, STORE_HEAR_SHOWN, note, &notes), "once is enough");
}

/* ---- what people see ---- */

static const char *ask_people(const char *command)
{
	static char answer[300];
	redisReply *reply = redisCommand(people, command);
	cr_assert_not_null(reply);
	snprintf(answer, sizeof answer, "%s", reply->str != NULL ? reply->str : "nothing");
	freeReplyObject(reply);
	return answer;
}

Test(redis, shows_a_job_to_people_as_a_hash)
{
	char key[] = "video_id", value[] = "v 1";
	struct job_entry metadata = {key, value};
	struct store_put put = put_of("job-1", 0);
	put.record.stage = STAGE_ANALYZING;
	put.record.progress = 61;
	put.record.message = "looking";
	put.record.metadata = &metadata;
	put.record.metadata_count = 1;
	commit(one.store, &put, 1);
	cr_expect_str_eq(ask_people("HGET test:progress:job-1 status"), "analyzing");
	cr_expect_str_eq(ask_people("HGET test:progress:job-1 progress"), "61");
	cr_expect_str_eq(ask_people("HGET test:progress:job-1 message"), "looking");
	cr_expect_str_eq(ask_people("HGET test:progress:job-1 revision"), "1");
	cr_expect_str_eq(ask_people("HGET test:progress:job-1 metadata.video_id"), "v 1");
}

Test(redis, leaves_nothing_behind_of_a_removed_job)
{
	struct store_put put = put_of("job", 0);
	put.record.parent = "family";
	put.record.expires_ms = 5;
	commit(one.store, &put, 1);
	struct store_put removal = removal_of("job", 1);
	commit(one.store, &removal, 1);
	redisReply *reply = redisCommand(people, "KEYS *");
	cr_expect_eq(reply->elements, 3, "the store's name, its last row, its last commit");
	freeReplyObject(reply);
}

Test(redis, keeps_prefixes_apart)
{
	struct fault fault = {0};
	struct store *strange;
	char url[200];
	snprintf(url, sizeof url, "redis+unix://%s/redis.sock?prefix=other:", one.folder);
	create_jobs(one.store, "j", 2);
	cr_assert_eq(store_open(url, &strange, &fault), ERR_OK, "%s", fault.text);
	struct listing listing;
	list(strange, &(struct store_query){.limit = 5}, &listing);
	cr_expect_eq(listing.count, 0);
	create_jobs(strange, "k", 1);
	list(one.store, &(struct store_query){.limit = 5}, &listing);
	cr_expect_str_eq(names_of(&listing), "j1 j0");
	store_close(strange);
}

static void expect_durability(enum store_durability durability)
{
	int64_t end_ms = clock_steady_ms() + PATIENCE_MS;
	while (store_durability(one.store) != durability && clock_steady_ms() < end_ms)
		sched_yield();
	cr_expect_eq(store_durability(one.store), durability);
}

Test(redis, follows_what_the_servers_settings_make_a_commit_worth)
{
	cr_expect_eq(store_durability(one.store), STORE_MEMORY);
	ask_people("CONFIG SET appendonly yes");
	expect_durability(STORE_WRITTEN);
	ask_people("CONFIG SET appendfsync always");
	expect_durability(STORE_SYNCED);
	ask_people("CONFIG SET no-appendfsync-on-rewrite yes");
	expect_durability(STORE_WRITTEN);
	ask_people("CONFIG SET appendonly no");
	expect_durability(STORE_MEMORY);
}

Test(redis, does_not_take_a_strange_key_for_a_job)
{
	struct fault fault = {0};
	struct store_load load = {.job_id = "x"};
	ask_people("HSET test:progress:x row 1 colour red");
	cr_expect_eq(store_load_all(one.store, &load, 1, &fault), ERR_INTERNAL);
	ask_people("DEL test:progress:x");
	ask_people("SET test:progress:x red");
	cr_expect_eq(store_load_all(one.store, &load, 1, &fault), ERR_INTERNAL);
	ask_people("DEL test:progress:x");
	cr_expect_eq(store_load_all(one.store, &load, 1, &fault), ERR_OK);
}
