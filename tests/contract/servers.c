/* The servers of the whole run are there before the first test and gone after the last one. */
#include <criterion/criterion.h>
#include <criterion/hooks.h>

#include "support/redis_servers.h"

static struct redis_servers servers;

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	(void)tests;
	redis_servers_start(&servers);
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	(void)stats;
	redis_servers_stop(&servers);
}
