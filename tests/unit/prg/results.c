/* One list for all callbacks of a test. */
#include "results.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "fixture.h"

struct results results = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

void results_note(const struct prg_result *result, void *context)
{
	pthread_mutex_lock(&results.lock);
	struct seen *seen = &results.seen[results.count++ % RESULTS_MAX];
	*seen = (struct seen){.context = context,
	                      .code = result->code,
	                      .outcome = result->outcome,
	                      .revision = result->revision,
	                      .cancel_requested = result->cancel_requested,
	                      .progress = result->progress != NULL ? result->progress->progress : -1};
	snprintf(seen->job_id, sizeof seen->job_id, "%s", result->job_id);
	snprintf(seen->reason, sizeof seen->reason, "%s", result->reason);
	snprintf(seen->error, sizeof seen->error, "%s", result->error);
	pthread_cond_broadcast(&results.more);
	pthread_mutex_unlock(&results.lock);
}

size_t results_wait(size_t count)
{
	pthread_mutex_lock(&results.lock);
	while (results.count < count)
		pthread_cond_wait(&results.more, &results.lock);
	size_t seen = results.count;
	pthread_mutex_unlock(&results.lock);
	return seen;
}

void results_advance(const char *job, int done)
{
	cr_assert_eq(
	    prg_update_progress_incremental_async(client, job, PRG_STAGE_ANALYZING, done, 10000, NULL, results_note, NULL),
	    PRG_OK, "%s", prg_error());
}

void results_hold(bool on)
{
	fake_set_plan(&fake, (struct fake_plan){.hold = on});
}

void results_occupy(void)
{
	results_hold(true);
	results_advance("first", 1);
	fake_wait_for_calls(&fake, 2);
}
