/* The generated stubs over a client. */
#include <criterion/criterion.h>
#include <prg/service.h>
#include <string.h>

#include "fixture.h"

TestSuite(prg_service, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

struct seen {
	int closures;
	bool failed;
	uint64_t revision;
};

static void take(const Progress__V1__GetProgressResponse *response, void *context)
{
	struct seen *seen = context;
	seen->closures++;
	seen->failed = response == NULL;
	if (response != NULL)
		seen->revision = response->progress_info->revision;
}

static struct seen call_stub(void)
{
	struct seen seen = {0};
	char job_id[] = "j";
	Progress__V1__GetProgressRequest request = PROGRESS__V1__GET_PROGRESS_REQUEST__INIT;
	request.job_id = job_id;
	progress__v1__progress_tracker_service__get_progress(prg_service(client), &request, take, &seen);
	return seen;
}

Test(prg_service, carries_the_generated_stubs)
{
	fake_set_plan(&fake, (struct fake_plan){.revision = 9});
	struct seen seen = call_stub();
	cr_assert_eq(seen.closures, 1);
	cr_assert_eq(seen.revision, 9);
	cr_assert_eq(prg_service_code(), PRG_OK);
	cr_assert_eq(prg_service_durability(), PRG_DURABILITY_SYNCED);
}

Test(prg_service, calls_the_closure_once_on_an_error)
{
	fake_set_plan(&fake, (struct fake_plan){.code = PRG_NOT_FOUND, .message = "no such job"});
	struct seen seen = call_stub();
	cr_assert_eq(seen.closures, 1);
	cr_assert(seen.failed);
	cr_assert_eq(prg_service_code(), PRG_NOT_FOUND);
	cr_assert_str_eq(prg_error(), "no such job");
}
