/*
 * How many updates a second a bare client of Redis makes with the store's own script, so many of them under way at
 * once: what the Redis store is measured against. Prints one JSON object.
 *
 *     bench_redis_script --socket PATH [--outstanding N] [--count N]
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/redis_parts.h"

enum { JOBS = 64, RECORD_BYTES = 250, NEWS_BYTES = 320, WORDS_MAX = 64 };

struct run {
	redisContext *context;
	char sha[48];
	unsigned long revisions[JOBS];
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "bench_redis_script: %s\n", why);
	exit(1);
}

static redisReply *take_reply(struct run *run, int type)
{
	void *reply = NULL;
	if (redisGetReply(run->context, &reply) != REDIS_OK || reply == NULL)
		give_up("no answer");
	if (((redisReply *)reply)->type != type)
		give_up(((redisReply *)reply)->str != NULL ? ((redisReply *)reply)->str : "a strange answer");
	return reply;
}

static void begin(struct run *run, const char *path)
{
	run->context = redisConnectUnix(path);
	if (run->context == NULL || run->context->err != 0)
		give_up("no connection");
	redisAppendCommand(run->context, "SCRIPT LOAD %s", redis_script_texts[REDIS_SCRIPT_PUT]);
	redisReply *reply = take_reply(run, REDIS_REPLY_STRING);
	snprintf(run->sha, sizeof run->sha, "%s", reply->str);
	freeReplyObject(reply);
}

static void send_update(struct run *run, unsigned long number)
{
	char key[40], name[40], expected[24], revision[24];
	char record[RECORD_BYTES + 1], news[NEWS_BYTES + 1];
	size_t job = number % JOBS;
	memset(record, 'r', RECORD_BYTES);
	memset(news, 'n', NEWS_BYTES);
	record[RECORD_BYTES] = news[NEWS_BYTES] = '\0';
	snprintf(key, sizeof key, "bare:progress:job-%zu", job);
	snprintf(name, sizeof name, "0123456789abcdef.%lu", number);
	snprintf(expected, sizeof expected, "%lu", run->revisions[job]);
	snprintf(revision, sizeof revision, "%lu", ++run->revisions[job]);
	const char *words[WORDS_MAX] = {
	    "EVALSHA",
	    run->sha,
	    "2",
	    key,
	    "bare:progress-index:changes",
	    "bare:progress-index:",
	    "bare:progress-changes",
	    name,
	    expected,
	    "1000000",
	    news,
	    strrchr(key, ':') + 1,
	    "put",
	    "1",
	    "0",
	    "",
	    "status",
	    "processing",
	    "stage",
	    "8",
	    "state",
	    "1",
	    "progress",
	    "75",
	    "revision",
	    revision,
	    "updated_ms",
	    "1700000000001",
	    "ended_ms",
	    "0",
	    "expires_ms",
	    "0",
	    "message",
	    "",
	    "record",
	    record,
	    "pipeline",
	    "default",
	    "parent",
	    "",
	    "created_ms",
	    "1700000000000",
	};
	redisAppendCommandArgv(run->context, 42, words, NULL);
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct run run;
	const char *path = NULL;
	unsigned long outstanding = 64, count = 100000;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--socket") == 0)
			path = argv[i + 1];
		else if (strcmp(argv[i], "--outstanding") == 0)
			outstanding = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--count") == 0)
			count = strtoul(argv[i + 1], NULL, 10);
	}
	if (path == NULL || outstanding == 0)
		give_up("usage: bench_redis_script --socket PATH [--outstanding N] [--count N]");
	begin(&run, path);
	double start = seconds_now();
	for (unsigned long sent = 0; sent < count; sent += outstanding) {
		for (unsigned long i = 0; i < outstanding; i++)
			send_update(&run, sent + i);
		for (unsigned long i = 0; i < outstanding; i++)
			freeReplyObject(take_reply(&run, REDIS_REPLY_ARRAY));
	}
	printf("{\"calls_per_second\": %.0f}\n", (double)count / (seconds_now() - start));
	redisFree(run.context);
	return 0;
}
