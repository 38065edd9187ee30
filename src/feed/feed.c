/* Who is told of what: a list of listeners, and a list of waiters for each job that somebody waits for. */
#include "feed/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct feed_topic {
	struct list waiters;
	char job_id[]; /* the topic's key */
};

void feed_init(struct feed *feed, const struct feed_history_limits *limits)
{
	feed_history_init(&feed->history, limits);
	list_init(&feed->watchers);
	list_init(&feed->listeners);
	list_init(&feed->woken);
	map_init(&feed->topics);
	feed->waiter_count = 0;
}

void feed_finish(struct feed *feed)
{
	assert(feed->waiter_count == 0 && list_is_empty(&feed->woken) && feed->topics.count == 0);
	map_finish(&feed->topics);
	feed_history_finish(&feed->history);
}

void feed_add_listener(struct feed *feed, struct feed_listener *listener)
{
	list_append(&feed->listeners, &listener->link);
}

void feed_remove_listener(struct feed *feed, struct feed_listener *listener)
{
	(void)feed;
	list_remove(&listener->link);
}

static bool is_listening(const struct feed_listener *listener)
{
	return listener->is_listening == NULL || listener->is_listening(listener);
}

static struct feed_topic *open_topic(struct feed *feed, const char *job_id)
{
	struct feed_topic *topic = map_find(&feed->topics, job_id);
	if (topic != NULL)
		return topic;
	size_t bytes = strlen(job_id) + 1;
	topic = malloc(sizeof *topic + bytes);
	if (topic == NULL)
		return NULL;
	list_init(&topic->waiters);
	memcpy(topic->job_id, job_id, bytes);
	if (map_put(&feed->topics, topic->job_id, topic))
		return topic;
	free(topic);
	return NULL;
}

bool feed_wait(struct feed *feed, struct feed_waiter *waiter, const char *job_id)
{
	assert(waiter->topic == NULL && !waiter->is_for_any);
	struct feed_topic *topic = open_topic(feed, job_id);
	if (topic == NULL)
		return false;
	waiter->topic = topic;
	list_append(&topic->waiters, &waiter->link);
	feed->waiter_count++;
	return true;
}

void feed_wait_for_any(struct feed *feed, struct feed_waiter *waiter)
{
	assert(waiter->topic == NULL && !waiter->is_for_any && waiter->filter != NULL);
	waiter->is_for_any = true;
	list_append(&feed->watchers, &waiter->link);
	feed->waiter_count++;
}

/* Takes a waiter out of where it waits. Nothing up to the position has concerned it. */
static void leave(struct feed *feed, struct feed_waiter *waiter, uint64_t quiet_until)
{
	waiter->quiet_until = quiet_until;
	list_remove(&waiter->link);
	waiter->topic = NULL;
	waiter->is_for_any = false;
	feed->waiter_count--;
}

static void close_topic_if_empty(struct feed *feed, struct feed_topic *topic)
{
	if (!list_is_empty(&topic->waiters))
		return;
	map_remove(&feed->topics, topic->job_id);
	free(topic);
}

void feed_stop_waiting(struct feed *feed, struct feed_waiter *waiter)
{
	struct feed_topic *topic = waiter->topic;
	if (topic == NULL && !waiter->is_for_any) {
		list_remove(&waiter->link);
		return;
	}
	leave(feed, waiter, feed_history_position(&feed->history));
	if (topic != NULL)
		close_topic_if_empty(feed, topic);
}

struct feed_waiter *feed_take_woken(struct feed *feed)
{
	if (list_is_empty(&feed->woken))
		return NULL;
	struct list *link = feed->woken.next;
	list_remove(link);
	return LIST_MEMBER(link, struct feed_waiter, link);
}

/* The change that wakes it is the latest one of the history. */
static void wake(struct feed *feed, struct feed_waiter *waiter)
{
	leave(feed, waiter, feed_history_position(&feed->history) - 1);
	list_append(&feed->woken, &waiter->link);
}

static void wake_waiters(struct feed *feed, const struct feed_change *change)
{
	struct feed_topic *topic = map_find(&feed->topics, change->facts.job_id);
	if (topic == NULL)
		return;
	struct list *next;
	for (struct list *link = topic->waiters.next; link != &topic->waiters; link = next) {
		next = link->next;
		struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_waiter, link);
		if (!change->is_removal && change->revision <= waiter->after_revision)
			continue;
		wake(feed, waiter);
	}
	close_topic_if_empty(feed, topic);
}

static void wake_watchers(struct feed *feed, const struct feed_change *change)
{
	struct list *next;
	for (struct list *link = feed->watchers.next; link != &feed->watchers; link = next) {
		next = link->next;
		struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_waiter, link);
		if (!feed_filter_lets_pass(waiter->filter, &change->facts))
			continue;
		wake(feed, waiter);
	}
}

void feed_publish(struct feed *feed, const struct feed_change *change)
{
	feed_history_add(&feed->history, change);
	for (struct list *link = feed->listeners.next; link != &feed->listeners; link = link->next) {
		struct feed_listener *listener = LIST_MEMBER(link, struct feed_listener, link);
		if (is_listening(listener))
			listener->tell(listener, change->facts.job_id, change->event, change->event_bytes);
	}
	wake_waiters(feed, change);
	wake_watchers(feed, change);
}

static void wake_all(struct feed *feed, struct list *waiters)
{
	while (!list_is_empty(waiters)) {
		struct feed_waiter *waiter = LIST_MEMBER(waiters->next, struct feed_waiter, link);
		leave(feed, waiter, 0);
		list_append(&feed->woken, &waiter->link);
	}
}

void feed_begin_anew(struct feed *feed)
{
	struct feed_topic *topic;
	feed_history_forget(&feed->history);
	wake_all(feed, &feed->watchers);
	for (size_t position = 0; (topic = map_next(&feed->topics, &position)) != NULL;) {
		wake_all(feed, &topic->waiters);
		free(topic);
	}
	map_finish(&feed->topics);
	map_init(&feed->topics);
}
