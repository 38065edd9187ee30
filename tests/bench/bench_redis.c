/*
 * The bare Redis client that libprg is compared with: HSET of a job's fields and PUBLISH of them for each update,
 * pipelined with a number of updates outstanding.
 *
 *     bench_redis --url unix:PATH [--outstanding N] [--jobs N] [--count N]
 *
 * hiredis sends what was appended when it runs out of answers, so each write carries all updates that the answers read
 * before have made room for. Exits 1 if a command failed.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "race.h"

enum { ID_BYTES = 64, COMMANDS = 2, TOTAL = 1000000000 };

struct run {
	struct race race;
	redisContext *redis;
	char (*keys)[ID_BYTES];
	char (*channels)[ID_BYTES];
	long called;
	long failed;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_redis: %s: %s\n", what, why);
	exit(1);
}

static void append(struct run *run, int count, const char **words)
{
	size_t lengths[16];
	for (int i = 0; i < count; i++)
		lengths[i] = strlen(words[i]);
	if (redisAppendCommandArgv(run->redis, count, words, lengths) != REDIS_OK)
		fail("append", run->redis->errstr);
}

static void call_next(struct run *run)
{
	long number = run->called++;
	int job = (int)(number % run->race.jobs);
	char progress[16], message[32], revision[24], event[160];
	snprintf(progress, sizeof progress, "%d", 25 + (int)(25.0 * (double)number / TOTAL));
	snprintf(message, sizeof message, "frame %ld", number);
	snprintf(revision, sizeof revision, "%ld", number / run->race.jobs + 2);
	snprintf(event, sizeof event, "{\"status\":\"transcribing\",\"progress\":%s,\"message\":\"%s\",\"revision\":%s}",
	         progress, message, revision);
	append(run, 10,
	       (const char *[]){"HSET", run->keys[job], "status", "transcribing", "progress", progress, "message", message,
	                        "revision", revision});
	append(run, 3, (const char *[]){"PUBLISH", run->channels[job], event});
}

static void take_answer(struct run *run)
{
	for (int i = 0; i < COMMANDS; i++) {
		void *reply;
		if (redisGetReply(run->redis, &reply) != REDIS_OK)
			fail("reply", run->redis->errstr);
		run->failed += ((redisReply *)reply)->type != REDIS_REPLY_INTEGER;
		freeReplyObject(reply);
	}
}

static void make_names(struct run *run)
{
	run->keys = calloc((size_t)run->race.jobs, sizeof *run->keys);
	run->channels = calloc((size_t)run->race.jobs, sizeof *run->channels);
	if (run->keys == NULL || run->channels == NULL)
		fail("names", "no memory");
	for (int i = 0; i < run->race.jobs; i++) {
		snprintf(run->keys[i], ID_BYTES, "job:bench-%ld-%d", (long)getpid(), i);
		snprintf(run->channels[i], ID_BYTES, "progress:bench-%ld-%d", (long)getpid(), i);
	}
}

int main(int argc, char **argv)
{
	struct run run = {.race = race_parse(argc, argv)};
	run.redis = redisConnectUnix(run.race.url + (strncmp(run.race.url, "unix:", 5) == 0 ? 5 : 0));
	if (run.redis == NULL || run.redis->err != 0)
		fail(run.race.url, run.redis != NULL ? run.redis->errstr : "no memory");
	make_names(&run);
	race_await_start();
	int64_t start_ns = race_now_ns();
	while (run.called < run.race.outstanding && run.called < run.race.count)
		call_next(&run);
	for (long answered = 0; answered < run.race.count; answered++) {
		take_answer(&run);
		if (run.called < run.race.count)
			call_next(&run);
	}
	int64_t end_ns = race_now_ns();
	race_print(&run.race, start_ns, end_ns, run.failed);
	redisFree(run.redis);
	free(run.keys);
	free(run.channels);
	return run.failed == 0 ? 0 : 1;
}
