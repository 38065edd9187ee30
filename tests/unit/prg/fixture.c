/* What nearly every test of the client needs. */
#include "fixture.h"

#include <criterion/criterion.h>

struct fake fake;
struct prg_client *client;

struct prg_client *fixture_open(const struct prg_options *options)
{
	struct prg_client *opened;
	cr_assert_eq(prg_open(fake.url, options, &opened), PRG_OK, "%s", prg_error());
	return opened;
}

void fixture_start(void)
{
	struct prg_options options = {.writer = "tester", .authorization = "Bearer secret"};
	fake_start(&fake);
	client = fixture_open(&options);
}

void fixture_stop(void)
{
	prg_close(client);
	client = NULL;
	fake_stop(&fake);
}
