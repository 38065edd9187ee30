/*
 * Hearing of commits. A thread listens to what the commits publish and puts it in line for the committing thread. The
 * numbers tell whether any is missing: those of one connection follow each other, and after a new connection the
 * server is asked how many there were. What is missing cannot be had any more, but it can be said.
 */
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/redis_parts.h"

enum {
	CHECK_MS = 1000,             /* how often the server's settings are looked at */
	PATIENCE_MS = 300,           /* how long what was shown may take to be heard of */
	QUEUED_BYTES_MAX = 64 << 20, /* beyond this, what is not yet told is forgotten */
};

/* ---- what is in line, under the lock ---- */

static void clear(struct redis_ear *ear)
{
	while (ear->first != NULL) {
		struct redis_message *message = ear->first;
		ear->first = message->next;
		free(message);
	}
	ear->last = &ear->first;
	ear->queued_bytes = 0;
}

static void wake_if_needed(struct redis_ear *ear)
{
	bool has_something = ear->first != NULL || ear->has_missed;
	if (!has_something || ear->is_busy || ear->is_woken || ear->wake == NULL)
		return;
	ear->is_woken = true;
	ear->wake(ear->wake_context);
}

static void note_missed(struct redis_ear *ear)
{
	ear->has_missed = true;
	clear(ear);
}

static void queue(struct redis_ear *ear, struct redis_message *message)
{
	if (message->number > 0 && message->number <= ear->heard) {
		free(message); /* of before the subscription, which we know of already */
		return;
	}
	if (message->number > ear->heard + 1 || ear->queued_bytes > QUEUED_BYTES_MAX)
		note_missed(ear);
	if (message->number > 0)
		ear->heard = message->number;
	message->next = NULL;
	*ear->last = message;
	ear->last = &message->next;
	ear->queued_bytes += sizeof *message + message->news.length;
}

/* ---- the listening thread ---- */

/* Puts a publication in line: {"message", channel, text}. */
static void take_publication(struct redis_ear *ear, const redisReply *reply)
{
	bool is_message = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	                  reply->element[0]->type == REDIS_REPLY_STRING && reply->element[2]->type == REDIS_REPLY_STRING &&
	                  strcmp(reply->element[0]->str, "message") == 0;
	if (!is_message)
		return;
	const redisReply *text = reply->element[2];
	struct redis_message *message = redis_message_read(text->str, text->len, ear->instance);
	if (message == NULL)
		note_missed(ear);
	else if (message->news.is_sign && message->news.is_own)
		free(message);
	else
		queue(ear, message);
}

