/* What becomes of calls when the service is away, slow, or loses answers. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "fixture.h"

TestSuite(reach, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

static enum prg_code get(struct prg_client *by)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_get_progress(by, "j", &progress);
	prg_progress_free(progress);
	return code;
}

static void *call_in_thread(void *argument)
{
	enum prg_code *code = argument;
	*code = prg_update_progress(client, "j", PRG_STAGE_ANALYZING, NULL, NULL);
	return NULL;
}

Test(reach, ends_as_unavailable_when_nobody_is_there_in_time)
{
	fake_leave(&fake);
	struct prg_options options = {.timeout_ms = 50};
	struct prg_client *patient = fixture_open(&options);
	cr_assert_eq(get(patient), PRG_UNAVAILABLE);
	cr_assert_not_null(strstr(prg_error(), fake.url), "%s", prg_error());
	cr_assert_str_eq(prg_error_reason(), "UNREACHABLE");
	prg_close(patient);
}

Test(reach, fails_at_once_when_asked_to)
{
	fake_leave(&fake);
	struct prg_options options = {.timeout_ms = -1, .fail_fast = true};
	struct prg_client *hasty = fixture_open(&options);
	cr_assert_eq(get(hasty), PRG_UNAVAILABLE);
	cr_assert_eq(get(hasty), PRG_UNAVAILABLE);
	fake_arrive(&fake);
	while (get(hasty) == PRG_UNAVAILABLE) /* until its next attempt to connect */
		;
	cr_assert_eq(get(hasty), PRG_OK);
	fake_leave(&fake);
	cr_assert_eq(get(hasty), PRG_UNAVAILABLE);
	prg_close(hasty);
}

Test(reach, fails_at_once_over_tcp)
{
	struct prg_options options = {.timeout_ms = -1, .fail_fast = true};
	struct prg_client *hasty;
	cr_assert_eq(prg_open("tcp://127.0.0.1:1", &options, &hasty), PRG_OK);
	cr_assert_eq(get(hasty), PRG_UNAVAILABLE);
	prg_close(hasty);
}

Test(reach, waits_for_the_service_to_come)
{
	fake_leave(&fake);
	struct prg_options options = {.timeout_ms = 20};
	struct prg_client *patient = fixture_open(&options);
	cr_assert_eq(get(patient), PRG_UNAVAILABLE);
	prg_set_timeout(patient, -1);
	fake_arrive(&fake);
	cr_assert_eq(get(patient), PRG_OK);
	prg_close(patient);
}

Test(reach, ends_as_deadline_exceeded_when_the_answer_does_not_come)
{
	cr_assert_eq(get(client), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	prg_set_timeout(client, 50);
	cr_assert_eq(get(client), PRG_DEADLINE_EXCEEDED, "%s", prg_error());
	fake_set_plan(&fake, (struct fake_plan){0});
	prg_set_timeout(client, 0);
	cr_assert_eq(get(client), PRG_OK, "the client can be used on");
}

Test(reach, repeats_an_update_under_the_same_number_when_the_answer_is_lost)
{
	fake_set_plan(&fake, (struct fake_plan){.drops_left = 2});
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_ANALYZING, NULL, NULL), PRG_OK, "%s", prg_error());
	cr_assert_eq(fake_call_count(&fake), 3);
	struct fake_call first = fake_get_call(&fake, 0);
	for (size_t i = 1; i < 3; i++) {
		struct fake_call again = fake_get_call(&fake, i);
		cr_assert_str_eq(again.writer, first.writer);
		cr_assert_eq(again.sequence, first.sequence);
	}
}

Test(reach, goes_on_through_a_restart_in_the_middle_of_a_call)
{
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	pthread_t thread;
	enum prg_code code = PRG_UNKNOWN;
	pthread_create(&thread, NULL, call_in_thread, &code);
	fake_wait_for_calls(&fake, 1);
	fake_leave(&fake);
	fake_set_plan(&fake, (struct fake_plan){0});
	fake_arrive(&fake);
	pthread_join(thread, NULL);
	cr_assert_eq(code, PRG_OK);
	cr_assert_geq(fake_call_count(&fake), 2);
	cr_assert_eq(fake_get_call(&fake, 1).sequence, fake_get_call(&fake, 0).sequence);
}

