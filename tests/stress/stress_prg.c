/*
 * One client under many threads while the service comes and goes: for ThreadSanitizer, which cannot start Criterion.
 * Threads update, with and without waiting, read, watch and report; then the client is closed under calls. Exit status
 * 0: all answers were right.
 */
#include <prg/prg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "unit/prg/fake.h"
#include "unit/prg/must.h"

enum { THREADS = 8, ROUNDS = 60, RESTARTS = 6 };

static struct fake fake;
static struct prg_client *client;
static atomic_int finished;

static void update_and_read(const char *job, int round)
{
	struct prg_progress *progress;
	MUST(prg_update_progress_incremental(client, job, PRG_STAGE_ANALYZING, round, ROUNDS, NULL, &progress) == PRG_OK);
	MUST(strcmp(progress->job_id, job) == 0);
	prg_progress_free(progress);
	MUST(prg_get_progress(client, job, &progress) == PRG_OK);
	MUST(strcmp(progress->job_id, job) == 0);
	prg_progress_free(progress);
}

static void report(const char *job)
{
	struct prg_reporter_options options = {.interval_ms = 1};
	struct prg_reporter *reporter;
	MUST(prg_reporter_start(client, job, PRG_STAGE_PROCESSING, 1000, &options, &reporter) == PRG_OK);
	for (uint64_t done = 1; done <= 1000; done++)
		prg_reporter_tick(reporter, done);
	prg_reporter_set_message(reporter, "nearly there");
	MUST(prg_reporter_finish(reporter, NULL) == PRG_OK);
}

static bool take_one(const struct prg_progress *progress, void *context)
{
	(void)progress;
	(void)context;
	return false;
}

static void note_result(const struct prg_result *result, void *context)
{
	MUST(result->code == PRG_OK || result->code == PRG_CANCELLED);
	atomic_fetch_add((atomic_int *)context, 1);
}

static void update_without_waiting(const char *job, int round)
{
	enum { COUNT = 20 };
	atomic_int answered = 0;
	for (int i = 0; i < COUNT; i++)
		MUST(prg_update_progress_incremental_async(client, job, PRG_STAGE_ANALYZING, round, ROUNDS, NULL, note_result,
		                                           &answered) == PRG_OK);
	MUST(prg_flush(client) == PRG_OK);
	MUST(atomic_load(&answered) == COUNT);
}

/* Half of the threads share a job. */
static void *work(void *argument)
{
	int number = *(int *)argument;
	char job[16];
	snprintf(job, sizeof job, "job-%d", number % 2 == 0 ? 0 : number);
	prg_set_timeout(client, 60000);
	for (int round = 0; round < ROUNDS; round++) {
		update_and_read(job, round);
		update_without_waiting(job, round);
		if (round % 8 == 0)
			report(job);
		if (round % 16 == 0)
			MUST(prg_watch(client, job, take_one, NULL) == PRG_OK);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static void *call_until_closed(void *argument)
{
	struct prg_progress *progress;
	(void)argument;
	MUST(prg_wait_progress(client, "held", 1, 200000, &progress) == PRG_CANCELLED);
	return NULL;
}

static void run_under_restarts(void)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		MUST(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
	}
	for (int i = 0; i < RESTARTS; i++) {
		fake_wait_for_calls(&fake, (size_t)(i + 1) * 100);
		fake_leave(&fake);
		fake_arrive(&fake);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	MUST(atomic_load(&finished) == THREADS);
}

static void close_under_calls(void)
{
	enum { WAITING = 100 };
	pthread_t threads[THREADS];
	static atomic_int cancelled;
	size_t before = fake_call_count(&fake);
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	for (int i = 0; i < THREADS; i++)
		MUST(pthread_create(&threads[i], NULL, call_until_closed, NULL) == 0);
	for (int i = 0; i < WAITING; i++)
		MUST(prg_update_progress_async(client, "held", PRG_STAGE_ANALYZING, NULL, note_result, &cancelled) == PRG_OK);
	fake_wait_for_calls(&fake, before + THREADS);
	prg_close(client);
	MUST(atomic_load(&cancelled) == WAITING);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	fake_start(&fake);
	MUST(prg_open(fake.url, NULL, &client) == PRG_OK);
	run_under_restarts();
	close_under_calls();
	printf("stress_prg: %zu calls, %d restarts\n", fake_call_count(&fake), RESTARTS);
	fake_stop(&fake);
	return 0;
}
