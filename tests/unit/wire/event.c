/* An event holds the state, the revision before it and the kind of change. */
#include "wire/event.h"

#include <criterion/criterion.h>

#include "sample.h"
#include "wire/info.h"

Test(event_seal, packs_the_state_and_what_happened)
{
	struct arena arena;
	struct fault fault;
	arena_init(&arena, 1 << 20);
	struct job *job = sample_full_job();
	Progress__V1__ProgressInfo *info = info_build(job, &job->view, 0, &arena);
	struct wire_bytes sealed;
	Progress__V1__EventKind kind = PROGRESS__V1__EVENT_KIND__EVENT_KIND_UPDATED;
	cr_assert_eq(event_seal(info, 20, kind, &arena, &sealed, &fault), ERR_OK);

	ProtobufCMessage *message;
	cr_assert_eq(
	    wire_open(&progress__v1__progress_event__descriptor, sealed.at, sealed.length, &arena, &message, &fault),
	    ERR_OK);
	const Progress__V1__ProgressEvent *event = (const Progress__V1__ProgressEvent *)message;
	cr_assert_eq(event->previous_revision, 20);
	cr_assert_eq(event->kind, kind);
	cr_assert_eq(event->merged, 0);
	cr_assert_eq(event->progress_info->revision, 21);
	cr_assert_str_eq(event->progress_info->job_id, "the-job");
	cr_assert_eq(event->progress_info->n_metadata, 2);
	job_destroy(job);
	arena_finish(&arena);
}

Test(event_seal, is_refused_when_the_arena_is_full)
{
	struct arena arena;
	struct fault fault;
	arena_init(&arena, 16);
	Progress__V1__ProgressInfo info = PROGRESS__V1__PROGRESS_INFO__INIT;
	info.revision = 1;
	struct wire_bytes sealed;
	cr_assert_eq(event_seal(&info, 0, PROGRESS__V1__EVENT_KIND__EVENT_KIND_CREATED, &arena, &sealed, &fault),
	             ERR_RESOURCE_EXHAUSTED);
	arena_finish(&arena);
}
