/* Pages of jobs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"

enum { JOBS = 250 };

static struct desk desk;

/* Every third job is of the pipeline "clips", every fifth has failed, every seventh is part of "p". */
static void start(void)
{
	desk_open(&desk, true, &service_options_default);
	for (int i = 0; i < JOBS; i++) {
		struct talk talk;
		char words[200];
		snprintf(words, sizeof words, "job_id=job-%03d%s%s", i, i % 3 == 0 ? " pipeline=clips" : "",
		         i % 7 == 0 ? " parent=p" : "");
		talk_well(&talk, &desk, "CreateJob", words);
		talk_finish(&talk);
		snprintf(words, sizeof words, "job_id=job-%03d stage=%d", i, i % 5 == 0 ? STAGE_FAILED : STAGE_ANALYZING);
		talk_well(&talk, &desk, "UpdateProgress", words);
		talk_finish(&talk);
	}
}

static void stop(void)
{
	desk_close(&desk);
}

TestSuite(list_jobs, .init = start, .fini = stop);

/* Reads all pages; notes in `seen` which jobs they showed. Checks that the newest come first. */
static size_t read_pages(const char *filter, int page_size, bool seen[JOBS])
{
	char token[100] = "";
	int last = JOBS;
	size_t pages = 0;
	memset(seen, 0, JOBS * sizeof *seen);
	do {
		struct talk talk;
		char words[400];
		snprintf(words, sizeof words, "%s page_size=%d page_token=%s", filter, page_size, token);
		talk_well(&talk, &desk, "ListJobs", words);
		const Progress__V1__ListJobsResponse *page = (const void *)talk.response;
		cr_assert_leq(page->n_jobs, page_size > 0 ? (size_t)page_size : 50);
		for (size_t i = 0; i < page->n_jobs; i++) {
			int number = atoi(page->jobs[i]->job_id + strlen("job-"));
			cr_assert_lt(number, last, "the newest come first, each once");
			seen[number] = true;
			last = number;
		}
		snprintf(token, sizeof token, "%s", page->next_page_token);
		cr_assert(*token == '\0' || page->n_jobs > 0);
		talk_finish(&talk);
		pages++;
	} while (*token != '\0');
	return pages;
}

Test(list_jobs, shows_each_job_once_whatever_the_page_size)
{
	static const int sizes[][2] = {{0, 5}, {1, 250}, {7, 36}, {50, 5}, {249, 2}, {250, 1}, {1000, 1}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		bool seen[JOBS];
		cr_assert_eq(read_pages("", sizes[i][0], seen), (size_t)sizes[i][1], "page size %d", sizes[i][0]);
		for (int j = 0; j < JOBS; j++)
			cr_assert(seen[j]);
	}
}

static bool passes(const char *filter, int number)
{
	static const struct {
		const char *words;
		int every;
	} rules[] = {{"filter.pipeline=clips", 3}, {"filter.states=4", 5}, {"filter.stages=11", 5}, {"filter.parent=p", 7}};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strstr(filter, rules[i].words) != NULL && number % rules[i].every != 0)
			return false;
	return strstr(filter, "filter.job_id_prefix=job-1") == NULL || (number >= 100 && number < 200);
}

Test(list_jobs, shows_only_what_passes_all_filters)
{
	static const char *const filters[] = {
	    "filter.pipeline=clips",
	    "filter.states=4",
	    "filter.stages=11",
	    "filter.parent=p",
	    "filter.job_id_prefix=job-1",
	    "filter.states=4 filter.states=1 filter.parent=p",
	    "filter.pipeline=clips filter.stages=11",
	    "filter.pipeline=clips filter.parent=p filter.states=4 filter.job_id_prefix=job-1",
	};
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		bool seen[JOBS];
		read_pages(filters[i], 10, seen);
		bool has_both = strstr(filters[i], "filter.states=1") != NULL;
		for (int j = 0; j < JOBS; j++)
			cr_assert_eq(seen[j], passes(has_both ? "filter.parent=p" : filters[i], j), "%s: %d", filters[i], j);
	}
}

Test(list_jobs, shows_nothing_where_nothing_passes)
{
	bool seen[JOBS];
	cr_assert_eq(read_pages("filter.pipeline=none", 10, seen), 1);
	cr_assert_eq(read_pages("filter.states=5", 10, seen), 1);
	for (int j = 0; j < JOBS; j++)
		cr_assert_not(seen[j]);
}

