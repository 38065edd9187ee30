/* The order of a listing, its pages and its filters, also while others commit. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum { ACTIVE = 1, STALLED, SUCCEEDED, FAILED, CANCELLED };

/* Eight jobs, a0 to b7: a or b by the prefix; one in each state, then again; two stages, pipelines and parents. */
static void create_varied_jobs(struct store *store)
{
	static const char *const names[] = {"a0", "b1", "a2", "b3", "a4", "b5", "a6", "b7"};
	struct store_put puts[8];
	for (int i = 0; i < 8; i++) {
		puts[i] = put_of(names[i], 0);
		puts[i].record.state = ACTIVE + i % 5;
		puts[i].record.stage = i % 2 == 0 ? 3 : 16;
		puts[i].record.pipeline = i < 4 ? "clips" : "posts";
		puts[i].record.parent = i % 4 == 3 ? "batch" : "";
	}
	commit(store, puts, 8);
}

static void expect_names(struct store *store, struct store_query query, const char *names)
{
	struct listing listing;
	query.limit = query.limit > 0 ? query.limit : 100;
	list(store, &query, &listing);
	cr_expect_str_eq(names_of(&listing), names);
}

STORE_TEST(store_list, of_an_empty_store_is_empty)
{
	expect_names(fixture->store, (struct store_query){0}, "");
	expect_names(fixture->store, (struct store_query){.states = 1 << ACTIVE, .job_id_prefix = "a"}, "");
}

STORE_TEST(store_list, shows_the_newest_first)
{
	create_varied_jobs(fixture->store);
	expect_names(fixture->store, (struct store_query){0}, "b7 a6 b5 a4 b3 a2 b1 a0");
}

STORE_TEST(store_list, keeps_the_order_of_creation_after_updates_and_removals)
{
	create_jobs(fixture->store, "j", 5);
	struct store_put puts[] = {put_of("j1", 1), removal_of("j3", 1), put_of("j9", 0)};
	puts[0].record.state = SUCCEEDED;
	commit(fixture->store, puts, 3);
	expect_names(fixture->store, (struct store_query){0}, "j9 j4 j2 j1 j0");
}

STORE_TEST(store_list, filters_by_states)
{
	create_varied_jobs(fixture->store);
	struct store *store = fixture->store;
	expect_names(store, (struct store_query){.states = 1 << ACTIVE}, "b5 a0");
	expect_names(store, (struct store_query){.states = 1 << ACTIVE | 1 << STALLED}, "a6 b5 b1 a0");
	expect_names(store, (struct store_query){.states = 1 << ACTIVE | 1 << SUCCEEDED | 1 << CANCELLED},
	             "b7 b5 a4 a2 a0");
	expect_names(store, (struct store_query){.states = 0x3e & ~(1u << FAILED)}, "b7 a6 b5 a4 a2 b1 a0");
	expect_names(store, (struct store_query){.states = 1u << 31}, "");
}

STORE_TEST(store_list, follows_a_job_into_another_state)
{
	create_jobs(fixture->store, "j", 2);
	struct store_put put = put_of("j0", 1);
	put.record.state = FAILED;
	commit(fixture->store, &put, 1);
	expect_names(fixture->store, (struct store_query){.states = 1 << ACTIVE}, "j1");
	expect_names(fixture->store, (struct store_query){.states = 1 << FAILED}, "j0");
}

STORE_TEST(store_list, filters_by_stages)
{
	create_varied_jobs(fixture->store);
	expect_names(fixture->store, (struct store_query){.stages = 1 << 16}, "b7 b5 b3 b1");
	expect_names(fixture->store, (struct store_query){.stages = 1 << 16, .states = 1 << ACTIVE}, "b5");
	expect_names(fixture->store, (struct store_query){.stages = 1 << 4}, "");
}

STORE_TEST(store_list, filters_by_pipeline_and_parent)
{
	create_varied_jobs(fixture->store);
	struct store *store = fixture->store;
	expect_names(store, (struct store_query){.pipeline = "clips"}, "b3 a2 b1 a0");
	expect_names(store, (struct store_query){.parent = "batch"}, "b7 b3");
	expect_names(store, (struct store_query){.parent = "batch", .pipeline = "posts"}, "b7");
	expect_names(store, (struct store_query){.parent = "batch", .states = 1 << FAILED}, "b3");
	expect_names(store, (struct store_query){.parent = "none"}, "");
	expect_names(store, (struct store_query){.parent = "", .pipeline = "", .job_id_prefix = ""},
	             "b7 a6 b5 a4 b3 a2 b1 a0");
}

STORE_TEST(store_list, filters_by_a_prefix_of_the_id)
{
	create_varied_jobs(fixture->store);
	struct store *store = fixture->store;
	expect_names(store, (struct store_query){.job_id_prefix = "a"}, "a6 a4 a2 a0");
	expect_names(store, (struct store_query){.job_id_prefix = "b5"}, "b5");
	expect_names(store, (struct store_query){.job_id_prefix = "b5x"}, "");
	expect_names(store, (struct store_query){.job_id_prefix = "A"}, "");
	expect_names(store, (struct store_query){.job_id_prefix = "%"}, "");
	expect_names(store, (struct store_query){.job_id_prefix = "a", .states = 1 << ACTIVE}, "a0");
	expect_names(store, (struct store_query){.job_id_prefix = "b", .parent = "batch"}, "b7 b3");
}

