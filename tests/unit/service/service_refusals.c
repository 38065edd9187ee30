/* Bad requests: one clear error that names the field, and nothing changes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk.h"

static struct desk desk;

static void start(void)
{
	desk_open(&desk, true, &service_options_default);
}

static void stop(void)
{
	desk_close(&desk);
}

TestSuite(service_refuses, .init = start, .fini = stop);

static void refused(const char *method, const char *words, const char *field)
{
	struct talk talk;
	talk_start(&talk, &desk, method, words);
	enum err err = talk_wait(&talk);
	const struct fault *fault = &talk.call.fault;
	cr_assert_eq(err, ERR_INVALID_ARGUMENT, "%s %.80s: %d %s", method, words, err, fault->text);
	bool is_named = strncmp(fault->text, field, strlen(field)) == 0 && fault->text[strlen(field)] == ':';
	cr_assert(is_named, "%s %.80s: \"%s\" does not begin with \"%s:\"", method, words, fault->text, field);
	cr_assert(strlen(fault->reason) > 0);
	cr_assert(text_is_clean(fault->text, strlen(fault->text)), "%s %.80s: the text is no clean UTF-8", method, words);
	cr_assert_eq(talk.call.response.length, 0);
	talk_finish(&talk);
}

/* No refused request may have left anything behind. */
static void check_untouched(void)
{
	struct talk talk;
	talk_well(&talk, &desk, "ListJobs", "");
	cr_assert_eq(((const Progress__V1__ListJobsResponse *)(const void *)talk.response)->n_jobs, 0);
	talk_finish(&talk);
}

/* All updates with a good place, so that only what is added can be wrong. */
static const char *const updates[][2] = {
    {"UpdateProgress", "stage=2"},
    {"UpdateProgressByStatus", "status=downloading"},
    {"UpdateProgressExplicit", "stage=2 progress=7"},
    {"UpdateProgressIncremental", "stage=2 fraction=0.5"},
};

enum { UPDATES = sizeof updates / sizeof *updates };

static void each_update_refused(const char *words, const char *field)
{
	for (size_t i = 0; i < UPDATES; i++) {
		char all[3000];
		snprintf(all, sizeof all, "%s %s", updates[i][1], words);
		refused(updates[i][0], all, field);
	}
}

