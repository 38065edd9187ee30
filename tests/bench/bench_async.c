/*
 * Measures the asynchronous updates of libprg: how many are acknowledged a second while a number of them is
 * outstanding.
 *
 *     bench_async --url URL [--outstanding N] [--jobs N] [--count N]
 *
 * An update that is answered makes room for the next one. Exits 1 if one of them was not applied.
 */
#include <prg/prg.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "race.h"

enum { ID_BYTES = 64, TOTAL = 1000000000 };

struct run {
	struct race race;
	struct prg_client *client;
	char (*job_ids)[ID_BYTES];
	long called; /* this and the two below: by the callbacks, after the first ones were called */
	long answered;
	long failed;
	pthread_mutex_t lock;
	pthread_cond_t is_over;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_async: %s: %s\n", what, prg_error());
	exit(1);
}

static void call_next(struct run *run);

static void note(const struct prg_result *result, void *context)
{
	struct run *run = context;
	pthread_mutex_lock(&run->lock);
	run->failed += result->code != PRG_OK || result->outcome != PRG_OUTCOME_APPLIED;
	if (++run->answered == run->race.count)
		pthread_cond_signal(&run->is_over);
	if (run->called < run->race.count)
		call_next(run);
	pthread_mutex_unlock(&run->lock);
}

static void call_next(struct run *run)
{
	long number = run->called++;
	char message[32];
	snprintf(message, sizeof message, "frame %ld", number);
	struct prg_update update = {.message = message};
	if (prg_update_progress_incremental_async(run->client, run->job_ids[number % run->race.jobs],
	                                          PRG_STAGE_TRANSCRIBING, (double)number, TOTAL, &update, note,
	                                          run) != PRG_OK)
		fail("update");
}

static void make_jobs(struct run *run)
{
	run->job_ids = calloc((size_t)run->race.jobs, sizeof *run->job_ids);
	if (run->job_ids == NULL)
		fail("no memory");
	for (int i = 0; i < run->race.jobs; i++) {
		snprintf(run->job_ids[i], ID_BYTES, "bench-%ld-%d", (long)getpid(), i);
		if (prg_update_progress(run->client, run->job_ids[i], PRG_STAGE_DOWNLOADING, NULL, NULL) != PRG_OK)
			fail("job");
	}
}

int main(int argc, char **argv)
{
	struct run run = {.race = race_parse(argc, argv)};
	struct prg_options options = {.timeout_ms = -1};
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.is_over, NULL);
	if (prg_open(run.race.url, &options, &run.client) != PRG_OK)
		fail("open");
	make_jobs(&run);
	race_await_start();
	int64_t start_ns = race_now_ns();
	pthread_mutex_lock(&run.lock);
	while (run.called < run.race.outstanding && run.called < run.race.count)
		call_next(&run);
	while (run.answered < run.race.count)
		pthread_cond_wait(&run.is_over, &run.lock);
	pthread_mutex_unlock(&run.lock);
	int64_t end_ns = race_now_ns();
	race_print(&run.race, start_ns, end_ns, run.failed);
	prg_close(run.client);
	free(run.job_ids);
	return run.failed == 0 ? 0 : 1;
}
