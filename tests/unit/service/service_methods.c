/* What each method answers, by its name. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"

static struct desk desk;
static struct talk shown; /* the latest good one */
static bool has_shown;

static void start(void)
{
	desk_open(&desk, true, &service_options_default);
}

static void stop(void)
{
	desk_close(&desk);
	if (has_shown)
		talk_finish(&shown);
}

TestSuite(service_call, .init = start, .fini = stop);
TestSuite(service_stop, .init = start, .fini = stop);
TestSuite(service_forget_peer, .init = start, .fini = stop);

/* Calls and checks that all is well. The response lasts until the next such call. */
static const ProtobufCMessage *call(const char *method, const char *words)
{
	if (has_shown)
		talk_finish(&shown);
	has_shown = true;
	talk_well(&shown, &desk, method, words);
	return shown.response;
}

/* The same for an answer about one job. */
static const Progress__V1__ProgressInfo *info(const char *method, const char *words)
{
	call(method, words);
	return talk_info(&shown);
}

static void fails(const char *method, const char *words, enum err code, const char *reason)
{
	struct talk failing;
	talk_start(&failing, &desk, method, words);
	cr_assert_eq(talk_wait(&failing), code, "%s %s: %s", method, words, failing.call.fault.text);
	cr_assert_str_eq(failing.call.fault.reason, reason);
	cr_assert_eq(failing.call.response.length, 0);
	talk_finish(&failing);
}

Test(service_call, carries_out_the_updates)
{
	cr_assert_eq(info("UpdateProgress", "job_id=j stage=2 message=hello metadata=video_id:v")->progress, 5);
	cr_assert_str_eq(info("GetProgress", "job_id=j")->message, "hello");
	cr_assert_eq(info("UpdateProgressByStatus", "job_id=j status=Transcribing")->progress, 25);
	cr_assert_eq(info("UpdateProgressExplicit", "job_id=j stage=6 progress=30")->progress, 30);
	cr_assert_eq(info("UpdateProgressExplicit", "job_id=j status=ANALYZING progress=51")->progress, 51);
	cr_assert_eq(info("UpdateProgressIncremental", "job_id=j stage=7 fraction=0.5")->progress, 60);
	cr_assert_eq(info("UpdateProgressIncremental", "job_id=j stage=8 done=3 total=4")->progress, 85);
	const Progress__V1__ProgressInfo *now = info("GetProgress", "job_id=j");
	cr_assert_str_eq(now->job_id, "j");
	cr_assert_str_eq(now->status, "processing");
	cr_assert_eq(now->done, 3);
	cr_assert_eq(now->total, 4);
	cr_assert_float_eq(now->fraction, 0.85, 1e-9);
	cr_assert_eq(now->revision, 6);
	cr_assert_eq(now->n_metadata, 1);
	cr_assert_str_eq(now->metadata[0]->value, "v");
	now = info("UpdateProgress", "job_id=j stage=11 message=broken");
	cr_assert_eq(now->progress, 0);
	cr_assert_eq(now->reached_progress, 85);
	cr_assert_str_eq(now->error, "broken");
	cr_assert_not_null(now->end_time);
	cr_assert_not_null(now->expire_time);
}

Test(service_call, says_what_became_of_an_update)
{
	static const struct {
		const char *words;
		Progress__V1__UpdateOutcome outcome;
	} steps[] = {
	    {"job_id=j stage=6 progress=30 writer=w sequence=1", PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_APPLIED},
	    {"job_id=j stage=6 progress=30 writer=w sequence=1", PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_DUPLICATE},
	    {"job_id=j stage=6 progress=29 writer=w sequence=2", PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_ABSORBED},
	    {"job_id=j stage=6 progress=31 request_id=r", PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_APPLIED},
	    {"job_id=j stage=6 progress=40 request_id=r", PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_DUPLICATE},
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		info("UpdateProgressExplicit", steps[i].words);
		const Progress__V1__UpdateProgressExplicitResponse *response = (const void *)shown.response;
		cr_assert_eq(response->outcome, steps[i].outcome, "step %zu: %d", i, response->outcome);
	}
	fails("UpdateProgress", "job_id=j stage=2", ERR_FAILED_PRECONDITION, "STAGE_REGRESSION");
	info("UpdateProgress", "job_id=j stage=2 attempt=2");
	fails("UpdateProgress", "job_id=j stage=3 attempt=1", ERR_ABORTED, "ATTEMPT_SUPERSEDED");
}

Test(service_call, creates_and_deletes)
{
	const Progress__V1__ProgressInfo *made =
	    info("CreateJob", "job_id=j pipeline=clips parent=p ttl=60 message=m metadata=k:v request_id=r");
	cr_assert_str_eq(made->pipeline, "clips");
	cr_assert_str_eq(made->parent, "p");
	cr_assert_str_eq(made->status, "queued");
	fails("CreateJob", "job_id=j", ERR_ALREADY_EXISTS, "JOB_EXISTS");
	cr_assert_eq(info("CreateJob", "job_id=j request_id=r")->revision, 1);
	cr_assert_str_eq(info("DeleteJob", "job_id=j")->message, "m");
	fails("DeleteJob", "job_id=j", ERR_NOT_FOUND, "JOB_NOT_FOUND");
	fails("GetProgress", "job_id=j", ERR_NOT_FOUND, "JOB_NOT_FOUND");
	fails("GetJobHistory", "job_id=j", ERR_NOT_FOUND, "JOB_NOT_FOUND");
	fails("WaitProgress", "job_id=j", ERR_NOT_FOUND, "JOB_NOT_FOUND");
}