Test(service_refuses, job_ids_that_are_none)
{
	static const char *const words[] = {
	    "",
	    "job_id=",
	    "job_id=-a",
	    "job_id=.a",
	    "job_id=_a",
	    "job_id=:a",
	    "job_id=a/",
	    "job_id=a*b",
	    "job_id=a\xc3\xa4",
	    "job_id=@129",
	    "job_id=a%20b",
	    "job_id=a\\",
	    /* A text that is quoted in part must not be cut inside a character. */
	    "job_id=\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	};
	static const char *const others[] = {"GetProgress", "DeleteJob", "GetJobHistory", "WaitProgress"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		each_update_refused(words[i], "job_id");
		for (size_t j = 0; j < sizeof others / sizeof *others; j++)
			refused(others[j], words[i], "job_id");
		if (i >= 2)
			refused("CreateJob", words[i], "job_id");
	}
	check_untouched();
}

Test(service_refuses, what_is_not_in_the_table_of_stages)
{
	static const char *const numbers[] = {"stage=0", "stage=17", "stage=-1", "stage=2147483647"};
	static const char *const methods[] = {"UpdateProgress", "UpdateProgressExplicit", "UpdateProgressIncremental"};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		for (size_t j = 0; j < sizeof methods / sizeof *methods; j++) {
			char words[100];
			snprintf(words, sizeof words, "job_id=j %s", numbers[i]);
			refused(methods[j], words, "stage");
		}
	refused("UpdateProgressByStatus", "job_id=j", "status");
	refused("UpdateProgressByStatus", "job_id=j status=unspecified", "status");
	refused("UpdateProgressByStatus", "job_id=j status=PIPELINE_STAGE_QUEUED", "status");
	refused("UpdateProgressByStatus", "job_id=j status=@1000", "status");
	refused("UpdateProgressByStatus",
	        "job_id=j status=\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	        "status");
	refused("UpdateProgressExplicit", "job_id=j status=nothing progress=5", "status");
	refused("UpdateProgressExplicit", "job_id=j status=queued stage=1 progress=5", "stage");
	check_untouched();
}

Test(service_refuses, an_unknown_status_and_lists_all_names)
{
	struct talk talk;
	talk_start(&talk, &desk, "UpdateProgressByStatus", "job_id=j status=transscribing");
	cr_assert_eq(talk_wait(&talk), ERR_INVALID_ARGUMENT);
	cr_assert_not_null(strstr(talk.call.fault.text, "transscribing"));
	for (size_t i = 0; i < stages_count(); i++)
		cr_assert_not_null(strstr(talk.call.fault.text, stages_all()[i].status), "%s is missing in \"%s\"",
		                   stages_all()[i].status, talk.call.fault.text);
	talk_finish(&talk);
}

Test(service_refuses, percentages_beyond_the_bar)
{
	static const char *const percents[] = {"progress=101", "progress=-1", "progress=2147483647",
	                                       "progress=-2147483648"};
	for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
		char words[100];
		snprintf(words, sizeof words, "job_id=j stage=2 %s", percents[i]);
		refused("UpdateProgressExplicit", words, "progress");
	}
	check_untouched();
}

Test(service_refuses, fractions_and_amounts_that_make_no_sense)
{
	static const char *const places[][2] = {
	    {"fraction=-0.001", "fraction"},
	    {"fraction=1.001", "fraction"},
	    {"fraction=nan", "fraction"},
	    {"fraction=inf", "fraction"},
	    {"fraction=-inf", "fraction"},
	    {"done=2 total=1", "done"},
	    {"done=-1 total=1", "done"},
	    {"done=nan total=1", "done"},
	    {"done=inf total=1", "done"},
	    {"done=1", "total"},
	    {"done=1 total=0", "total"},
	    {"done=1 total=-1", "total"},
	    {"total=-1", "total"},
	    {"total=nan", "total"},
	    {"total=inf", "total"},
	    {"done=inf total=inf", "total"},
	    {"done=nan", "total"},
	    {"fraction=0.5 done=1 total=2", "fraction"},
	    {"fraction=nan done=1 total=2", "fraction"},
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char words[100];
		snprintf(words, sizeof words, "job_id=j stage=2 %s", places[i][0]);
		refused("UpdateProgressIncremental", words, places[i][1]);
	}
	for (size_t i = 0; i < stages_count(); i++) {
		char words[100];
		snprintf(words, sizeof words, "job_id=j stage=%d fraction=0.5", stages_all()[i].number);
		if (stages_all()[i].ends_as != JOB_STATE_UNSPECIFIED)
			refused("UpdateProgressIncremental", words, "stage");
	}
	check_untouched();
}

Test(service_refuses, messages_and_metadata_that_are_too_much)
{
	each_update_refused("job_id=j message=@1025", "message");
	refused("CreateJob", "job_id=j message=@1025", "message");
	static const char *const entries[] = {
	    "metadata=:v",
	    "metadata=@65:v",
	    "metadata=k:@1025",
	    "metadata=a/b:v",
	    "metadata=\xc3\xa4:v",
	    "metadata=a:b metadata=#:x",
	    "metadata=\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac:v",
	};
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		char words[200];
		snprintf(words, sizeof words, "job_id=j %s", entries[i]);
		each_update_refused(words, "metadata");
		refused("CreateJob", words, "metadata");
	}
	char many[2000] = "job_id=j";
	for (int i = 0; i < JOB_METADATA_ENTRIES_MAX + 1; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), " metadata=k%d:v", i);
	each_update_refused(many, "metadata");
	refused("CreateJob", many, "metadata");
	check_untouched();
}

