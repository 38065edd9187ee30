/* The feed: who is told, who is woken, in which order, and who is not. */
#include "feed/feed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"

static struct feed feed;

static void init(void)
{
	feed_init(&feed, &feed_history_limits_default);
}

static void finish(void)
{
	feed_finish(&feed);
}

static void await(struct feed_waiter *waiter, const char *job_id, uint64_t after_revision)
{
	*waiter = (struct feed_waiter){.after_revision = after_revision};
	list_init(&waiter->link);
	cr_assert(feed_wait(&feed, waiter, job_id));
}

static void publish(const char *job_id, uint64_t revision)
{
	feed_publish(
	    &feed, &(struct feed_change){.facts = {.job_id = job_id, .pipeline = "", .parent = ""}, .revision = revision});
}

static void publish_removal(const char *job_id, uint64_t revision)
{
	feed_publish(&feed, &(struct feed_change){.facts = {.job_id = job_id, .pipeline = "", .parent = ""},
	                                          .revision = revision,
	                                          .is_removal = true});
}

TestSuite(feed_publish, .init = init, .fini = finish);
TestSuite(feed_stop_waiting, .init = init, .fini = finish);
TestSuite(feed_listener, .init = init, .fini = finish);

Test(feed_publish, wakes_nobody_when_nobody_waits)
{
	publish("a", 1);
	cr_assert_null(feed_take_woken(&feed));
}

Test(feed_publish, wakes_a_waiter_of_the_job_beyond_its_revision)
{
	struct feed_waiter waiter;
	await(&waiter, "a", 5);
	cr_assert_eq(feed.waiter_count, 1);
	publish("a", 4);
	publish("a", 5);
	publish("b", 9);
	publish("aa", 9);
	cr_assert_null(feed_take_woken(&feed));
	publish("a", 6);
	cr_assert_eq(feed_take_woken(&feed), &waiter);
	cr_assert_null(waiter.topic);
	cr_assert_null(feed_take_woken(&feed));
	cr_assert_eq(feed.waiter_count, 0);
	cr_assert_eq(feed.topics.count, 0);
}

Test(feed_publish, wakes_all_waiters_of_a_job_that_is_gone)
{
	struct feed_waiter near, far;
	await(&near, "a", 0);
	await(&far, "a", UINT64_MAX);
	publish_removal("a", 3);
	cr_assert_eq(feed_take_woken(&feed), &near);
	cr_assert_eq(feed_take_woken(&feed), &far);
}

Test(feed_publish, wakes_in_the_order_of_waiting_and_keeps_the_others)
{
	struct feed_waiter waiters[6];
	for (uint64_t i = 0; i < 6; i++)
		await(&waiters[i], "a", i % 2 == 0 ? 1 : 7);
	publish("a", 2);
	for (int i = 0; i < 6; i += 2)
		cr_assert_eq(feed_take_woken(&feed), &waiters[i]);
	cr_assert_null(feed_take_woken(&feed));
	cr_assert_eq(feed.waiter_count, 3);
	publish("a", 8);
	for (int i = 1; i < 6; i += 2)
		cr_assert_eq(feed_take_woken(&feed), &waiters[i]);
}

Test(feed_publish, wakes_by_the_order_of_changes_across_jobs)
{
	struct feed_waiter first, second;
	await(&first, "a", 0);
	await(&second, "b", 0);
	publish("b", 1);
	publish("a", 1);
	cr_assert_eq(feed_take_woken(&feed), &second);
	cr_assert_eq(feed_take_woken(&feed), &first);
}

Test(feed_publish, does_not_need_the_name_that_was_waited_for_to_live_on)
{
	struct feed_waiter waiter;
	char name[] = "a";
	await(&waiter, name, 0);
	name[0] = 'x';
	publish("a", 1);
	cr_assert_eq(feed_take_woken(&feed), &waiter);
}

Test(feed_publish, lets_a_woken_waiter_wait_again)
{
	struct feed_waiter waiter;
	await(&waiter, "a", 0);
	for (uint64_t revision = 1; revision <= 3; revision++) {
		publish("a", revision);
		cr_assert_eq(feed_take_woken(&feed), &waiter);
		waiter.after_revision = revision;
		cr_assert(feed_wait(&feed, &waiter, "a"));
	}
	feed_stop_waiting(&feed, &waiter);
}