/* Takes what the socket has. False: the connection is broken, or something on it cannot be understood. */
static bool take_publications(struct redis_ear *ear)
{
	redisContext *context = ear->subscription.context;
	bool is_good = redisBufferRead(context) == REDIS_OK;
	void *reply = NULL;
	pthread_mutex_lock(&ear->lock);
	while (is_good && redisGetReplyFromReader(context, &reply) == REDIS_OK && reply != NULL) {
		take_publication(ear, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	pthread_cond_signal(&ear->arrived);
	wake_if_needed(ear);
	pthread_mutex_unlock(&ear->lock);
	return is_good && context->err == 0;
}

static enum err subscribe(struct redis_ear *ear, struct fault *fault)
{
	char channel[REDIS_KEY_BYTES];
	struct redis_words words = {.count = 0};
	redisReply *reply;
	redis_key(ear->address, "progress-changes", "", channel);
	redis_word(&words, "SUBSCRIBE");
	redis_word(&words, channel);
	enum err err = redis_link_add(&ear->subscription, &words, fault);
	if (err == ERR_OK)
		err = redis_link_read(&ear->subscription, REDIS_ONE_OF(REDIS_REPLY_ARRAY), &reply, fault);
	if (err == ERR_OK)
		freeReplyObject(reply);
	return err;
}

/* Compares what was heard with what the server has. False: something published has not come. */
static bool compare(struct redis_ear *ear, const char *store_name, uint64_t number, bool is_new_connection)
{
	pthread_mutex_lock(&ear->lock);
	bool is_other_store = strcmp(store_name, ear->store_name) != 0;
	bool is_missing = is_new_connection ? number != ear->heard : number < ear->heard;
	bool has_come = is_new_connection || is_other_store || ear->heard >= ear->expected;
	if (is_other_store || is_missing) {
		note_missed(ear);
		ear->heard = number;
	}
	memcpy(ear->store_name, store_name, REDIS_NAME_BYTES);
	ear->expected = number;
	pthread_cond_signal(&ear->arrived);
	wake_if_needed(ear);
	pthread_mutex_unlock(&ear->lock);
	return has_come;
}

/* A server that was replaced may not know it for seconds, and take what will be lost: it is left at once. */
static enum err follow_master(struct redis_ear *ear, struct fault *fault)
{
	struct redis_host master;
	enum err err = redis_find_master(ear->address, &master, fault);
	if (err != ERR_OK)
		return ERR_OK; /* without sentinels the master is where it was */
	pthread_mutex_lock(&ear->lock);
	ear->master = master;
	pthread_mutex_unlock(&ear->lock);
	bool is_here =
	    redis_is_same_host(&master, &ear->subscription.master) && redis_is_same_host(&master, &ear->questions.master);
	if (is_here)
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_MOVED", "store: Redis has a new master");
}

void redis_ear_check_master(struct redis_ear *ear, struct redis_link *link)
{
	if (ear->address->way != REDIS_BY_SENTINEL || redis_link_is_broken(link))
		return;
	pthread_mutex_lock(&ear->lock);
	bool is_master = ear->master.port == 0 || redis_is_same_host(&ear->master, &link->master);
	pthread_mutex_unlock(&ear->lock);
	if (!is_master)
		redis_link_close(link);
}

/* Asks how the server is. */
static enum err check(struct redis_ear *ear, bool is_new_connection, struct fault *fault)
{
	char store_name[REDIS_NAME_BYTES];
	uint64_t number;
	enum store_durability durability;
	if (ear->address->way == REDIS_BY_SENTINEL && follow_master(ear, fault) != ERR_OK)
		return ERR_UNAVAILABLE;
	enum err err = redis_ask_store(&ear->questions, store_name, &number, fault);
	if (err == ERR_OK)
		err = redis_ask_durability(&ear->questions, &durability, fault);
	if (err != ERR_OK)
		return err;
	atomic_store(&ear->durability, (int)durability);
	if (compare(ear, store_name, number, is_new_connection))
		return ERR_OK;
	return fault_set(fault, ERR_UNAVAILABLE, "STORE_UNREACHABLE", "store: what Redis publishes does not come");
}

static enum err open_ear(struct redis_ear *ear, struct fault *fault)
{
	enum err err = redis_link_connect(&ear->subscription, fault);
	if (err == ERR_OK)
		err = redis_link_connect(&ear->questions, fault);
	if (err == ERR_OK)
		err = subscribe(ear, fault);
	if (err == ERR_OK)
		err = check(ear, true, fault);
	return err;
}

static void close_ear(struct redis_ear *ear)
{
	redis_link_close(&ear->subscription);
	redis_link_close(&ear->questions);
}

/* Waits for publications, or for the end. False: the end has come. */
static bool wait_for_something(const struct redis_ear *ear, int64_t timeout_ms, bool *ret_is_readable)
{
	struct pollfd sockets[] = {
	    {.fd = ear->stop_fd, .events = POLLIN},
	    {.fd = ear->subscription.context != NULL ? ear->subscription.context->fd : -1, .events = POLLIN},
	};
	int count = poll(sockets, 2, timeout_ms > 0 ? (int)timeout_ms : 0);
	*ret_is_readable = count > 0 && sockets[1].revents != 0;
	return sockets[0].revents == 0;
}

/* Listens until the connection breaks or the end has come; returns which. */
static bool listen_on(struct redis_ear *ear)
{
	int64_t check_at_ms = clock_steady_ms() + CHECK_MS;
	bool is_readable;
	while (wait_for_something(ear, check_at_ms - clock_steady_ms(), &is_readable)) {
		struct fault fault;
		if (is_readable && !take_publications(ear))
			return true;
		if (clock_steady_ms() < check_at_ms)
			continue;
		if (check(ear, false, &fault) != ERR_OK)
			return true;
		check_at_ms = clock_steady_ms() + CHECK_MS;
	}
	return false;
}

static int64_t retry_at_ms(const struct redis_ear *ear)
{
	int64_t a = ear->subscription.retry_at_ms, b = ear->questions.retry_at_ms;
	return a > b ? a : b;
}

static void *run(void *context)
{
	struct redis_ear *ear = context;
	bool is_readable;
	while (listen_on(ear)) {
		struct fault fault;
		close_ear(ear);
		int64_t pause_ms = 0;
		while (wait_for_something(ear, pause_ms, &is_readable)) {
			if (open_ear(ear, &fault) == ERR_OK)
				break;
			close_ear(ear);
			pause_ms = retry_at_ms(ear) - clock_steady_ms();
			pause_ms = pause_ms > 0 ? pause_ms : CHECK_MS / 10;
		}
		ear->subscription.retry_ms = 0;
		ear->questions.retry_ms = 0;
	}
	close_ear(ear);
	return NULL;
}

static enum err start_thread(struct redis_ear *ear, struct fault *fault)
{
	if (pthread_create(&ear->thread, NULL, run, ear) != 0)
		return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "store: the system gave no thread");
	ear->is_started = true;
	return ERR_OK;
}

enum err redis_ear_start(struct redis_ear *ear, const struct redis_address *address, const char *instance,
                         struct fault *fault)
{
	*ear = (struct redis_ear){.address = address, .instance = instance, .durability = STORE_MEMORY};
	ear->last = &ear->first;
	redis_link_init(&ear->subscription, address);
	redis_link_init(&ear->questions, address);
	pthread_mutex_init(&ear->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&ear->arrived, &attributes);
	pthread_condattr_destroy(&attributes);
	ear->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (ear->stop_fd < 0)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_FILES", "store: the system gave no file descriptor");
	enum err err = open_ear(ear, fault);
	if (err != ERR_OK)
		return err;
	ear->has_missed = false; /* nothing was known before */
	ear->told = ear->heard;
	return start_thread(ear, fault);
}

void redis_ear_stop(struct redis_ear *ear)
{
	uint64_t one = 1;
	if (ear->is_started) {
		ssize_t written = write(ear->stop_fd, &one, sizeof one);
		assert(written == sizeof one);
		pthread_join(ear->thread, NULL);
	}
	close_ear(ear);
	if (ear->stop_fd >= 0)
		close(ear->stop_fd);
	clear(ear);
	pthread_cond_destroy(&ear->arrived);
	pthread_mutex_destroy(&ear->lock);
}

/* ---- the committing thread ---- */

void redis_ear_note_shown(struct redis_ear *ear, int64_t number)
{
	ear->shown = (uint64_t)number;
	ear->has_gone_back |= ear->shown < ear->told;
}

void redis_ear_note_loss(struct redis_ear *ear)
{
	ear->has_gone_back = true;
}

void redis_ear_set_busy(struct redis_ear *ear, bool is_busy)
{
	pthread_mutex_lock(&ear->lock);
	ear->is_busy = is_busy;
	wake_if_needed(ear);
	pthread_mutex_unlock(&ear->lock);
}

static void wait_for_shown(struct redis_ear *ear)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!ear->has_missed && ear->heard < ear->shown)
		if (pthread_cond_timedwait(&ear->arrived, &ear->lock, &until) != 0)
			break;
	if (ear->heard < ear->shown)
		note_missed(ear);
}

