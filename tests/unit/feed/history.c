/* The history against a model that remembers everything and searches it from the start. */
#include "feed/history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"

enum { JOBS = 12, ADDED_MAX = 5000 };

static struct feed_history history;

/* What was added, by position. */
struct added {
	int job;
	uint64_t revision;
	size_t event_bytes;
	int64_t told_ms;
};

static struct added model[ADDED_MAX + 1];
static uint64_t added_count;
static uint64_t revisions[JOBS];
static char names[JOBS][8];

static void start(const struct feed_history_limits *limits)
{
	feed_history_init(&history, limits);
	added_count = 0;
	memset(revisions, 0, sizeof revisions);
	for (int i = 0; i < JOBS; i++)
		snprintf(names[i], sizeof names[i], "job-%d", i);
}

static void add(int job, size_t event_bytes, int64_t told_ms)
{
	uint8_t *event = malloc(event_bytes + 1);
	memset(event, job, event_bytes);
	/* A name that does not live on. */
	char name[8];
	memcpy(name, names[job], sizeof name);
	feed_history_add(&history, &(struct feed_change){.facts = {.job_id = name, .pipeline = "p", .parent = ""},
	                                                 .revision = ++revisions[job],
	                                                 .told_ms = told_ms,
	                                                 .event = event,
	                                                 .event_bytes = event_bytes});
	free(event);
	memset(name, 'x', sizeof name);
	model[++added_count] = (struct added){job, revisions[job], event_bytes, told_ms};
}

/* What a change of that job takes: all of it, with its three strings, aligned. */
static size_t cost_of(int job, size_t event_bytes)
{
	const size_t step = _Alignof(max_align_t);
	size_t job_bytes = (size_t)snprintf(NULL, 0, "job-%d", job) + 1;
	size_t bytes = sizeof(struct feed_memory) + job_bytes + sizeof "p" + sizeof "" + event_bytes;
	return (bytes + step - 1) / step * step;
}

/* ---- the trails */

static void check_change(const struct feed_memory *memory, uint64_t position)
{
	const struct added *added = &model[position];
	cr_assert_eq(memory->position, position);
	cr_assert_str_eq(memory->change.facts.job_id, names[added->job]);
	cr_assert_str_eq(memory->change.facts.pipeline, "p");
	cr_assert_eq(memory->change.revision, added->revision);
	cr_assert_eq(memory->change.event_bytes, added->event_bytes);
	for (size_t i = 0; i < added->event_bytes; i++)
		cr_assert_eq(memory->change.event[i], added->job);
}

/* The first change of the job after the position that is still remembered; 0: none. */
static uint64_t search(int job, uint64_t position)
{
	uint64_t first = position + 1 > history.first ? position + 1 : history.first;
	for (uint64_t i = first; i <= added_count; i++)
		if (model[i].job == job)
			return i;
	return 0;
}

static bool was_forgotten_after(int job, uint64_t position)
{
	for (uint64_t i = position + 1; i < history.first && i <= added_count; i++)
		if (model[i].job == job)
			return true;
	return false;
}

/* Follows the trail from the position to its end. */
static void check_trail(int job, uint64_t position)
{
	bool is_whole;
	const struct feed_memory *memory = feed_history_first_after(&history, names[job], position, &is_whole);
	cr_assert(!is_whole || !was_forgotten_after(job, position), "%s after %d: a silent gap", names[job], (int)position);
	cr_assert(is_whole || !feed_history_reaches(&history, position), "all is remembered, but not known to be");
	uint64_t expected = search(job, position);
	for (; memory != NULL; expected = search(job, expected)) {
		check_change(memory, expected);
		memory = memory->next_position != 0 ? feed_history_at(&history, memory->next_position) : NULL;
	}
	cr_assert_eq(expected, 0, "the trail of %s ends before %d", names[job], (int)expected);
}

static void check_everything(void)
{
	size_t bytes = 0;
	cr_assert_eq(feed_history_position(&history), added_count);
	for (uint64_t position = history.first; position <= added_count; position++) {
		check_change(feed_history_at(&history, position), position);
		bytes += cost_of(model[position].job, model[position].event_bytes);
	}
	cr_assert_eq(history.bytes, bytes);
	for (int job = 0; job < JOBS; job++) {
		uint64_t latest = 0;
		for (uint64_t i = history.first; i <= added_count; i++)
			latest = model[i].job == job ? i : latest;
		const struct feed_memory *memory = feed_history_latest(&history, names[job]);
		cr_assert_eq(memory != NULL ? memory->position : 0, latest);
		for (uint64_t position = 0; position <= added_count + 1; position += 1 + position / 50)
			check_trail(job, position);
		for (uint64_t position = history.first > 2 ? history.first - 2 : 0; position <= added_count; position++)
			check_trail(job, position);
	}
}

