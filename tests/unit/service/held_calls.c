/* Who carries out the calls that a door holds until it has them all. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "desk.h"

enum { CALLS = 3, SLOW_MS = 3 };

static struct desk desk;
static struct talk talks[CALLS];

static void start(void)
{
	desk_open(&desk, false, &service_options_default);
	desk.holds = true;
}

static void stop(void)
{
	desk_close(&desk);
}

TestSuite(held_calls, .init = start, .fini = stop, .timeout = 30);

/* Each call changes the job. */
static void hold_all(void)
{
	static int done;
	for (int i = 0; i < CALLS; i++) {
		char words[64];
		snprintf(words, sizeof words, "job_id=j stage=2 done=%d total=1000000", ++done);
		talk_start(&talks[i], &desk, "UpdateProgressIncremental", words);
	}
}

static void finish_all(void)
{
	for (int i = 0; i < CALLS; i++) {
		cr_expect_eq(talk_wait(&talks[i]), ERR_OK);
		talk_finish(&talks[i]);
	}
}

/* False: the thread of the corridor was about and has taken them. */
static bool release_untaken(void)
{
	size_t commits = desk.fake.commits;
	hold_all();
	bool is_taken = desk.fake.commits > commits;
	service_release(desk.service);
	for (int i = 0; i < CALLS && !is_taken; i++)
		is_taken = !talk_is_answered(&talks[i]);
	finish_all();
	return !is_taken && desk.fake.commits == commits + 1;
}

Test(held_calls, are_carried_out_together_by_who_has_held_them)
{
	int tries = 0;
	while (!release_untaken())
		cr_assert_lt(++tries, 1000);
	cr_expect(pthread_equal(desk.fake.committer, pthread_self()));
}

Test(held_calls, are_left_to_the_thread_that_gathers_more_once_the_disk_was_slow)
{
	desk.fake.disk_ms = SLOW_MS;
	for (int i = 0; i < 2; i++) {
		hold_all();
		service_release(desk.service);
		finish_all();
	}
	cr_expect_not(pthread_equal(desk.fake.committer, pthread_self()));
}
