/* Whom requests are for and which pages send them: strangers' pages get nothing. */
#include "http/origin.h"

#include <criterion/criterion.h>

static const char *const hosts[] = {"progress.example.org"};
static const char *const origins[] = {"https://dash.example.org"};
static const struct origin_rules rules = {.hosts = hosts, .host_count = 1, .origins = origins, .origin_count = 1};

static int check(struct origin_claims claims)
{
	struct fault fault = {0};
	int status = origin_check(&rules, &claims, &fault);
	cr_assert_eq(status != 0, fault.code != ERR_OK);
	return status;
}

Test(origin_check, takes_requests_for_this_machine_and_for_the_hosts_that_were_named)
{
	const char *const good[] = {"localhost",
	                            "LocalHost:7080",
	                            "127.0.0.1",
	                            "127.0.0.1:1",
	                            "127.9.9.9",
	                            "[::1]",
	                            "[::1]:7080",
	                            "progress.example.org",
	                            "Progress.Example.Org:443"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_assert_eq(check((struct origin_claims){.host = good[i]}), 0, "%s", good[i]);
}

Test(origin_check, refuses_requests_for_other_names)
{
	const char *const bad[] = {"evil.example",
	                           "127.0.0.1.evil.example",
	                           "localhost.evil.example",
	                           "",
	                           ":7080",
	                           "progress.example.orgx",
	                           "[::2]",
	                           "[::1",
	                           "localhost:a",
	                           "192.168.0.1",
	                           "0.0.0.0",
	                           "2130706433",
	                           "127.1",
	                           "localhost:80:80",
	                           "user@localhost"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(check((struct origin_claims){.host = bad[i]}), 421, "%s", bad[i]);
	cr_assert_eq(check((struct origin_claims){.host = NULL}), 421);
}

Test(origin_check, takes_pages_of_its_own_and_of_friends)
{
	cr_assert_eq(check((struct origin_claims){.host = "localhost:80", .origin = "http://localhost:80"}), 0);
	cr_assert_eq(check((struct origin_claims){.host = "localhost", .origin = "https://LOCALHOST"}), 0);
	cr_assert_eq(
	    check((struct origin_claims){.host = "localhost", .origin = "https://dash.example.org", .site = "cross-site"}),
	    0);
}

Test(origin_check, refuses_pages_of_strangers)
{
	const char *const bad[] = {"http://evil.example",
	                           "null",
	                           "http://localhost:81",
	                           "http://localhost",
	                           "localhost:80",
	                           "https://dash.example.org.evil.example",
	                           "http://dash.example.org",
	                           ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(check((struct origin_claims){.host = "localhost:80", .origin = bad[i]}), 403, "%s", bad[i]);
}

Test(origin_check, refuses_what_browsers_say_comes_from_elsewhere)
{
	struct origin_claims claims = {.host = "localhost", .site = "cross-site", .mode = "no-cors"};
	cr_assert_eq(check(claims), 403);
	claims.site = "same-site";
	cr_assert_eq(check(claims), 403);
	claims.mode = NULL;
	cr_assert_eq(check(claims), 403);
	claims.mode = "navigate";
	cr_assert_eq(check(claims), 0, "a link may lead here");
	claims.mode = "cors";
	claims.site = "same-origin";
	cr_assert_eq(check(claims), 0);
	claims.site = "none";
	cr_assert_eq(check(claims), 0, "typed by the user");
}
