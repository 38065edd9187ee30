/* What is put together from sealed parts opens as the message it is meant to be. */
#include <criterion/criterion.h>

#include "sample.h"
#include "wire/compose.h"
#include "wire/info.h"

static struct arena arena;
static struct fault fault;
static struct job *job;
static struct wire_bytes info;

static void start(void)
{
	struct info_moment moment = {.wall_ms = 9000, .pace_s = 9};
	arena_init(&arena, 1 << 20);
	job = sample_full_job();
	cr_assert_eq(info_seal(job, &job->view, &moment, &arena, &info, &fault), ERR_OK);
}

static void finish(void)
{
	job_destroy(job);
	arena_finish(&arena);
}

TestSuite(compose, .init = start, .fini = finish);

static const void *open_as(const ProtobufCMessageDescriptor *type, struct wire_bytes bytes)
{
	ProtobufCMessage *message;
	cr_assert_eq(wire_open(type, bytes.at, bytes.length, &arena, &message, &fault), ERR_OK, "%s", fault.text);
	cr_assert_eq(message->n_unknown_fields, 0);
	return message;
}

Test(compose, makes_an_event)
{
	struct wire_bytes sealed;
	cr_assert_eq(compose_event(info, 20, PROGRESS__V1__EVENT_KIND__EVENT_KIND_UPDATED, NULL, &arena, &sealed, &fault),
	             ERR_OK);
	const Progress__V1__ProgressEvent *event = open_as(&progress__v1__progress_event__descriptor, sealed);
	cr_assert_eq(event->previous_revision, 20);
	cr_assert_eq(event->kind, PROGRESS__V1__EVENT_KIND__EVENT_KIND_UPDATED);
	cr_assert_eq(event->merged, 0);
	cr_assert_eq(event->progress_info->revision, 21);
	cr_assert_str_eq(event->progress_info->job_id, "the-job");
	cr_assert_eq(event->progress_info->n_metadata, 2);
}