Test(feed_history, agrees_with_a_search_at_every_position)
{
	struct random random;
	random_start(&random, "feed_history");
	for (int round = 0; round < 40; round++) {
		size_t max = 1 + random_below(&random, 60);
		struct feed_history_limits limits = {random_below(&random, max + 1), max, random_below(&random, 20000),
		                                     (int64_t)random_below(&random, 100)};
		start(&limits);
		int64_t now_ms = 0;
		for (int i = 0; i < 200; i++) {
			now_ms += (int64_t)random_below(&random, 10);
			add((int)random_below(&random, 1 + random_below(&random, JOBS)), random_below(&random, 100), now_ms);
			if (random_below(&random, 20) == 0)
				check_everything();
		}
		check_everything();
		feed_history_finish(&history);
	}
}

Test(feed_history, grows_with_what_it_keeps)
{
	struct feed_history_limits limits = {ADDED_MAX, ADDED_MAX, SIZE_MAX, INT64_MAX};
	start(&limits);
	for (int i = 0; i < ADDED_MAX; i++)
		add(i % JOBS, 10, i);
	cr_assert_eq(history.first, 1);
	for (int job = 0; job < JOBS; job++)
		check_trail(job, 0);
	feed_history_finish(&history);
}

/* ---- the limits */

static uint64_t kept(void)
{
	return history.next - history.first;
}

Test(feed_history_add, keeps_the_least_number_however_old_and_large)
{
	struct feed_history_limits limits = {5, 10, 0, 0};
	start(&limits);
	for (int i = 0; i < 20; i++)
		add(0, 1000, i * 1000);
	cr_assert_eq(kept(), 5);
	feed_history_finish(&history);
}

Test(feed_history_add, never_keeps_more_than_the_greatest_number)
{
	struct feed_history_limits limits = {5, 10, SIZE_MAX, INT64_MAX};
	start(&limits);
	for (int i = 0; i < 100; i++) {
		add(0, 10, 0);
		cr_assert_leq(kept(), 10);
	}
	cr_assert_eq(kept(), 10);
	feed_history_finish(&history);
}

Test(feed_history_add, forgets_between_the_bounds_what_is_too_old)
{
	struct feed_history_limits limits = {2, 100, SIZE_MAX, 1000};
	start(&limits);
	for (int i = 0; i < 10; i++)
		add(0, 10, i * 100);
	cr_assert_eq(kept(), 10);
	add(0, 10, 1000);
	cr_assert_eq(kept(), 10, "the one told at 0 is a second old");
	add(0, 10, 1500);
	cr_assert_eq(kept(), 6);
	add(0, 10, 100000);
	cr_assert_eq(kept(), 2);
	feed_history_finish(&history);
}

Test(feed_history_add, forgets_between_the_bounds_what_takes_too_much_memory)
{
	struct feed_history_limits limits = {2, 100, 10 * cost_of(0, 1000), INT64_MAX};
	start(&limits);
	for (int i = 0; i < 10; i++)
		add(0, 1000, 0);
	cr_assert_eq(kept(), 10);
	add(0, 1000, 0);
	cr_assert_eq(kept(), 10);
	add(0, 1000 + 5 * cost_of(0, 1000), 0);
	cr_assert_eq(kept(), 5);
	cr_assert_leq(history.bytes, limits.bytes_max);
	feed_history_finish(&history);
}

Test(feed_history_add, counts_what_lies_around_the_events)
{
	struct feed_history_limits limits = {2, 1000, 20 * cost_of(0, 0), INT64_MAX};
	start(&limits);
	for (int i = 0; i < 100; i++)
		add(0, 0, 0);
	cr_assert_eq(kept(), 20);
	feed_history_finish(&history);
}

Test(feed_history_add, bears_an_event_of_no_bytes)
{
	struct feed_history_limits limits = {5, 10, SIZE_MAX, INT64_MAX};
	start(&limits);
	feed_history_add(&history, &(struct feed_change){.facts = {.job_id = "a", .pipeline = "", .parent = ""}});
	cr_assert_eq(feed_history_at(&history, 1)->change.event_bytes, 0);
	feed_history_finish(&history);
}

Test(feed_history_add, gives_the_memory_of_jobs_back_that_are_forgotten)
{
	struct feed_history_limits limits = {5, 10, SIZE_MAX, INT64_MAX};
	char name[16];
	start(&limits);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "job-%d", i);
		feed_history_add(&history, &(struct feed_change){.facts = {.job_id = name, .pipeline = "", .parent = ""}});
	}
	cr_assert_eq(history.trails.count, 10);
	cr_assert_leq(history.trails.slot_count, 64);
	cr_assert_leq(history.capacity, 1024);
	feed_history_finish(&history);
}

Test(feed_history_reaches, is_true_from_the_last_forgotten_to_the_latest)
{
	struct feed_history_limits limits = {5, 5, SIZE_MAX, INT64_MAX};
	start(&limits);
	cr_assert(feed_history_reaches(&history, 0));
	cr_assert_not(feed_history_reaches(&history, 1));
	for (int i = 0; i < 10; i++)
		add(0, 10, 0);
	for (uint64_t position = 0; position < 20; position++)
		cr_assert_eq(feed_history_reaches(&history, position), position >= 5 && position <= 10, "%d", (int)position);
	cr_assert_not(feed_history_reaches(&history, UINT64_MAX));
	cr_assert_not(feed_history_reaches(&history, UINT64_MAX - 1));
	feed_history_finish(&history);
}