Test(feed_stop_waiting, is_harmless_when_not_waiting)
{
	struct feed_waiter waiter = {0};
	list_init(&waiter.link);
	feed_stop_waiting(&feed, &waiter);
	feed_stop_waiting(&feed, &waiter);
	cr_assert_eq(feed.waiter_count, 0);
}

Test(feed_stop_waiting, leaves_the_others_waiting)
{
	struct feed_waiter waiters[3];
	for (int i = 0; i < 3; i++)
		await(&waiters[i], "a", 0);
	feed_stop_waiting(&feed, &waiters[1]);
	publish("a", 1);
	cr_assert_eq(feed_take_woken(&feed), &waiters[0]);
	cr_assert_eq(feed_take_woken(&feed), &waiters[2]);
	cr_assert_null(feed_take_woken(&feed));
}

Test(feed_stop_waiting, takes_out_a_waiter_that_is_woken_already)
{
	struct feed_waiter waiters[3];
	for (int i = 0; i < 3; i++)
		await(&waiters[i], "a", 0);
	publish("a", 1);
	feed_stop_waiting(&feed, &waiters[0]);
	feed_stop_waiting(&feed, &waiters[2]);
	cr_assert_eq(feed_take_woken(&feed), &waiters[1]);
	cr_assert_null(feed_take_woken(&feed));
	cr_assert_eq(feed.waiter_count, 0);
}

Test(feed_stop_waiting, closes_the_topic_with_its_last_waiter)
{
	struct feed_waiter waiters[2];
	await(&waiters[0], "a", 0);
	await(&waiters[1], "a", 0);
	feed_stop_waiting(&feed, &waiters[0]);
	cr_assert_eq(feed.topics.count, 1);
	feed_stop_waiting(&feed, &waiters[1]);
	cr_assert_eq(feed.topics.count, 0);
}

struct ear {
	struct feed_listener listener; /* first */
	bool is_deaf;
	char heard[100];
};

static bool is_ear_open(const struct feed_listener *listener)
{
	return !((const struct ear *)(const void *)listener)->is_deaf;
}

static void hear(struct feed_listener *listener, const char *job_id, const uint8_t *event, size_t event_bytes)
{
	struct ear *ear = LIST_MEMBER(listener, struct ear, listener);
	size_t length = strlen(ear->heard);
	snprintf(ear->heard + length, sizeof ear->heard - length, "%s:%.*s ", job_id, (int)event_bytes,
	         (const char *)event);
}

static void tell(const char *job_id, const char *event, bool is_removal)
{
	feed_publish(&feed, &(struct feed_change){.facts = {.job_id = job_id, .pipeline = "", .parent = ""},
	                                          .revision = 1,
	                                          .is_removal = is_removal,
	                                          .event = (const uint8_t *)event,
	                                          .event_bytes = strlen(event)});
}

Test(feed_listener, is_told_every_change_of_every_job_in_order)
{
	struct ear one = {.listener.tell = hear}, two = {.listener = {.tell = hear, .is_listening = is_ear_open}};
	feed_add_listener(&feed, &one.listener);
	feed_add_listener(&feed, &two.listener);
	tell("a", "x", false);
	tell("b", "yy", true);
	cr_assert_str_eq(one.heard, "a:x b:yy ");
	cr_assert_str_eq(two.heard, "a:x b:yy ");
	feed_remove_listener(&feed, &one.listener);
	tell("a", "z", false);
	cr_assert_str_eq(one.heard, "a:x b:yy ");
	cr_assert_str_eq(two.heard, "a:x b:yy a:z ");
	feed_remove_listener(&feed, &two.listener);
}

Test(feed_listener, is_not_told_while_it_does_not_listen)
{
	struct ear ear = {.listener = {.tell = hear, .is_listening = is_ear_open}, .is_deaf = true};
	feed_add_listener(&feed, &ear.listener);
	tell("a", "x", false);
	ear.is_deaf = false;
	tell("a", "y", false);
	cr_assert_str_eq(ear.heard, "a:y ");
	feed_remove_listener(&feed, &ear.listener);
}

enum { TOPICS = 300, WAITERS = 2000 };

static void name_topic(char name[16], uint64_t number)
{
	snprintf(name, 16, "job-%u", (unsigned)number);
}

struct guest {
	struct feed_waiter waiter;
	uint64_t topic;
	bool is_waiting;
};

static struct guest guests[WAITERS];