Test(list_jobs, goes_on_after_jobs_were_deleted_between_two_pages)
{
	struct talk talk;
	char token[100], words[200];
	talk_well(&talk, &desk, "ListJobs", "page_size=10");
	snprintf(token, sizeof token, "%s",
	         ((const Progress__V1__ListJobsResponse *)(const void *)talk.response)->next_page_token);
	talk_finish(&talk);
	for (int i = 238; i < 243; i++) {
		snprintf(words, sizeof words, "job_id=job-%03d", i);
		talk_well(&talk, &desk, "DeleteJob", words);
		talk_finish(&talk);
	}
	snprintf(words, sizeof words, "page_size=10 page_token=%s", token);
	talk_well(&talk, &desk, "ListJobs", words);
	const Progress__V1__ListJobsResponse *page = (const void *)talk.response;
	cr_assert_eq(page->n_jobs, 10);
	cr_assert_str_eq(page->jobs[0]->job_id, "job-237");
	talk_finish(&talk);
}

Test(list_jobs, ends_a_page_early_that_would_be_larger_than_a_message)
{
	enum { ENTRIES = 40 };
	for (int i = 0; i < 30; i++) {
		struct talk talk;
		char words[2000];
		snprintf(words, sizeof words, "job_id=big-%d", i);
		for (int j = 0; j < ENTRIES; j++)
			snprintf(words + strlen(words), sizeof words - strlen(words), " metadata=k%d:@1024", j);
		talk_well(&talk, &desk, "CreateJob", words);
		talk_finish(&talk);
	}
	size_t jobs = 0, pages = 0;
	char token[100] = "";
	do {
		struct talk talk;
		char words[200];
		snprintf(words, sizeof words, "filter.job_id_prefix=big- page_size=1000 page_token=%s", token);
		talk_well(&talk, &desk, "ListJobs", words);
		const Progress__V1__ListJobsResponse *page = (const void *)talk.response;
		cr_assert_leq(talk.call.response.length, 1 << 20);
		jobs += page->n_jobs;
		pages++;
		snprintf(token, sizeof token, "%s", page->next_page_token);
		talk_finish(&talk);
	} while (*token != '\0');
	cr_assert_eq(jobs, 30);
	cr_assert_gt(pages, 1);
}

/* ---- what is no job */

static struct desk damaged;
static size_t unreadable_count;

static void note_unreadable(const char *job_id, const struct fault *fault)
{
	cr_assert(strncmp(job_id, "bad-", strlen("bad-")) == 0);
	cr_assert_eq(fault->code, ERR_DATA_LOSS);
	__atomic_fetch_add(&unreadable_count, 1, __ATOMIC_RELAXED);
}

/* Of 20 jobs some are none: every third, the oldest, and the six newest. */
static bool is_bad(int number)
{
	return number % 3 == 0 || number >= 14;
}

static void start_damaged(void)
{
	struct service_options options = service_options_default;
	options.on_unreadable = note_unreadable;
	desk_open(&damaged, false, &options);
	for (int i = 0; i < 20; i++) {
		struct job_update update = {.stage = stages_find(STAGE_ANALYZING)};
		char name[16];
		snprintf(name, sizeof name, "%s-%d", is_bad(i) ? "bad" : "good", i);
		if (is_bad(i))
			fake_store_spoil(&damaged.fake, name);
		else
			fake_store_apply(&damaged.fake, name, &update);
	}
}

static void stop_damaged(void)
{
	desk_close(&damaged);
}

TestSuite(list_jobs_of_a_damaged_store, .init = start_damaged, .fini = stop_damaged);

Test(list_jobs_of_a_damaged_store, shows_all_that_are_jobs_whatever_the_page_size)
{
	for (int page_size = 1; page_size <= 20; page_size++) {
		char token[100] = "";
		size_t count = 0;
		unreadable_count = 0;
		do {
			struct talk talk;
			char words[200];
			snprintf(words, sizeof words, "page_size=%d page_token=%s", page_size, token);
			talk_well(&talk, &damaged, "ListJobs", words);
			const Progress__V1__ListJobsResponse *page = (const void *)talk.response;
			cr_assert_leq(page->n_jobs, (size_t)page_size);
			count += page->n_jobs;
			snprintf(token, sizeof token, "%s", page->next_page_token);
			talk_finish(&talk);
		} while (*token != '\0');
		cr_assert_eq(count, 9, "page size %d", page_size);
		cr_assert_geq(unreadable_count, 11, "page size %d", page_size);
	}
}