Test(service_refuses, writers_and_request_ids_that_do_not_fit)
{
	each_update_refused("job_id=j writer=w", "sequence");
	each_update_refused("job_id=j sequence=1", "writer");
	each_update_refused("job_id=j writer=w sequence=1 request_id=r", "request_id");
	each_update_refused("job_id=j writer=@65 sequence=1", "writer");
	each_update_refused("job_id=j request_id=@65", "request_id");
	each_update_refused("job_id=j request_id=r sequence=1", "writer");
	refused("CreateJob", "job_id=j request_id=@65", "request_id");
	check_untouched();
}

Test(service_refuses, other_names_and_durations_that_are_none)
{
	refused("CreateJob", "job_id=j pipeline=-", "pipeline");
	refused("CreateJob", "job_id=j parent=a/b", "parent");
	refused("CreateJob", "job_id=j ttl=-1", "ttl");
	refused("CreateJob", "job_id=j ttl=1e12", "ttl");
	refused("CreateJob", "job_id=j ttl=9.2e18", "ttl");
	refused("GetAllStages", "pipeline=-", "pipeline");
	refused("WaitProgress", "job_id=j timeout=-1", "timeout");
	refused("WaitProgress", "job_id=j timeout=-0.5", "timeout");
	refused("WaitProgress", "job_id=j timeout=300.5", "timeout");
	refused("WaitProgress", "job_id=j timeout=301", "timeout");
	check_untouched();
}

Test(service_refuses, pages_and_filters_that_are_none)
{
	refused("ListJobs", "page_size=-1", "page_size");
	refused("ListJobs", "page_size=1001", "page_size");
	static const char *const tokens[] = {"x", "-5", "0", "12x", "99999999999999999999", "+5", "05"};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		char words[100];
		snprintf(words, sizeof words, "page_token=%s", tokens[i]);
		refused("ListJobs", words, "page_token");
	}
	refused("ListJobs", "filter.states=0", "filter.states");
	refused("ListJobs", "filter.states=6", "filter.states");
	refused("ListJobs", "filter.states=33", "filter.states");
	refused("ListJobs", "filter.stages=0", "filter.stages");
	refused("ListJobs", "filter.stages=17", "filter.stages");
	refused("ListJobs", "filter.pipeline=/", "filter.pipeline");
	refused("ListJobs", "filter.parent=/", "filter.parent");
	refused("ListJobs", "filter.job_id_prefix=/", "filter.job_id_prefix");
}

Test(service_refuses, nothing_that_is_just_within_the_bounds)
{
	static const char *const good[][2] = {
	    {"UpdateProgress", "job_id=@128 stage=1 message=@1024 writer=@64 sequence=18446744073709551615"},
	    {"UpdateProgress", "job_id=a._:-b stage=16 request_id=@64 metadata=@64:@1024"},
	    {"UpdateProgressExplicit", "job_id=a stage=1 progress=0"},
	    {"UpdateProgressExplicit", "job_id=a stage=1 progress=100"},
	    {"UpdateProgressExplicit", "job_id=b stage=10 progress=3"},
	    {"UpdateProgressIncremental", "job_id=c stage=1"},
	    {"UpdateProgressIncremental", "job_id=c stage=1 fraction=1"},
	    {"UpdateProgressIncremental", "job_id=c stage=2 fraction=-0"},
	    {"UpdateProgressIncremental", "job_id=c stage=2 done=0 total=1e-300"},
	    {"UpdateProgressIncremental", "job_id=c stage=2 done=1e308 total=1e308"},
	    {"CreateJob", "job_id=d ttl=315360000 pipeline=@128 parent=@128"},
	    {"WaitProgress", "job_id=d timeout=300"},
	    {"ListJobs", "page_size=1000 filter.states=1 filter.states=5 filter.stages=16"},
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct talk talk;
		talk_well(&talk, &desk, good[i][0], good[i][1]);
		talk_finish(&talk);
	}
}
