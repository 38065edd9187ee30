/* What becomes of asynchronous updates when the service is away, slow, or something else, and when the client goes. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "results.h"

TestSuite(prg_async_reach, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

Test(prg_async_reach, repeats_what_had_no_answer_under_the_same_numbers)
{
	fake_set_plan(&fake, (struct fake_plan){.drops_left = 2});
	results_advance("j", 1);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results_wait(1), 1);
	cr_assert_eq(results.seen[0].code, PRG_OK);
	cr_assert_eq(fake_call_count(&fake), 6);
	for (size_t i = 3; i < 6; i += 2)
		cr_assert_eq(fake_get_call(&fake, i).sequence, fake_get_call(&fake, 1).sequence);
}

Test(prg_async_reach, waits_while_the_service_stops_and_starts)
{
	fake_set_plan(&fake, (struct fake_plan){.stopping = true, .failures_left = 2});
	results_advance("j", 1);
	cr_assert_eq(prg_flush(client), PRG_OK);
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_UNAVAILABLE, .message = "going down", .failures_left = 2});
	results_advance("j", 2);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results_wait(2), 2);
	cr_assert_eq(results.seen[0].code, PRG_OK);
	cr_assert_eq(results.seen[1].code, PRG_OK);
}

Test(prg_async_reach, goes_on_through_a_restart)
{
	results_occupy();
	for (int i = 0; i < 100; i++)
		results_advance("j", i);
	fake_leave(&fake);
	results_hold(false);
	fake_arrive(&fake);
	cr_assert_eq(prg_flush(client), PRG_OK, "%s", prg_error());
	cr_assert_eq(results_wait(101), 101);
	for (size_t i = 0; i < 101; i++)
		cr_assert_eq(results.seen[i].code, PRG_OK);
}

Test(prg_async_reach, ends_each_update_at_its_own_time)
{
	results_occupy();
	prg_set_timeout(client, 30);
	results_advance("first", 2);
	results_advance("second", 1);
	results_wait(2);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(results.seen[i].code, PRG_DEADLINE_EXCEEDED);
		cr_assert_str_eq(results.seen[i].reason, "DEADLINE_EXCEEDED");
	}
	results_hold(false);
	cr_assert_eq(results_wait(3), 3);
	cr_assert_eq(results.seen[2].code, PRG_OK);
	cr_assert_str_eq(results.seen[2].job_id, "first");
}

Test(prg_async_reach, ends_as_unavailable_when_nobody_is_there_in_time)
{
	fake_leave(&fake);
	prg_set_timeout(client, 30);
	results_advance("j", 1);
	results_wait(1);
	cr_assert_eq(results.seen[0].code, PRG_UNAVAILABLE);
	cr_assert_not_null(strstr(results.seen[0].error, fake.url));
	prg_set_timeout(client, 0);
	fake_arrive(&fake);
	results_advance("j", 2);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results.seen[1].code, PRG_OK);
}

Test(prg_async_reach, fails_at_once_when_asked_to)
{
	fake_leave(&fake);
	struct prg_options options = {.timeout_ms = -1, .fail_fast = true};
	struct prg_client *hasty = fixture_open(&options);
	cr_assert_eq(prg_update_progress_async(hasty, "j", PRG_STAGE_ANALYZING, NULL, results_note, NULL), PRG_OK);
	results_wait(1);
	cr_assert_eq(results.seen[0].code, PRG_UNAVAILABLE);
	prg_close(hasty);
}

Test(prg_async_reach, ends_as_cancelled_when_the_client_is_closed)
{
	results_occupy();
	for (int i = 0; i < 50; i++)
		results_advance("j", i);
	prg_close(client);
	client = NULL;
	cr_assert_eq(results.count, 51, "all callbacks were called before prg_close returned");
	for (size_t i = 0; i < results.count; i++)
		cr_assert_eq(results.seen[i].code, PRG_CANCELLED);
}

Test(prg_async_reach, tells_of_a_service_that_answers_something_else)
{
	fake_set_plan(&fake, (struct fake_plan){.garbage = true});
	results_advance("j", 1);
	results_wait(1);
	cr_assert_eq(results.seen[0].code, PRG_INTERNAL);
	cr_assert_str_eq(results.seen[0].reason, "BAD_REPLY");
}

static void *greet_wrongly(void *argument)
{
	int listener = *(int *)argument, peer;
	while ((peer = accept(listener, NULL, NULL)) >= 0) {
		cr_assert_eq(send(peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL), 28);
		close(peer);
	}
	return NULL;
}

Test(prg_async_reach, does_not_take_another_protocol_for_a_service)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct prg_options options = {.timeout_ms = 30};
	char url[160];
	pthread_t thread;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/other.sock", fake.folder);
	snprintf(url, sizeof url, "ipc://%s", address.sun_path);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(listen(listener, 4), 0);
	pthread_create(&thread, NULL, greet_wrongly, &listener);
	struct prg_client *lost;
	cr_assert_eq(prg_open(url, &options, &lost), PRG_OK);
	cr_assert_eq(prg_update_progress_async(lost, "j", PRG_STAGE_ANALYZING, NULL, results_note, NULL), PRG_OK);
	results_wait(1);
	cr_assert_eq(results.seen[0].code, PRG_UNAVAILABLE);
	prg_close(lost);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	unlink(address.sun_path);
}

static int check_in_child(void)
{
	if (prg_update_progress_async(client, "j", PRG_STAGE_ANALYZING, NULL, results_note, NULL) !=
	    PRG_FAILED_PRECONDITION)
		return 1;
	if (prg_flush(client) != PRG_FAILED_PRECONDITION)
		return 2;
	prg_close(client);
	return results.count == 0 ? 0 : 3;
}

Test(prg_async_reach, is_refused_in_a_forked_child)
{
	results_occupy();
	pid_t child = fork();
	if (child == 0)
		_exit(check_in_child());
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	results_hold(false);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(results_wait(1), 1);
}
