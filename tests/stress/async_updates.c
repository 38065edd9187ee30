/*
 * Updates jobs without waiting and counts what the callbacks are told.
 *
 *     async_updates URL JOBS UPDATES
 *
 * Each job gets UPDATES updates, each with more done than the one before. Prints the number of answers from time to
 * time as they come, and at the end one JSON object. Exits 1 if an update was told twice, not at all, out of order, or
 * failed.
 */
#include <prg/prg.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTSTANDING_MAX = 500, TELL_EVERY = 200 };

struct job {
	char name[24];
	long called;
	long answered;
	uint64_t revision;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	long outstanding, answered, applied, repeated;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "async_updates: %s: %s\n", what, why);
	exit(1);
}

static void note(const struct prg_result *result, void *context)
{
	struct job *job = context;
	if (result->code != PRG_OK)
		fail(result->job_id, result->error);
	if (strcmp(result->job_id, job->name) != 0 || result->revision < job->revision)
		fail(result->job_id, "an answer of another job, or an older one");
	job->revision = result->revision;
	job->answered++;
	pthread_mutex_lock(&state.lock);
	state.outstanding--;
	state.applied += result->outcome == PRG_OUTCOME_APPLIED;
	state.repeated += result->outcome != PRG_OUTCOME_APPLIED;
	if (++state.answered % TELL_EVERY == 0) {
		printf("%ld\n", state.answered);
		fflush(stdout);
	}
	pthread_cond_signal(&state.changed);
	pthread_mutex_unlock(&state.lock);
}

static void call(struct prg_client *client, struct job *job, long updates)
{
	pthread_mutex_lock(&state.lock);
	while (state.outstanding >= OUTSTANDING_MAX)
		pthread_cond_wait(&state.changed, &state.lock);
	state.outstanding++;
	pthread_mutex_unlock(&state.lock);
	if (prg_update_progress_incremental_async(client, job->name, PRG_STAGE_TRANSCRIBING, (double)++job->called,
	                                          (double)updates, NULL, note, job) != PRG_OK)
		fail(job->name, prg_error());
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int job_count = atoi(argv[2]);
	long updates = atol(argv[3]);
	struct prg_options options = {.timeout_ms = 60000};
	struct prg_client *client;
	struct job *jobs = calloc((size_t)job_count, sizeof *jobs);
	if (jobs == NULL || prg_open(argv[1], &options, &client) != PRG_OK)
		fail("open", prg_error());
	for (int i = 0; i < job_count; i++)
		snprintf(jobs[i].name, sizeof jobs[i].name, "gathered-%d", i);
	for (long update = 0; update < updates; update++)
		for (int i = 0; i < job_count; i++)
			call(client, &jobs[i], updates);
	if (prg_flush(client) != PRG_OK)
		fail("flush", prg_error());
	prg_close(client);
	for (int i = 0; i < job_count; i++)
		if (jobs[i].answered != updates)
			fail(jobs[i].name, "not as many answers as updates");
	printf("{\"answered\":%ld,\"applied\":%ld,\"repeated\":%ld}\n", state.answered, state.applied, state.repeated);
	free(jobs);
	return 0;
}