STORE_TEST(store_list, finds_a_prefix_that_most_jobs_have)
{
	for (int i = 0; i < 6; i++) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "job-%d-", i);
		create_jobs(fixture->store, prefix, 1000);
	}
	expect_names(fixture->store, (struct store_query){.job_id_prefix = "job", .limit = 2}, "job-5-999 job-5-998");
	expect_names(fixture->store, (struct store_query){.job_id_prefix = "job-0-99", .limit = 2}, "job-0-999 job-0-998");
}

STORE_TEST(store_list, counts_only_matches_against_the_limit)
{
	create_varied_jobs(fixture->store);
	expect_names(fixture->store, (struct store_query){.job_id_prefix = "a", .limit = 3}, "a6 a4 a2");
	expect_names(fixture->store, (struct store_query){.states = 1 << ACTIVE | 1 << STALLED, .limit = 3}, "a6 b5 b1");
	expect_names(fixture->store, (struct store_query){.limit = 8}, "b7 a6 b5 a4 b3 a2 b1 a0");
}

STORE_TEST(store_list, goes_on_before_a_row)
{
	create_jobs(fixture->store, "j", 300);
	struct store_query queries[] = {
	    {.limit = 7},
	    {.limit = 7, .states = 1 << ACTIVE},
	    {.limit = 7, .states = 1 << ACTIVE | 1 << FAILED},
	    {.limit = 7, .job_id_prefix = "j"},
	};
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		int expected = 300;
		for (struct listing page; list(fixture->store, &queries[i], &page), page.count > 0;) {
			for (size_t k = 0; k < page.count; k++) {
				char name[16];
				snprintf(name, sizeof name, "j%d", --expected);
				cr_assert_str_eq(page.items[k].job_id, name);
			}
			queries[i].before_row = page.items[page.count - 1].row;
		}
		cr_expect_eq(expected, 0);
	}
}

STORE_TEST(store_list, goes_on_past_many_removed_rows)
{
	create_jobs(fixture->store, "j", 3000);
	for (int i = 10; i < 2995; i++) {
		char name[16];
		snprintf(name, sizeof name, "j%d", i);
		struct store_put removal = removal_of(name, 1);
		if (i % 3 != 0)
			commit(fixture->store, &removal, 1);
	}
	struct listing page;
	struct store_query query = {.limit = 500};
	size_t count = 0;
	int64_t last_row = INT64_MAX;
	for (; list(fixture->store, &query, &page), page.count > 0; count += page.count) {
		for (size_t i = 0; i < page.count; i++) {
			cr_assert_lt(page.items[i].row, last_row);
			last_row = page.items[i].row;
		}
		query.before_row = last_row;
	}
	cr_expect_eq(count, 10 + 5 + 995);
}

static bool stop_at_second(const struct store_record *record, int64_t row, void *context)
{
	(void)record;
	(void)row;
	return ++*(int *)context < 2;
}

STORE_TEST(store_list, ends_when_the_visitor_says_so)
{
	create_jobs(fixture->store, "j", 5);
	struct fault fault;
	int visits = 0;
	cr_expect_eq(store_list(fixture->store, &(struct store_query){.limit = 5}, stop_at_second, &visits, &fault),
	             ERR_OK);
	cr_expect_eq(visits, 2);
	expect_names(fixture->store, (struct store_query){.limit = 2}, "j4 j3");
}

/* Lists again and again while another thread commits pairs of puts that belong together. */
struct lister {
	struct store *store;
	atomic_bool *is_over;
	atomic_ulong *committed; /* revision that both jobs have at least */
	atomic_size_t *listings; /* of all listers */
	const char *wrong;       /* what was wrong, NULL: nothing */
};

static const char *check_pair(struct lister *lister)
{
	struct listing listing = {0};
	struct fault fault;
	uint64_t committed = atomic_load(lister->committed);
	if (store_list(lister->store, &(struct store_query){.limit = 5}, note_item, &listing, &fault) != ERR_OK)
		return "an error";
	if (listing.count != 2 || listing.items[0].row <= listing.items[1].row)
		return "not two jobs in order";
	if (listing.items[0].revision != listing.items[1].revision)
		return "half a commit";
	return listing.items[0].revision < committed ? "an old state" : NULL;
}

static void *list_until_over(void *context)
{
	struct lister *lister = context;
	while (!atomic_load(lister->is_over) && lister->wrong == NULL) {
		lister->wrong = check_pair(lister);
		atomic_fetch_add(lister->listings, 1);
	}
	return NULL;
}

STORE_TEST(store_list, sees_whole_commits_while_others_commit)
{
	create_jobs(fixture->store, "j", 2);
	atomic_bool is_over = false;
	atomic_ulong committed = 1;
	atomic_size_t listings = 0;
	/* Where both sides are quick, it takes many of them to meet. */
	size_t wanted = fixture->store->class->commits_quickly ? 50000 : 300;
	struct lister listers[2];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		listers[i] = (struct lister){fixture->store, &is_over, &committed, &listings, NULL};
		cr_assert_eq(pthread_create(&threads[i], NULL, list_until_over, &listers[i]), 0);
	}
	for (uint64_t revision = 1; revision <= 300 || atomic_load(&listings) < wanted; revision++) {
		struct store_put puts[] = {put_of("j0", revision), put_of("j1", revision)};
		commit(fixture->store, puts, 2);
		cr_assert_not(puts[0].is_conflict || puts[1].is_conflict);
		atomic_store(&committed, revision + 1);
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_null(listers[i].wrong, "%s", listers[i].wrong);
	}
}
