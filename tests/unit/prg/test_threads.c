/* One client, many threads. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum { THREADS = 8, ROUNDS = 200 };

TestSuite(threads, .init = fixture_start, .fini = fixture_stop, .timeout = 120);

static pthread_barrier_t barrier;

/* Half of the threads share a job, the others have one each. Returns the number of what went wrong, 0: nothing. */
static void *work(void *argument)
{
	int number = (int)(intptr_t)argument;
	char job[16];
	snprintf(job, sizeof job, "job-%d", number % 2 == 0 ? 0 : number);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS; i++) {
		struct prg_progress *progress;
		if (prg_update_progress_incremental(client, job, PRG_STAGE_ANALYZING, i, ROUNDS, NULL, NULL) != PRG_OK)
			return (void *)1;
		if (prg_get_progress(client, job, &progress) != PRG_OK)
			return (void *)2;
		bool same = strcmp(progress->job_id, job) == 0;
		prg_progress_free(progress);
		if (!same)
			return (void *)3;
	}
	return NULL;
}

static void expect_rising_numbers(const char *job)
{
	uint64_t sequence = 0;
	for (size_t i = 0; i < fake_call_count(&fake); i++) {
		struct fake_call call = fake_get_call(&fake, i);
		if (call.sequence == 0 || strcmp(call.job_id, job) != 0)
			continue;
		cr_assert_geq(call.sequence, sequence, "%s: an update overtook another one", job);
		sequence = call.sequence;
	}
	cr_assert_neq(sequence, 0);
}

Test(threads, share_a_client_and_get_each_its_own_answers)
{
	pthread_t threads[THREADS];
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		cr_assert_eq((intptr_t)wrong, 0);
	}
	pthread_barrier_destroy(&barrier);
	for (int i = 0; i < THREADS; i++) {
		char job[16];
		snprintf(job, sizeof job, "job-%d", i % 2 == 0 ? 0 : i);
		expect_rising_numbers(job);
	}
}

static void *call_with_limit(void *argument)
{
	struct prg_progress *progress = NULL;
	(void)argument;
	prg_set_timeout(client, 30);
	enum prg_code code = prg_get_progress(client, "limited", &progress);
	prg_progress_free(progress);
	return (void *)(intptr_t)code;
}

/* How much time the call about a job said it has. A call whose time was over early may not have come in. */
static bool find_timeout(const char *job, uint32_t *ret_timeout_ms)
{
	for (size_t i = 0; i < fake_call_count(&fake); i++) {
		struct fake_call call = fake_get_call(&fake, i);
		if (strcmp(call.job_id, job) != 0)
			continue;
		*ret_timeout_ms = call.timeout_ms;
		return true;
	}
	return false;
}

Test(threads, have_a_time_limit_of_their_own)
{
	struct prg_progress *progress;
	uint32_t timeout_ms;
	cr_assert_eq(prg_get_progress(client, "connected", &progress), PRG_OK); /* or it would be UNAVAILABLE */
	prg_progress_free(progress);
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	pthread_t thread;
	void *code;
	pthread_create(&thread, NULL, call_with_limit, NULL);
	pthread_join(thread, &code);
	cr_assert_eq((intptr_t)code, PRG_DEADLINE_EXCEEDED);
	fake_set_plan(&fake, (struct fake_plan){0});
	cr_assert_eq(prg_get_progress(client, "not limited", &progress), PRG_OK);
	prg_progress_free(progress);
	cr_assert(find_timeout("not limited", &timeout_ms) && timeout_ms > 1000);
	cr_assert(!find_timeout("limited", &timeout_ms) || timeout_ms <= 30);
}

static void *update(void *job)
{
	enum prg_code code = prg_update_progress(client, job, PRG_STAGE_ANALYZING, NULL, NULL);
	return (void *)(intptr_t)code;
}

Test(threads, wait_only_for_updates_of_the_same_job)
{
	static char held[] = "held", other[] = "other";
	char *const jobs[] = {held, held, other};
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	pthread_t threads[3];
	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, update, jobs[i]);
		fake_wait_for_calls(&fake, i == 0 ? 1 : 0);
	}
	fake_wait_for_calls(&fake, 2);
	cr_assert_str_eq(fake_get_call(&fake, 1).job_id, other);
	fake_set_plan(&fake, (struct fake_plan){0});
	for (int i = 0; i < 3; i++) {
		void *code;
		pthread_join(threads[i], &code);
		cr_assert_eq((intptr_t)code, PRG_OK);
	}
	cr_assert_gt(fake_get_call(&fake, 2).sequence, fake_get_call(&fake, 0).sequence);
}

Test(threads, do_not_wait_for_their_turn_beyond_their_time)
{
	static char held[] = "held";
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	pthread_t thread;
	pthread_create(&thread, NULL, update, held);
	fake_wait_for_calls(&fake, 1);
	prg_set_timeout(client, 20);
	cr_assert_eq(prg_update_progress(client, held, PRG_STAGE_ANALYZING, NULL, NULL), PRG_DEADLINE_EXCEEDED);
	cr_assert_eq(fake_call_count(&fake), 1, "the second one was not sent");
	fake_set_plan(&fake, (struct fake_plan){0});
	pthread_join(thread, NULL);
}
