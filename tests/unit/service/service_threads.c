/* Many threads at once: no answer is lost, none is given twice, and all agree with the store. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "desk.h"
#include "support/random.h"

enum { THREADS = 8, UPDATES = 400, JOBS = 3, WATCHERS = 4, STEPS = 100 };

static struct desk desk;

struct worker {
	pthread_t thread;
	int number;
	struct random random;
	uint64_t applied[JOBS];
};

static void *work(void *context)
{
	struct worker *worker = context;
	for (int i = 1; i <= UPDATES; i++) {
		struct talk talk;
		char words[200];
		uint64_t job = random_below(&worker->random, JOBS);
		snprintf(words, sizeof words, "job_id=job-%u stage=6 fraction=%.3f writer=w%d sequence=%d message=m%u",
		         (unsigned)job, random_unit(&worker->random), worker->number, i,
		         (unsigned)random_below(&worker->random, 3));
		talk_well(&talk, &desk, "UpdateProgressIncremental", words);
		const Progress__V1__UpdateProgressIncrementalResponse *response = (const void *)talk.response;
		if (response->outcome == PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_APPLIED)
			worker->applied[job]++;
		talk_finish(&talk);
	}
	return NULL;
}

static void check_many_writers(bool commits_quickly)
{
	struct worker workers[THREADS] = {0};
	struct random random;
	random_start(&random, "service_threads");
	desk_open(&desk, commits_quickly, &service_options_default);
	for (int i = 0; i < THREADS; i++) {
		workers[i].number = i;
		random_start_from(&workers[i].random, random_below(&random, UINT64_MAX));
		cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (int job = 0; job < JOBS; job++) {
		struct talk talk;
		char words[50];
		uint64_t applied = 0;
		for (int i = 0; i < THREADS; i++)
			applied += workers[i].applied[job];
		snprintf(words, sizeof words, "job_id=job-%d", job);
		talk_well(&talk, &desk, "GetProgress", words);
		cr_assert_eq(talk_info(&talk)->revision, applied);
		talk_finish(&talk);
	}
	desk_close(&desk);
}

Test(service_threads, add_one_revision_for_each_applied_update)
{
	check_many_writers(true);
}

Test(service_threads, do_so_too_when_the_service_s_own_thread_commits)
{
	check_many_writers(false);
}

/* Waits for the job until it ends; what it is shown only rises. */
static void *watch(void *context)
{
	uint64_t revision = 0;
	for (bool is_over = false; !is_over;) {
		struct talk talk;
		char words[200];
		snprintf(words, sizeof words, "job_id=j after_revision=%llu wait_for_creation=1 timeout=60",
		         (unsigned long long)revision);
		talk_well(&talk, &desk, "WaitProgress", words);
		const Progress__V1__ProgressInfo *info = talk_info(&talk);
		cr_assert_gt(info->revision, revision);
		revision = info->revision;
		is_over = info->state == PROGRESS__V1__JOB_STATE__JOB_STATE_SUCCEEDED;
		talk_finish(&talk);
	}
	*(uint64_t *)context = revision;
	return NULL;
}

static void check_watchers(bool commits_quickly)
{
	pthread_t threads[WATCHERS];
	uint64_t seen[WATCHERS] = {0};
	desk_open(&desk, commits_quickly, &service_options_default);
	for (int i = 0; i < WATCHERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, watch, &seen[i]), 0);
	struct talk talk;
	for (int i = 0; i < STEPS; i++) {
		char words[100];
		snprintf(words, sizeof words, "job_id=j stage=6 done=%d total=%d", i, STEPS);
		talk_well(&talk, &desk, "UpdateProgressIncremental", words);
		talk_finish(&talk);
	}
	talk_well(&talk, &desk, "UpdateProgress", "job_id=j stage=10");
	uint64_t last = talk_info(&talk)->revision;
	talk_finish(&talk);
	for (int i = 0; i < WATCHERS; i++) {
		pthread_join(threads[i], NULL);
		cr_assert_eq(seen[i], last);
	}
	desk_close(&desk);
}

Test(service_threads, that_watch_are_all_shown_the_end)
{
	check_watchers(true);
	check_watchers(false);
}

struct stopping {
	pthread_t thread;
	size_t answered;
};

static void *call_until_stopped(void *context)
{
	struct stopping *stopping = context;
	for (enum err err = ERR_OK; err != ERR_UNAVAILABLE; stopping->answered++) {
		struct talk talk;
		bool is_wait = stopping->answered % 2 == 1;
		talk_start(&talk, &desk, is_wait ? "WaitProgress" : "UpdateProgress",
		           is_wait ? "job_id=k wait_for_creation=1 timeout=0.001" : "job_id=j stage=2");
		err = talk_wait(&talk);
		talk_finish(&talk);
	}
	return NULL;
}

Test(service_threads, are_all_answered_when_the_service_stops)
{
	for (int round = 0; round < 20; round++) {
		struct stopping threads[THREADS] = {0};
		desk_open(&desk, round % 2 == 0, &service_options_default);
		for (int i = 0; i < THREADS; i++)
			cr_assert_eq(pthread_create(&threads[i].thread, NULL, call_until_stopped, &threads[i]), 0);
		desk_stop(&desk);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(threads[i].thread, NULL);
			cr_assert_gt(threads[i].answered, 0);
		}
		desk_close(&desk);
	}
}