Test(reach, waits_while_the_service_says_that_it_is_not_available)
{
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_UNAVAILABLE, .message = "going down", .failures_left = 3});
	cr_assert_eq(get(client), PRG_OK);
	cr_assert_eq(fake_call_count(&fake), 4);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_UNAVAILABLE, .message = "going down"});
	prg_set_timeout(client, 50);
	cr_assert_eq(get(client), PRG_UNAVAILABLE);
	cr_assert_str_eq(prg_error(), "going down");
}

Test(reach, takes_a_repeated_delete_for_done)
{
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_NOT_FOUND, .message = "gone", .drops_left = 1});
	cr_assert_eq(prg_delete_job(client, "j"), PRG_OK);
	cr_assert_str_empty(prg_error());
	cr_assert_eq(prg_delete_job(client, "j"), PRG_NOT_FOUND);
}

static void *wait_in_thread(void *argument)
{
	struct prg_progress *progress = NULL;
	enum prg_code *code = argument;
	*code = prg_wait_progress(client, "j", 1, 100000, &progress);
	prg_progress_free(progress);
	return NULL;
}

static void let_the_clock_move(void)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 3);
}

Test(reach, shortens_a_wait_that_is_repeated)
{
	fake_set_plan(&fake, (struct fake_plan){.drops_left = 1, .hold = true});
	pthread_t thread;
	enum prg_code code = PRG_UNKNOWN;
	pthread_create(&thread, NULL, wait_in_thread, &code);
	fake_wait_for_calls(&fake, 1);
	let_the_clock_move();
	fake_set_plan(&fake, (struct fake_plan){0});
	pthread_join(thread, NULL);
	cr_assert_eq(code, PRG_OK);
	cr_assert_eq(fake_get_call(&fake, 0).wait_ms, 100000);
	cr_assert_lt(fake_get_call(&fake, 1).wait_ms, 100000);
}

Test(reach, gives_up_calls_when_the_client_is_closed)
{
	fake_set_plan(&fake, (struct fake_plan){.hold = true});
	pthread_t thread;
	enum prg_code code = PRG_UNKNOWN;
	pthread_create(&thread, NULL, call_in_thread, &code);
	fake_wait_for_calls(&fake, 1);
	prg_close(client);
	pthread_join(thread, NULL);
	client = NULL;
	cr_assert_eq(code, PRG_CANCELLED);
}

struct watching {
	pthread_mutex_t lock;
	pthread_cond_t shown;
	bool is_shown;
	enum prg_code code;
};

static bool note_shown(const struct prg_progress *progress, void *context)
{
	struct watching *watching = context;
	(void)progress;
	pthread_mutex_lock(&watching->lock);
	watching->is_shown = true;
	pthread_cond_signal(&watching->shown);
	pthread_mutex_unlock(&watching->lock);
	return true;
}

static void *watch_in_thread(void *argument)
{
	struct watching *watching = argument;
	watching->code = prg_watch(client, "j", note_shown, watching);
	return NULL;
}

Test(reach, gives_up_a_watch_that_waits_for_a_connection_when_the_client_is_closed)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 1});
	struct watching watching = {.lock = PTHREAD_MUTEX_INITIALIZER, .shown = PTHREAD_COND_INITIALIZER};
	pthread_t thread;
	pthread_create(&thread, NULL, watch_in_thread, &watching);
	pthread_mutex_lock(&watching.lock);
	while (!watching.is_shown)
		pthread_cond_wait(&watching.shown, &watching.lock);
	pthread_mutex_unlock(&watching.lock);
	fake_leave(&fake);
	prg_close(client);
	client = NULL;
	pthread_join(thread, NULL);
	cr_assert_eq(watching.code, PRG_CANCELLED);
}

Test(reach, comes_back_to_a_service_that_goes_away_during_the_handshake)
{
	for (int i = 0; i < 50; i++) {
		struct prg_client *patient = fixture_open(NULL);
		fake_leave(&fake);
		fake_arrive(&fake);
		cr_assert_eq(get(patient), PRG_OK, "%s", prg_error());
		prg_close(patient);
	}
}