static void visit(struct random *random, struct guest *guest)
{
	char name[16];
	if (guest->is_waiting && random_below(random, 3) == 0) {
		feed_stop_waiting(&feed, &guest->waiter);
		guest->is_waiting = false;
	} else if (!guest->is_waiting) {
		guest->topic = random_below(random, TOPICS);
		name_topic(name, guest->topic);
		await(&guest->waiter, name, random_below(random, 10));
		guest->is_waiting = true;
	}
}

static bool concerns(const struct guest *guest, uint64_t topic, uint64_t revision)
{
	return guest->is_waiting && guest->topic == topic && revision > guest->waiter.after_revision;
}

static void publish_and_check(uint64_t topic, uint64_t revision)
{
	char name[16];
	size_t expected = 0, woken = 0;
	for (size_t i = 0; i < WAITERS; i++)
		expected += concerns(&guests[i], topic, revision);
	name_topic(name, topic);
	publish(name, revision);
	for (struct feed_waiter *waiter; (waiter = feed_take_woken(&feed)) != NULL; woken++) {
		struct guest *guest = LIST_MEMBER(waiter, struct guest, waiter);
		cr_assert(concerns(guest, topic, revision));
		guest->is_waiting = false;
	}
	cr_assert_eq(woken, expected);
}

Test(feed_publish, agrees_with_a_search_over_many_topics_and_waiters)
{
	struct random random;
	random_start(&random, "feed_publish");
	for (int i = 0; i < 20000; i++) {
		visit(&random, &guests[random_below(&random, WAITERS)]);
		if (random_below(&random, 8) == 0)
			publish_and_check(random_below(&random, TOPICS), random_below(&random, 12));
	}
	for (size_t i = 0; i < WAITERS; i++)
		if (guests[i].is_waiting)
			feed_stop_waiting(&feed, &guests[i].waiter);
	cr_assert_eq(feed.waiter_count, 0);
	cr_assert_eq(feed.topics.count, 0);
}

TestSuite(feed_wait_for_some, .init = init, .fini = finish);

/* Waits for a change of any of the jobs in the filter. */
static void await_some(struct feed_waiter *waiter, const struct feed_filter *filter, struct feed_post *posts)
{
	*waiter = (struct feed_waiter){.filter = filter};
	list_init(&waiter->link);
	cr_assert(feed_wait_for_some(&feed, waiter, posts));
}

Test(feed_wait_for_some, is_woken_once_by_the_first_of_its_jobs)
{
	const char *ids[] = {"a", "b", "c"};
	struct feed_filter filter = {.job_ids = ids, .job_id_count = 3};
	struct feed_post posts[3], other_posts[3];
	struct feed_waiter waiter, other, alone;
	await_some(&waiter, &filter, posts);
	await_some(&other, &filter, other_posts);
	await(&alone, "b", 0);
	cr_assert_eq(feed.waiter_count, 3);
	publish("d", 1);
	cr_assert_null(feed_take_woken(&feed));
	publish("b", 1);
	cr_assert_eq(feed_take_woken(&feed), &alone);
	cr_assert_eq(feed_take_woken(&feed), &waiter);
	cr_assert_eq(waiter.quiet_until, 1);
	cr_assert_eq(feed_take_woken(&feed), &other);
	publish("a", 1);
	publish("c", 1);
	cr_assert_null(feed_take_woken(&feed));
	cr_assert_eq(feed.topics.count, 0, "nobody waits for any of them any more");
}

Test(feed_wait_for_some, is_not_woken_by_what_its_filter_keeps_back)
{
	const char *ids[] = {"a", "b"};
	struct feed_filter filter = {.job_ids = ids, .job_id_count = 2, .pipeline = "other"};
	struct feed_post posts[2];
	struct feed_waiter waiter;
	await_some(&waiter, &filter, posts);
	publish("a", 1);
	cr_assert_null(feed_take_woken(&feed));
	feed_stop_waiting(&feed, &waiter);
	cr_assert_eq(feed.waiter_count, 0);
	cr_assert_eq(feed.topics.count, 0);
	feed_stop_waiting(&feed, &waiter);
}

Test(feed_wait_for_some, leaves_the_topics_of_others_alone)
{
	const char *ids[] = {"a", "b"};
	struct feed_filter filter = {.job_ids = ids, .job_id_count = 2};
	struct feed_post posts[2];
	struct feed_waiter waiter, alone;
	await(&alone, "a", 5);
	await_some(&waiter, &filter, posts);
	publish("a", 1);
	cr_assert_eq(feed_take_woken(&feed), &waiter);
	publish("a", 6);
	cr_assert_eq(feed_take_woken(&feed), &alone);
}