/* Takes what is to be told out of the line: up to the number, or all. */
static struct redis_message *take(struct redis_ear *ear, uint64_t up_to)
{
	struct redis_message *taken = ear->first, **end = &taken;
	while (*end != NULL && (*end)->number <= up_to) {
		ear->queued_bytes -= sizeof **end + (*end)->news.length;
		end = &(*end)->next;
	}
	ear->first = *end;
	if (ear->first == NULL)
		ear->last = &ear->first;
	*end = NULL;
	return taken;
}

/* Nothing of what was known counts any more; what the store shows now does. */
static void begin_anew(struct redis_ear *ear)
{
	clear(ear);
	if (ear->has_gone_back || ear->heard < ear->shown)
		ear->heard = ear->shown;
	ear->has_missed = false;
	ear->has_gone_back = false;
	ear->told = ear->heard;
}

bool redis_ear_hear(struct redis_ear *ear, enum store_hearing hearing, store_tell *tell, void *context)
{
	struct redis_message *messages = NULL;
	pthread_mutex_lock(&ear->lock);
	if (hearing == STORE_HEAR_SHOWN && !ear->has_gone_back)
		wait_for_shown(ear);
	bool is_whole = !ear->has_missed && !ear->has_gone_back;
	if (is_whole)
		messages = take(ear, hearing == STORE_HEAR_SHOWN ? ear->shown : UINT64_MAX);
	else
		begin_anew(ear);
	ear->is_busy = false;
	ear->is_woken = false;
	wake_if_needed(ear);
	pthread_mutex_unlock(&ear->lock);
	while (messages != NULL) {
		struct redis_message *message = messages;
		messages = message->next;
		ear->told = message->number > ear->told ? message->number : ear->told;
		tell(&message->news, context);
		free(message);
	}
	return is_whole;
}

void redis_ear_listen(struct redis_ear *ear, void (*wake)(void *context), void *context)
{
	pthread_mutex_lock(&ear->lock);
	ear->wake = wake;
	ear->wake_context = context;
	wake_if_needed(ear);
	pthread_mutex_unlock(&ear->lock);
}
