/* Who the service is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

TestSuite(prg_server, .init = fixture_start, .fini = fixture_stop, .timeout = 60);

static enum prg_code get(void)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_get_progress(client, "j", &progress);
	prg_progress_free(progress);
	return code;
}

Test(prg_server, of_another_major_version_is_refused_until_it_fits)
{
	fake_set_plan(&fake, (struct fake_plan){.version = "99.0.0"});
	cr_assert_eq(get(), PRG_FAILED_PRECONDITION);
	cr_assert_str_eq(prg_error_reason(), "INCOMPATIBLE_VERSION");
	cr_assert_not_null(strstr(prg_error(), "99.0.0"));
	cr_assert_not_null(strstr(prg_error(), prg_version()));
	cr_assert_eq(prg_update_progress(client, "j", PRG_STAGE_QUEUED, NULL, NULL), PRG_FAILED_PRECONDITION);
	cr_assert_eq(fake_call_count(&fake), 0, "nothing else was asked");
	struct prg_server_info info;
	cr_assert_eq(prg_get_server_info(client, &info), PRG_OK);
	cr_assert_str_eq(info.version, "99.0.0");
	fake_set_plan(&fake, (struct fake_plan){0});
	cr_assert_eq(get(), PRG_OK);
}

Test(prg_server, of_another_minor_version_will_do)
{
	fake_set_plan(&fake, (struct fake_plan){.version = "0.99.7"});
	cr_assert_eq(get(), PRG_OK);
}

struct kept {
	enum prg_code code;
	char error[256];
};

static void keep(const struct prg_result *result, void *context)
{
	struct kept *kept = context;
	kept->code = result->code;
	snprintf(kept->error, sizeof kept->error, "%s", result->error);
}

Test(prg_server, of_another_major_version_ends_asynchronous_updates)
{
	struct kept kept = {0};
	fake_set_plan(&fake, (struct fake_plan){.version = "99.0.0"});
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_QUEUED, NULL, keep, &kept), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_OK);
	cr_assert_eq(kept.code, PRG_FAILED_PRECONDITION);
	cr_assert_not_null(strstr(kept.error, "99.0.0"));
	cr_assert_eq(fake_call_count(&fake), 0, "no update was sent");
	fake_set_plan(&fake, (struct fake_plan){0});
	cr_assert_eq(prg_update_progress_async(client, "j", PRG_STAGE_QUEUED, NULL, NULL, NULL), PRG_OK);
	cr_assert_eq(prg_flush(client), PRG_OK);
}