Test(compose, makes_the_answers_about_one_job)
{
	struct wire_bytes sealed;
	cr_assert_eq(compose_answer(info, 0, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__GetProgressResponse *get = open_as(&progress__v1__get_progress_response__descriptor, sealed);
	cr_assert_eq(get->progress_info->revision, 21);
	cr_assert_eq(compose_answer(info, PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_ABSORBED, &arena, &sealed, &fault),
	             ERR_OK);
	const Progress__V1__UpdateProgressResponse *update =
	    open_as(&progress__v1__update_progress_response__descriptor, sealed);
	cr_assert_eq(update->outcome, PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_ABSORBED);
	cr_assert_eq(compose_answer(info, true, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__WaitProgressResponse *wait = open_as(&progress__v1__wait_progress_response__descriptor, sealed);
	cr_assert(wait->timed_out);
}

Test(compose, fits_all_answers_that_the_service_gives_with_it)
{
	static const ProtobufCMessageDescriptor *const with_outcome[] = {
	    &progress__v1__update_progress_response__descriptor,
	    &progress__v1__update_progress_by_status_response__descriptor,
	    &progress__v1__update_progress_explicit_response__descriptor,
	    &progress__v1__update_progress_incremental_response__descriptor,
	};
	static const ProtobufCMessageDescriptor *const job_only[] = {
	    &progress__v1__get_progress_response__descriptor,
	    &progress__v1__delete_job_response__descriptor,
	    &progress__v1__cancel_job_response__descriptor,
	    &progress__v1__heartbeat_response__descriptor,
	};
	/* And a token, which is put together with the info as a message of its own. */
	const ProtobufCMessageDescriptor *with_token = &progress__v1__create_job_response__descriptor;
	cr_assert_str_eq(protobuf_c_message_descriptor_get_field(with_token, 1)->name, "progress_info");
	cr_assert_str_eq(protobuf_c_message_descriptor_get_field(with_token, 2)->name, "read_token");
	for (size_t i = 0; i < sizeof with_outcome / sizeof *with_outcome; i++) {
		cr_assert_str_eq(protobuf_c_message_descriptor_get_field(with_outcome[i], 1)->name, "progress_info");
		cr_assert_str_eq(protobuf_c_message_descriptor_get_field(with_outcome[i], 2)->name, "outcome");
		cr_assert_eq(with_outcome[i]->n_fields, 2);
	}
	for (size_t i = 0; i < sizeof job_only / sizeof *job_only; i++) {
		cr_assert_str_eq(protobuf_c_message_descriptor_get_field(job_only[i], 1)->name, "progress_info");
		cr_assert_eq(job_only[i]->n_fields, 1);
	}
}

Test(compose, makes_pages_of_jobs_and_of_events)
{
	struct wire_bytes event, sealed;
	cr_assert_eq(compose_event(info, 20, PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED, NULL, &arena, &event, &fault),
	             ERR_OK);
	struct compose_part events[] = {{event, 0}, {event, 300}};
	cr_assert_eq(compose_page(events, 2, "a token", true, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__WatchProgressResponse *one =
	    open_as(&progress__v1__watch_progress_response__descriptor, sealed);
	cr_assert_eq(one->n_events, 2);
	cr_assert_eq(one->events[1]->merged, 300);
	cr_assert_eq(one->events[1]->kind, PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED);
	cr_assert_str_eq(one->resume_token, "a token");
	cr_assert(one->resync);
	const Progress__V1__WatchJobsResponse *many = open_as(&progress__v1__watch_jobs_response__descriptor, sealed);
	cr_assert_eq(many->n_events, 2);
	struct compose_part jobs[] = {{info, 0}};
	cr_assert_eq(compose_page(jobs, 1, "12", false, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__ListJobsResponse *list = open_as(&progress__v1__list_jobs_response__descriptor, sealed);
	cr_assert_eq(list->jobs[0]->revision, 21);
	cr_assert_str_eq(list->next_page_token, "12");
}

Test(compose, makes_the_results_of_a_batch)
{
	struct wire_bytes sealed;
	struct compose_result results[] = {
	    {.info = info, .outcome = 1, .revision = 21, .cancel_requested = true},
	    {0},
	    {.code = 9, .message = "no", .reason = "JOB_ENDED"},
	};
	cr_assert_eq(compose_results(results, 3, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__BatchUpdateProgressResponse *batch =
	    open_as(&progress__v1__batch_update_progress_response__descriptor, sealed);
	cr_assert_eq(batch->n_results, 3);
	cr_assert_eq(batch->results[0]->progress_info->revision, 21);
	cr_assert_eq(batch->results[0]->revision, 21);
	cr_assert(batch->results[0]->cancel_requested);
	cr_assert_eq(batch->results[1]->code, 0);
	cr_assert_str_eq(batch->results[2]->reason, "JOB_ENDED");
	cr_assert_eq(batch->results[2]->code, 9);
}

Test(compose, puts_the_job_before_the_rest)
{
	struct wire_bytes rest, sealed;
	Progress__V1__GetJobHistoryResponse response = PROGRESS__V1__GET_JOB_HISTORY_RESPONSE__INIT;
	response.spans = info_build_spans(job, 6000, &arena, &response.n_spans);
	cr_assert_eq(wire_seal(&response.base, &arena, &rest, &fault), ERR_OK);
	cr_assert_eq(compose_with_info(info, rest, &arena, &sealed, &fault), ERR_OK);
	const Progress__V1__GetJobHistoryResponse *history =
	    open_as(&progress__v1__get_job_history_response__descriptor, sealed);
	cr_assert_eq(history->progress_info->revision, 21);
	cr_assert_eq(history->n_spans, response.n_spans);
}

Test(compose, is_refused_when_the_arena_is_full)
{
	struct arena full;
	struct wire_bytes sealed;
	arena_init(&full, 16);
	cr_assert_eq(compose_answer(info, 1, &full, &sealed, &fault), ERR_RESOURCE_EXHAUSTED);
	cr_assert_eq(compose_event(info, 1, 1, NULL, &full, &sealed, &fault), ERR_RESOURCE_EXHAUSTED);
	arena_finish(&full);
}
