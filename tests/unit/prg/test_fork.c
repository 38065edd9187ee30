/* After fork the child is refused, and nothing ends it. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

TestSuite(fork_guard, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

/* The number of the first expectation that does not hold; 0: all hold. */
static int check_in_child(struct prg_reporter *reporter)
{
	struct prg_progress *progress;
	struct prg_client *second;
	if (prg_get_progress(client, "j", &progress) != PRG_FAILED_PRECONDITION)
		return 1;
	if (strstr(prg_error(), "fork") == NULL || strcmp(prg_error_reason(), "FORKED") != 0)
		return 2;
	if (prg_update_progress(client, "j", PRG_STAGE_QUEUED, NULL, NULL) != PRG_FAILED_PRECONDITION)
		return 3;
	if (prg_open(fake.url, NULL, &second) != PRG_FAILED_PRECONDITION)
		return 4;
	prg_reporter_tick(reporter, 3);
	if (prg_reporter_finish(reporter, NULL) != PRG_FAILED_PRECONDITION)
		return 5;
	prg_close(client);
	return 0;
}

Test(fork_guard, refuses_in_the_child_and_leaves_the_parent_alone)
{
	struct prg_reporter *reporter;
	cr_assert_eq(prg_reporter_start(client, "j", PRG_STAGE_ANALYZING, 10, NULL, &reporter), PRG_OK);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(check_in_child(reporter));
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "the child was ended by signal %d", WTERMSIG(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(prg_update_progress(client, "k", PRG_STAGE_QUEUED, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_reporter_finish(reporter, NULL), PRG_OK, "%s", prg_error());
}
