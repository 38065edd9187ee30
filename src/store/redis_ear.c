/*
 * Hearing of commits. A thread listens to what the commits publish and puts it in line for the committing thread. After
 * a new connection the server is asked how many commits there were.
 */
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/parts.h"
#include "store/redis_parts.h"

enum { CHECK_MS = 1000 /* how often the server's settings are looked at */ };

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
	redis_line_add(ear->line, redis_message_read(text->str, text->len, 0, ear->instance));
}

/* Takes what the socket has. False: the connection is broken, or something on it cannot be understood. */
static bool take_publications(struct redis_ear *ear)
{
	redisContext *context = ear->subscription.context;
	bool is_good = redisBufferRead(context) == REDIS_OK;
	void *reply = NULL;
	redis_line_open(ear->line);
	while (is_good && redisGetReplyFromReader(context, &reply) == REDIS_OK && reply != NULL) {
		take_publication(ear, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	redis_line_close(ear->line);
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
	struct redis_survey survey = {
	    .number = number,
	    .expected = ear->expected,
	    .is_other_store = strcmp(store_name, ear->store_name) != 0,
	    .is_new_connection = is_new_connection,
	};
	memcpy(ear->store_name, store_name, REDIS_NAME_BYTES);
	ear->expected = number;
	return redis_line_compare(ear->line, 0, &survey);
}

/* A server that was replaced may not know it for seconds, and take what will be lost: it is left at once. */
static enum err follow_master(struct redis_ear *ear, struct fault *fault)
{
	struct redis_host master;
	enum err err = redis_find_master(ear->address, &master, fault);
	if (err != ERR_OK)
		return ERR_OK; /* without sentinels the master is where it was */
	pthread_mutex_lock(&ear->master_lock);
	ear->master = master;
	pthread_mutex_unlock(&ear->master_lock);
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
	pthread_mutex_lock(&ear->master_lock);
	bool is_master = ear->master.port == 0 || redis_is_same_host(&ear->master, &link->master);
	pthread_mutex_unlock(&ear->master_lock);
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
	store_note_durability(durability);
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

enum err redis_ear_start(struct redis_ear *ear, struct redis_line *line, const struct redis_address *address,
                         const char *instance, struct fault *fault)
{
	*ear = (struct redis_ear){.address = address, .instance = instance, .line = line, .durability = STORE_MEMORY};
	redis_link_init(&ear->subscription, address);
	redis_link_init(&ear->questions, address);
	pthread_mutex_init(&ear->master_lock, NULL);
	ear->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (ear->stop_fd < 0)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_FILES", "store: the system gave no file descriptor");
	enum err err = open_ear(ear, fault);
	if (err != ERR_OK)
		return err;
	redis_line_begin(line);
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
	pthread_mutex_destroy(&ear->master_lock);
}
