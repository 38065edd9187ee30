/* Who is told of what: a list of listeners, and a list of waiters for each job that somebody waits for. */
#include "feed/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct feed_topic {
	struct list waiters;
	struct list posts; /* of those who wait for this job and others */
	char job_id[];     /* the topic's key */
};

/* Movements are hints: whoever comes too late for one gets the next. */
static const struct feed_history_limits moves_limits = {
    .changes_min = 0,
    .changes_max = 65536,
    .bytes_max = 32 << 20,
    .age_min_ms = 10000,
};

void feed_init(struct feed *feed, const struct feed_history_limits *limits)
{
	feed_history_init(&feed->history, limits);
	feed_history_init(&feed->moves, &moves_limits);
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
	feed_history_finish(&feed->moves);
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
	list_init(&topic->posts);
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

static void close_topic_if_empty(struct feed *feed, struct feed_topic *topic)
{
	if (!list_is_empty(&topic->waiters) || !list_is_empty(&topic->posts))
		return;
	map_remove(&feed->topics, topic->job_id);
	free(topic);
}

/* Takes the waiter's posts away. `open`: a topic that must not be closed now, or NULL. */
static void leave_posts(struct feed *feed, struct feed_waiter *waiter, const struct feed_topic *open)
{
	for (size_t i = 0; i < waiter->post_count; i++) {
		list_remove(&waiter->posts[i].link);
		if (waiter->posts[i].topic != open)
			close_topic_if_empty(feed, waiter->posts[i].topic);
	}
	waiter->post_count = 0;
}

bool feed_wait_for_some(struct feed *feed, struct feed_waiter *waiter, struct feed_post *posts)
{
	const struct feed_filter *filter = waiter->filter;
	assert(waiter->topic == NULL && !waiter->is_for_any && waiter->post_count == 0 && filter->job_id_count > 0);
	waiter->posts = posts;
	for (size_t i = 0; i < filter->job_id_count; i++) {
		struct feed_topic *topic = open_topic(feed, filter->job_ids[i]);
		if (topic == NULL) {
			leave_posts(feed, waiter, NULL);
			return false;
		}
		posts[i] = (struct feed_post){.topic = topic, .waiter = waiter};
		list_append(&topic->posts, &posts[i].link);
		waiter->post_count = i + 1;
	}
	feed->waiter_count++;
	return true;
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

void feed_stop_waiting(struct feed *feed, struct feed_waiter *waiter)
{
	struct feed_topic *topic = waiter->topic;
	if (topic == NULL && !waiter->is_for_any && waiter->post_count == 0) {
		list_remove(&waiter->link);
		return;
	}
	leave_posts(feed, waiter, NULL);
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

/* Each waiter has one post at a topic, so the next one stays when it goes. */
static void wake_posts(struct feed *feed, const struct feed_topic *topic, const struct feed_change *change)
{
	struct list *next;
	for (struct list *link = topic->posts.next; link != &topic->posts; link = next) {
		next = link->next;
		struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_post, link)->waiter;
		if (!feed_filter_lets_pass(waiter->filter, &change->facts))
			continue;
		leave_posts(feed, waiter, topic);
		wake(feed, waiter);
	}
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
	wake_posts(feed, topic, change);
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

/* Each waiter has one post at a topic, so the next one stays when it goes. */
static void wake_all_posts(struct feed *feed, const struct feed_topic *topic)
{
	while (!list_is_empty(&topic->posts)) {
		struct feed_waiter *waiter = LIST_MEMBER(topic->posts.next, struct feed_post, link)->waiter;
		leave_posts(feed, waiter, topic);
		leave(feed, waiter, 0);
		list_append(&feed->woken, &waiter->link);
	}
}

void feed_begin_anew(struct feed *feed)
{
	size_t position = 0;
	feed_history_forget(&feed->history);
	wake_all(feed, &feed->watchers);
	while (feed->topics.count > 0) {
		struct feed_topic *topic = map_next(&feed->topics, &position);
		if (topic == NULL) {
			position = 0; /* closing a topic may have moved another one to where we have been */
			continue;
		}
		wake_all(feed, &topic->waiters);
		wake_all_posts(feed, topic);
		close_topic_if_empty(feed, topic);
	}
}

/* Wakes those of a list who want movements and whom this one concerns. No change up to now concerned them. */
static void wake_for_move(struct feed *feed, struct list *waiters, const struct feed_facts *facts)
{
	struct list *next;
	for (struct list *link = waiters->next; link != waiters; link = next) {
		next = link->next;
		struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_waiter, link);
		if (!waiter->wants_moves || (waiter->is_for_any && !feed_filter_lets_pass(waiter->filter, facts)))
			continue;
		leave(feed, waiter, feed_history_position(&feed->history));
		list_append(&feed->woken, &waiter->link);
	}
}

static void wake_posts_for_move(struct feed *feed, const struct feed_topic *topic, const struct feed_facts *facts)
{
	struct list *next;
	for (struct list *link = topic->posts.next; link != &topic->posts; link = next) {
		next = link->next;
		struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_post, link)->waiter;
		if (!waiter->wants_moves || !feed_filter_lets_pass(waiter->filter, facts))
			continue;
		leave_posts(feed, waiter, topic);
		leave(feed, waiter, feed_history_position(&feed->history));
		list_append(&feed->woken, &waiter->link);
	}
}

void feed_move(struct feed *feed, const struct feed_change *movement)
{
	feed_history_add(&feed->moves, movement);
	wake_for_move(feed, &feed->watchers, &movement->facts);
	struct feed_topic *topic = map_find(&feed->topics, movement->facts.job_id);
	if (topic == NULL)
		return;
	wake_for_move(feed, &topic->waiters, &movement->facts);
	wake_posts_for_move(feed, topic, &movement->facts);
	close_topic_if_empty(feed, topic);
}

static bool wants_moves(const struct list *waiters, const struct feed_facts *facts)
{
	for (struct list *link = waiters->next; link != waiters; link = link->next) {
		const struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_waiter, link);
		if (waiter->wants_moves && (!waiter->is_for_any || feed_filter_lets_pass(waiter->filter, facts)))
			return true;
	}
	return false;
}

static bool want_posts_moves(const struct list *posts, const struct feed_facts *facts)
{
	for (struct list *link = posts->next; link != posts; link = link->next) {
		const struct feed_waiter *waiter = LIST_MEMBER(link, struct feed_post, link)->waiter;
		if (waiter->wants_moves && feed_filter_lets_pass(waiter->filter, facts))
			return true;
	}
	return false;
}

bool feed_is_watched(const struct feed *feed, const struct feed_facts *facts)
{
	const struct feed_topic *topic = map_find(&feed->topics, facts->job_id);
	bool is_topic_watched =
	    topic != NULL && (wants_moves(&topic->waiters, facts) || want_posts_moves(&topic->posts, facts));
	return is_topic_watched || wants_moves(&feed->watchers, facts);
}
