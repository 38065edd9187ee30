/* Opening and closing a client, who may use it, and for how long. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "channel.h"
#include "error.h"
#include "gather.h"
#include "nng_repairs.h"
#include "report_thread.h"
#include "steady.h"
#include "token.h"

enum { TIMEOUT_DEFAULT_MS = 10000 };

static pthread_once_t guard_once = PTHREAD_ONCE_INIT;
static atomic_bool forked; /* this process is a child of one that had opened a client; NNG would end it */

static void note_fork(void)
{
	atomic_store(&forked, true);
}

static void guard_forks(void)
{
	pthread_atfork(NULL, NULL, note_fork);
}

static enum prg_code check_fork(void)
{
	if (!atomic_load_explicit(&forked, memory_order_relaxed))
		return PRG_OK;
	return error_set(PRG_FAILED_PRECONDITION, "FORKED",
	                 "this process was forked from one that had opened a client; it can use prg only after exec");
}

static bool is_writer_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._-", c));
}

uint64_t client_random(void)
{
	uint64_t random;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) == sizeof random)
		return random;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) * 0x9e3779b97f4a7c15 ^ (uint64_t)getpid();
}

/* host:process:random; only the host is cut. */
static void make_writer(char *writer, size_t writer_bytes)
{
	char host[33] = "";
	gethostname(host, sizeof host - 1);
	for (char *c = host; *c != '\0'; c++)
		if (!is_writer_character(*c))
			*c = '-';
	snprintf(writer, writer_bytes, "%s:%ld:%016llx", host[0] != '\0' ? host : "host", (long)getpid(),
	         (unsigned long long)client_random());
}

static enum prg_code check_options(const struct prg_options *options)
{
	if (options->timeout_ms < -1)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_OPTION", "timeout_ms: %d; allowed are -1 and above",
		                 options->timeout_ms);
	if (options->writer != NULL && strlen(options->writer) > CLIENT_WRITER_BYTES_MAX)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_OPTION", "writer: %zu bytes; allowed are 1 to %d",
		                 strlen(options->writer), CLIENT_WRITER_BYTES_MAX);
	return PRG_OK;
}

/* Microseconds since the epoch: a worker that is started again under the same name goes on above its old numbers. */
static uint64_t first_sequence(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static enum prg_code set_options(struct prg_client *client, const struct prg_options *options)
{
	client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
	client->fail_fast = options->fail_fast;
	atomic_init(&client->knows_server, false);
	atomic_init(&client->sequence, first_sequence());
	if (options->writer != NULL && options->writer[0] != '\0')
		snprintf(client->writer, sizeof client->writer, "%s", options->writer);
	else
		make_writer(client->writer, sizeof client->writer);
	return token_choose(options, &client->authorization);
}

static void free_client(struct prg_client *client)
{
	free(client->url);
	free(client->authorization);
	free(client);
}

static enum prg_code start_client(struct prg_client *client, const char *url, const struct prg_options *options)
{
	enum prg_code code = address_choose(url, &client->url);
	if (code != PRG_OK)
		return code;
	code = set_options(client, options);
	if (code != PRG_OK)
		return code;
	if (!nng_repairs_ready())
		return error_no_memory();
	if (pthread_key_create(&client->thread_timeout, NULL) != 0)
		return error_set(PRG_RESOURCE_EXHAUSTED, "TOO_MANY_CLIENTS", "the process has too many clients open");
	code = connection_open(&client->connection, client->url, client->fail_fast);
	if (code != PRG_OK)
		pthread_key_delete(client->thread_timeout);
	return code;
}

enum prg_code prg_open(const char *url, const struct prg_options *options, struct prg_client **ret_client)
{
	static const struct prg_options defaults;
	error_clear();
	pthread_once(&guard_once, guard_forks);
	enum prg_code code = check_fork();
	if (options == NULL)
		options = &defaults;
	if (code == PRG_OK)
		code = check_options(options);
	if (code != PRG_OK)
		return code;
	struct prg_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return error_no_memory();
	code = start_client(client, url, options);
	if (code != PRG_OK) {
		free_client(client);
		return code;
	}
	channel_init(&client->service);
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->left, NULL);
	*ret_client = client;
	return PRG_OK;
}

/* Makes all calls under way end, and waits until they have. */
static void stop_calls(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->closing = true;
	turn_wake_all(&client->turns);
	pthread_mutex_unlock(&client->lock);
	connection_close(&client->connection);
	gather_stop(client);
	report_thread_stop(client);
	pthread_mutex_lock(&client->lock);
	while (client->calls > 0)
		pthread_cond_wait(&client->left, &client->lock);
	pthread_mutex_unlock(&client->lock);
}

void prg_close(struct prg_client *client)
{
	error_clear();
	if (client == NULL)
		return;
	bool in_child = atomic_load(&forked);
	if (!in_child)
		stop_calls(client);
	gather_free(client, in_child);
	report_thread_free(client, in_child);
	connection_finish(&client->connection, in_child);
	pthread_key_delete(client->thread_timeout);
	if (!in_child) {
		pthread_cond_destroy(&client->left);
		pthread_mutex_destroy(&client->lock);
	}
	free_client(client);
}

const char *prg_server_url(const struct prg_client *client)
{
	return client->url;
}

enum prg_code client_enter(struct prg_client *client)
{
	error_clear();
	enum prg_code code = check_fork();
	if (code != PRG_OK)
		return code;
	pthread_mutex_lock(&client->lock);
	bool closing = client->closing;
	if (!closing)
		client->calls++;
	pthread_mutex_unlock(&client->lock);
	return closing ? error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed") : PRG_OK;
}

enum prg_code client_leave(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	if (--client->calls == 0)
		pthread_cond_broadcast(&client->left);
	pthread_mutex_unlock(&client->lock);
	return error_code();
}

bool client_is_closing(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	bool closing = client->closing;
	pthread_mutex_unlock(&client->lock);
	return closing;
}

/* The pointer-sized value of a thread holds its timeout. */
void prg_set_timeout(struct prg_client *client, int timeout_ms)
{
	if (timeout_ms < -1)
		timeout_ms = -1;
	pthread_setspecific(client->thread_timeout, (void *)(intptr_t)timeout_ms);
}

int64_t client_deadline_ms(const struct prg_client *client, int64_t extra_ms)
{
	int timeout_ms = (int)(intptr_t)pthread_getspecific(client->thread_timeout);
	if (timeout_ms == 0)
		timeout_ms = client->timeout_ms;
	return timeout_ms < 0 ? STEADY_NEVER : steady_now_ms() + timeout_ms + extra_ms;
}