Test(service_call, makes_up_a_name_for_a_job_without_one)
{
	char first[200];
	snprintf(first, sizeof first, "%s", info("CreateJob", "")->job_id);
	cr_assert_gt(strlen(first), 20);
	cr_assert_str_neq(info("CreateJob", "")->job_id, first);
	char words[250];
	snprintf(words, sizeof words, "job_id=%s", first);
	cr_assert_str_eq(info("GetProgress", words)->job_id, first);
}

Test(service_call, tells_all_stages)
{
	call("GetAllStages", "");
	const Progress__V1__GetAllStagesResponse *response = (const void *)shown.response;
	cr_assert_eq(response->n_stages, stages_count());
	for (size_t i = 0; i < response->n_stages; i++) {
		const Progress__V1__StageInfo *stage = response->stages[i];
		cr_assert_str_eq(stage->status, stages_all()[i].status);
		cr_assert_eq(stage->start_percent, stages_all()[i].start_percent);
		cr_assert_eq(stage->end_percent, stages_all()[i].end_percent);
	}
}

Test(service_call, tells_who_answers)
{
	call("GetServerInfo", "");
	const Progress__V1__GetServerInfoResponse *response = (const void *)shown.response;
	cr_assert_str_eq(response->name, "progressd");
	cr_assert_str_eq(response->version, PROGRESS_VERSION);
	cr_assert_str_eq(response->store, "memory");
	cr_assert_gt(response->start_time->seconds, 0);
	cr_assert_eq(shown.call.durability, STORE_MEMORY);
}

