/* Which jobs have expired. */
#include <criterion/criterion.h>

#include "fixture.h"

static void expect_expired(struct store *store, int64_t now_ms, size_t limit, const char *names)
{
	struct fault fault = {0};
	struct listing listing = {0};
	cr_assert_eq(store_expired(store, now_ms, limit, note_item, &listing, &fault), ERR_OK, "%s", fault.text);
	cr_expect_str_eq(names_of(&listing), names);
}

/* j0 never expires, the others at 100, 300, 200, 400. */
static void create_expiring_jobs(struct store *store)
{
	static const char *const names[] = {"j0", "j1", "j2", "j3", "j4"};
	static const int64_t expiries[] = {0, 100, 300, 200, 400};
	struct store_put puts[5];
	for (int i = 0; i < 5; i++) {
		puts[i] = put_of(names[i], 0);
		puts[i].record.expires_ms = expiries[i];
	}
	commit(store, puts, 5);
}

STORE_TEST(store_expired, visits_the_earliest_first_up_to_the_moment)
{
	create_expiring_jobs(fixture->store);
	expect_expired(fixture->store, 99, 10, "");
	expect_expired(fixture->store, 100, 10, "j1");
	expect_expired(fixture->store, 399, 10, "j1 j3 j2");
	expect_expired(fixture->store, 1000, 10, "j1 j3 j2 j4");
}

STORE_TEST(store_expired, keeps_to_the_limit_and_says_the_same_again)
{
	create_expiring_jobs(fixture->store);
	expect_expired(fixture->store, 1000, 2, "j1 j3");
	expect_expired(fixture->store, 1000, 2, "j1 j3");
}

STORE_TEST(store_expired, follows_updates_and_removals)
{
	create_expiring_jobs(fixture->store);
	struct store_put puts[] = {put_of("j0", 1), put_of("j1", 1), put_of("j2", 1), removal_of("j3", 1)};
	puts[0].record.expires_ms = 50;
	puts[2].record.expires_ms = 500;
	commit(fixture->store, puts, 4);
	expect_expired(fixture->store, 1000, 10, "j0 j4 j2");
}

STORE_TEST(store_expired, ignores_puts_that_were_left_out)
{
	create_expiring_jobs(fixture->store);
	struct store_put puts[] = {put_of("j0", 7), removal_of("j1", 7), put_of("ghost", 7)};
	puts[0].record.expires_ms = puts[2].record.expires_ms = 1;
	commit(fixture->store, puts, 3);
	expect_expired(fixture->store, 100, 10, "j1");
}
