/* What a commit changes, what it leaves out, and that loading gives it back. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct store_load load(struct store *store, const char *job_id)
{
	struct fault fault = {0};
	struct store_load one = {.job_id = job_id};
	cr_assert_eq(store_load_all(store, &one, 1, &fault), ERR_OK, "%s", fault.text);
	return one;
}

static uint64_t revision_of(struct store *store, const char *job_id)
{
	struct store_load one = load(store, job_id);
	free(one.payload);
	return one.revision;
}

static const struct store_record full_record = {
    .job_id = "clip:1._-X",
    .revision = INT64_MAX,
    .stage = 31,
    .state = 5,
    .progress = 100,
    .pipeline = "clips",
    .parent = "batch-7",
    .message = "größer als 100 % \xe2\x82\xac '\"; --",
    .created_ms = 1700000000000,
    .updated_ms = 1700000000001,
    .ended_ms = 1700000000002,
    .expires_ms = INT64_MAX,
    .payload = (const uint8_t *)"a\0b\xff",
    .payload_bytes = 4,
};

static bool expect_full_record(const struct store_record *record, int64_t row, void *context)
{
	(void)row;
	cr_expect(is_same_record(record, &full_record));
	++*(int *)context;
	return true;
}

STORE_TEST(store_load_all, gives_back_what_was_put)
{
	struct store_put put = {.record = full_record};
	commit(fixture->store, &put, 1);
	cr_assert_not(put.is_conflict);
	cr_assert_gt(put.row, 0);

	struct store_load loaded = load(fixture->store, full_record.job_id);
	cr_assert(loaded.found);
	cr_expect_eq(loaded.revision, full_record.revision);
	cr_expect_eq(loaded.row, put.row);
	cr_expect_eq(loaded.payload_bytes, 4);
	cr_expect_eq(memcmp(loaded.payload, full_record.payload, 4), 0);
	free(loaded.payload);

	struct fault fault;
	int visits = 0;
	struct store_query all = {.limit = 10};
	cr_assert_eq(store_list(fixture->store, &all, expect_full_record, &visits, &fault), ERR_OK);
	cr_expect_eq(visits, 1);
}

STORE_TEST(store_load_all, says_which_of_many_do_not_exist)
{
	create_jobs(fixture->store, "job", 3);
	struct fault fault;
	struct store_load loads[] = {{.job_id = "job2"}, {.job_id = "job3"}, {.job_id = "job0"}};
	cr_assert_eq(store_load_all(fixture->store, loads, 3, &fault), ERR_OK);
	cr_expect(loads[0].found);
	cr_expect_not(loads[1].found);
	cr_expect_null(loads[1].payload);
	cr_expect(loads[2].found);
	for (int i = 0; i < 3; i++)
		free(loads[i].payload);
}

STORE_TEST(store_load_all, of_nothing_does_nothing)
{
	struct fault fault;
	cr_expect_eq(store_load_all(fixture->store, NULL, 0, &fault), ERR_OK);
}

STORE_TEST(store_commit, of_nothing_is_worth_as_much_as_any)
{
	commit(fixture->store, NULL, 0);
}

STORE_TEST(store_commit, takes_an_empty_payload_and_missing_strings)
{
	struct store_put put = put_of("job", 0);
	put.record.payload = NULL;
	put.record.payload_bytes = 0;
	put.record.pipeline = put.record.parent = put.record.message = NULL;
	commit(fixture->store, &put, 1);
	struct store_load loaded = load(fixture->store, "job");
	cr_expect(loaded.found);
	cr_expect_not_null(loaded.payload);
	cr_expect_eq(loaded.payload_bytes, 0);
	free(loaded.payload);
	struct listing listing;
	list(fixture->store, &(struct store_query){.limit = 2}, &listing);
	cr_expect_str_eq(names_of(&listing), "job");
}

STORE_TEST(store_commit, takes_a_payload_of_a_mebibyte)
{
	struct store_put put = put_of("job", 0);
	uint8_t *payload = malloc(1 << 20);
	for (size_t i = 0; i < 1 << 20; i++)
		payload[i] = (uint8_t)(i * 31 >> 3);
	put.record.payload = payload;
	put.record.payload_bytes = 1 << 20;
	commit(fixture->store, &put, 1);
	struct store_load loaded = load(fixture->store, "job");
	cr_assert_eq(loaded.payload_bytes, 1 << 20);
	cr_expect_eq(memcmp(loaded.payload, payload, 1 << 20), 0);
	free(loaded.payload);
	free(payload);
}

STORE_TEST(store_commit, updates_with_and_without_a_known_row)
{
	struct store_put put = put_of("job", 0);
	commit(fixture->store, &put, 1);
	int64_t row = put.row;
	put = put_of("job", 1);
	put.row = row;
	commit(fixture->store, &put, 1);
	cr_expect_not(put.is_conflict);
	put = put_of("job", 2);
	commit(fixture->store, &put, 1);
	cr_expect_not(put.is_conflict);
	cr_expect_eq(put.row, row);
	cr_expect_eq(revision_of(fixture->store, "job"), 3);
}

STORE_TEST(store_commit, leaves_out_a_put_with_a_wrong_revision)
{
	create_jobs(fixture->store, "job", 1);
	struct store_put put = put_of("job0", 1);
	put.record.revision = 10;
	commit(fixture->store, &put, 1);
	int64_t row = put.row;
	for (uint64_t wrong = 9; wrong <= 11; wrong += 2) {
		for (int64_t known = 0; known <= 1; known++) {
			put = put_of("job0", wrong);
			put.row = known * row;
			put.record.state = wrong == 9 ? 1 : 3;
			commit(fixture->store, &put, 1);
			cr_expect(put.is_conflict);
		}
	}
	cr_expect_eq(revision_of(fixture->store, "job0"), 10);
}

STORE_TEST(store_commit, leaves_out_a_creation_of_a_job_that_exists)
{
	create_jobs(fixture->store, "job", 1);
	struct store_put put = put_of("job0", 0);
	put.record.revision = 5;
	commit(fixture->store, &put, 1);
	cr_expect(put.is_conflict);
	cr_expect_eq(revision_of(fixture->store, "job0"), 1);
}

STORE_TEST(store_commit, leaves_out_what_needs_a_job_that_does_not_exist)
{
	struct store_put puts[] = {put_of("ghost", 1), removal_of("phantom", 1)};
	commit(fixture->store, puts, 2);
	cr_expect(puts[0].is_conflict);
	cr_expect(puts[1].is_conflict);
	cr_expect_eq(revision_of(fixture->store, "ghost"), 0);
}

STORE_TEST(store_commit, makes_the_rest_of_a_batch_with_conflicts)
{
	create_jobs(fixture->store, "job", 4);
	struct store_put puts[] = {
	    put_of("job0", 1), put_of("job1", 7),     put_of("new", 0),
	    put_of("job2", 0), removal_of("job3", 2), put_of("ghost", 3),
	};
	bool conflicts[] = {false, true, false, true, true, true};
	commit(fixture->store, puts, 6);
	for (int i = 0; i < 6; i++)
		cr_expect_eq(puts[i].is_conflict, conflicts[i], "put %d", i);
	cr_expect_eq(revision_of(fixture->store, "job0"), 2);
	cr_expect_eq(revision_of(fixture->store, "job1"), 1);
	cr_expect_eq(revision_of(fixture->store, "new"), 1);
	cr_expect_eq(revision_of(fixture->store, "job2"), 1);
	cr_expect_eq(revision_of(fixture->store, "job3"), 1);
	cr_expect_eq(revision_of(fixture->store, "ghost"), 0);
}

STORE_TEST(store_commit, clears_an_old_conflict_mark)
{
	struct store_put put = put_of("job", 0);
	put.is_conflict = true;
	commit(fixture->store, &put, 1);
	cr_expect_not(put.is_conflict);
}

STORE_TEST(store_commit, removes_a_job_that_can_be_made_again)
{
	struct store_put put = put_of("job", 0);
	commit(fixture->store, &put, 1);
	int64_t first_row = put.row;
	struct store_put removal = removal_of("job", 1);
	removal.row = first_row;
	commit(fixture->store, &removal, 1);
	cr_expect_not(removal.is_conflict);
	cr_expect_eq(removal.row, 0);
	cr_expect_eq(revision_of(fixture->store, "job"), 0);

	put = put_of("job", 0);
	commit(fixture->store, &put, 1);
	cr_expect_not(put.is_conflict);
	cr_expect_gt(put.row, first_row, "rows only rise");
	struct listing listing;
	list(fixture->store, &(struct store_query){.limit = 5}, &listing);
	cr_expect_str_eq(names_of(&listing), "job");
}