Test(service_call, tells_the_history)
{
	info("UpdateProgress", "job_id=j stage=2");
	info("UpdateProgress", "job_id=j stage=6");
	info("UpdateProgress", "job_id=j stage=12 message=why");
	call("GetJobHistory", "job_id=j");
	const Progress__V1__GetJobHistoryResponse *response = (const void *)shown.response;
	static const char *const statuses[] = {"downloading", "transcribing", "error"};
	cr_assert_eq(response->n_spans, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_str_eq(response->spans[i]->status, statuses[i]);
	cr_assert_eq(response->spans[0]->outcome, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_FINISHED);
	cr_assert_eq(response->spans[1]->outcome, PROGRESS__V1__STAGE_OUTCOME__STAGE_OUTCOME_FAILED);
	cr_assert_str_eq(response->progress_info->error, "why");
}

Test(service_call, waits_for_the_next_change)
{
	info("UpdateProgress", "job_id=j stage=2");
	struct talk wait;
	talk_start(&wait, &desk, "WaitProgress", "job_id=j after_revision=1 timeout=60");
	cr_assert_not(talk_is_answered(&wait));
	info("UpdateProgress", "job_id=j stage=6");
	cr_assert_eq(talk_wait(&wait), ERR_OK);
	cr_assert_eq(talk_info(&wait)->revision, 2);
	talk_finish(&wait);
}

Test(service_call, ends_a_wait_at_its_timeout)
{
	info("UpdateProgress", "job_id=j stage=2");
	struct talk wait;
	talk_well(&wait, &desk, "WaitProgress", "job_id=j after_revision=1 timeout=0.005");
	cr_assert(((const Progress__V1__WaitProgressResponse *)(const void *)wait.response)->timed_out);
	cr_assert_eq(talk_info(&wait)->revision, 1);
	talk_finish(&wait);
}

Test(service_call, answers_every_method_of_the_schema)
{
	const ProtobufCServiceDescriptor *service = &progress__v1__progress_tracker_service__descriptor;
	for (unsigned i = 0; i < service->n_methods; i++) {
		struct talk talk;
		bool is_watch = strcmp(service->methods[i].name, "WatchJobs") == 0;
		talk_start(&talk, &desk, service->methods[i].name, is_watch ? "timeout=0" : "");
		enum err err = talk_wait(&talk);
		cr_assert(err == ERR_OK || err == ERR_INVALID_ARGUMENT || err == ERR_UNIMPLEMENTED, "%s: %d",
		          service->methods[i].name, err);
		cr_assert(err == ERR_OK || strlen(talk.call.fault.text) > 0);
		talk_finish(&talk);
	}
}

static void check_bytes(const char *method, const void *bytes, size_t length, enum err code)
{
	struct talk talk;
	talk_start_bytes(&talk, &desk, method, (struct wire_bytes){bytes, length}, 1 << 20);
	cr_assert_eq(talk_wait(&talk), code, "%s: %s", method, talk.call.fault.text);
	cr_assert_eq(talk.call.response.length, 0);
	talk_finish(&talk);
}

Test(service_call, refuses_methods_that_do_not_exist)
{
	static const char *const methods[] = {
	    "",
	    "/",
	    "GetProgress",
	    "/GetProgress",
	    "/progress.v1.ProgressTrackerService",
	    "/progress.v1.ProgressTrackerService/",
	    "/progress.v1.ProgressTrackerService/getprogress",
	    "/progress.v1.ProgressTrackerService/GetProgressX",
	    "/progress.v1.ProgressTrackerService/GetProgress/",
	    "/progress.v1.ProgressTrackerServiceX/GetProgress",
	    "/progress.v2.ProgressTrackerService/GetProgress",
	    "progress.v1.ProgressTrackerService/GetProgress",
	};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		check_bytes(methods[i], NULL, 0, ERR_UNIMPLEMENTED);
}

Test(service_call, refuses_bytes_that_are_no_request)
{
	static const char get[] = "/progress.v1.ProgressTrackerService/GetProgress";
	check_bytes(get, NULL, 0, ERR_INVALID_ARGUMENT);
	check_bytes(get, "\xff\xff\xff\xff", 4, ERR_INVALID_ARGUMENT);
	check_bytes(get,
	            "\x0a\x05"
	            "ab",
	            4, ERR_INVALID_ARGUMENT);
	check_bytes(get, "\x0a\x02\xc3\x28", 4, ERR_INVALID_ARGUMENT);
	check_bytes(get,
	            "\x0a\x02"
	            "a\0",
	            4, ERR_INVALID_ARGUMENT);
	check_bytes(get, "\x08\x01", 2, ERR_INVALID_ARGUMENT);
}

/* Whatever memory a call may take: its answer is a whole one or an error. */
static void check_starved(const char *method, const char *words, size_t step)
{
	struct talk full;
	talk_start(&full, &desk, method, words);
	cr_assert_eq(talk_wait(&full), ERR_OK, "%s", full.call.fault.text);
	size_t whole = full.call.response.length;
	bool is_answered = false;
	for (size_t bytes = 0; bytes < 40000; bytes += step) {
		struct talk talk;
		talk_start_bytes(&talk, &desk, full.method, full.call.request, bytes);
		while (sem_wait(&talk.answered) != 0)
			continue;
		is_answered = talk.call.fault.code == ERR_OK;
		if (is_answered)
			cr_assert_geq(talk.call.response.length + 64, whole, "%zu bytes: an empty answer without an error", bytes);
		else
			cr_assert_eq(talk.call.fault.code, ERR_RESOURCE_EXHAUSTED);
		talk_finish(&talk);
	}
	cr_assert(is_answered);
	talk_finish(&full);
}

Test(service_call, gives_no_half_answer_when_a_call_may_take_little_memory)
{
	info("UpdateProgress", "job_id=j stage=2 message=@900 metadata=a:@900 metadata=b:@900 metadata=c:@900");
	check_starved("GetProgress", "job_id=j", 48);
	check_starved("UpdateProgress", "job_id=j stage=2", 48);
	check_starved("GetJobHistory", "job_id=j", 48);
	check_starved("WaitProgress", "job_id=j", 48);
	check_starved("ListJobs", "", 48);
	check_starved("GetAllStages", "", 48);
	check_starved("GetServerInfo", "", 48);
}

Test(service_call, refuses_when_too_many_wait)
{
	desk_close(&desk);
	struct service_options options = service_options_default;
	options.waiting_max = 0;
	desk_open(&desk, true, &options);
	fails("GetProgress", "job_id=j", ERR_RESOURCE_EXHAUSTED, "QUEUE_FULL");
}

Test(service_stop, answers_parked_calls_and_refuses_later_ones)
{
	info("UpdateProgress", "job_id=j stage=2");
	struct talk waits[3];
	talk_start(&waits[0], &desk, "WaitProgress", "job_id=j after_revision=1");
	talk_start(&waits[1], &desk, "WaitProgress", "job_id=j after_revision=1");
	talk_start(&waits[2], &desk, "WaitProgress", "job_id=k wait_for_creation=1");
	desk_stop(&desk);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(talk_wait(&waits[i]), ERR_UNAVAILABLE);
		talk_finish(&waits[i]);
	}
	fails("GetProgress", "job_id=j", ERR_UNAVAILABLE, "STOPPING");
	fails("UpdateProgress", "job_id=j stage=3", ERR_UNAVAILABLE, "STOPPING");
	fails("WaitProgress", "job_id=j after_revision=1", ERR_UNAVAILABLE, "STOPPING");
	service_forget_peer(desk.service, 1);
}

Test(service_forget_peer, answers_the_waiting_calls_of_the_peer)
{
	info("UpdateProgress", "job_id=j stage=2");
	struct talk wait;
	talk_start(&wait, &desk, "WaitProgress", "job_id=j after_revision=1");
	service_forget_peer(desk.service, 2);
	info("GetProgress", "job_id=j");
	cr_assert_not(talk_is_answered(&wait));
	service_forget_peer(desk.service, 1);
	cr_assert_eq(talk_wait(&wait), ERR_CANCELLED);
	talk_finish(&wait);
}
