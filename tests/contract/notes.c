/* Small things beside the jobs. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static void put(struct store *store, const char *key, uint64_t expected, const char *text, bool is_conflict)
{
	struct fault fault = {0};
	bool was_conflict = !is_conflict;
	enum err err = store_put_note(store, key, expected, (const uint8_t *)text, strlen(text), &was_conflict, &fault);
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
	cr_assert_eq(was_conflict, is_conflict);
}

static void expect(struct store *store, const char *key, uint64_t revision, const char *text)
{
	struct fault fault = {0};
	struct store_note note;
	cr_assert_eq(store_load_note(store, key, &note, &fault), ERR_OK, "%s", fault.text);
	cr_assert_eq(note.revision, revision);
	cr_assert_eq(note.bytes == NULL, revision == 0);
	cr_assert_eq(note.length, strlen(text));
	cr_assert(note.length == 0 || memcmp(note.bytes, text, note.length) == 0);
	free(note.bytes);
}

STORE_TEST(store_put_note, keeps_what_was_put_and_counts)
{
	expect(fixture->store, "a", 0, "");
	put(fixture->store, "a", 0, "one", false);
	put(fixture->store, "b/c", 0, "", false);
	expect(fixture->store, "a", 1, "one");
	expect(fixture->store, "b/c", 1, "");
	put(fixture->store, "a", 1, "two and more", false);
	expect(fixture->store, "a", 2, "two and more");
}

STORE_TEST(store_put_note, refuses_what_does_not_follow_the_present_one)
{
	put(fixture->store, "a", 5, "x", true);
	expect(fixture->store, "a", 0, "");
	put(fixture->store, "a", 0, "one", false);
	put(fixture->store, "a", 0, "x", true);
	put(fixture->store, "a", 2, "x", true);
	expect(fixture->store, "a", 1, "one");
}

STORE_TEST(store_put_note, takes_any_bytes_up_to_the_limit)
{
	struct fault fault = {0};
	struct store_note note;
	bool is_conflict;
	uint8_t *bytes = malloc(STORE_NOTE_BYTES_MAX);
	for (size_t i = 0; i < STORE_NOTE_BYTES_MAX; i++)
		bytes[i] = (uint8_t)(i * 7);
	cr_assert_eq(store_put_note(fixture->store, "a", 0, bytes, STORE_NOTE_BYTES_MAX, &is_conflict, &fault), ERR_OK);
	cr_assert_eq(store_load_note(fixture->store, "a", &note, &fault), ERR_OK);
	cr_assert_eq(note.length, STORE_NOTE_BYTES_MAX);
	cr_assert_eq(memcmp(note.bytes, bytes, note.length), 0);
	free(note.bytes);
	free(bytes);
}

STORE_TEST(store_put_note, leaves_jobs_and_their_commits_alone)
{
	create_jobs(fixture->store, "j", 3);
	put(fixture->store, "j0", 0, "a note", false);
	struct store_put again = put_of("j0", 1);
	commit(fixture->store, &again, 1);
	cr_assert_not(again.is_conflict);
	expect(fixture->store, "j0", 1, "a note");
	struct listing all;
	list(fixture->store, &(struct store_query){.limit = 10}, &all);
	cr_assert_eq(all.count, 3);
}

Test(store_put_note, outlives_the_process_in_a_file)
{
	struct fixture fixture;
	fixture_start(&fixture, FIXTURE_FILE);
	put(fixture.store, "a", 0, "one", false);
	fixture_reopen(&fixture);
	expect(fixture.store, "a", 1, "one");
	put(fixture.store, "a", 1, "two", false);
	fixture_finish(&fixture);
}

/* A store that keeps none takes them and forgets them. */
Test(store_put_note, is_harmless_where_notes_are_not_kept)
{
	static const struct store_class none = {.kind = "none"};
	struct store store = {&none};
	put(&store, "a", 0, "one", false);
	put(&store, "a", 1, "two", false);
	expect(&store, "a", 0, "");
}
