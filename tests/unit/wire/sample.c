/* How the samples are made. */
#include "sample.h"

#include <criterion/criterion.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The update messages share names and types of these fields, but no struct. */
#define FILL_SHARED(update)                                                                                            \
	do {                                                                                                               \
		(update)->job_id = job_id;                                                                                     \
		(update)->message = message;                                                                                   \
		(update)->attempt = 1;                                                                                         \
		(update)->writer = writer;                                                                                     \
		(update)->sequence = 300;                                                                                      \
		(update)->lease = &lease;                                                                                      \
		(update)->n_metadata = 1;                                                                                      \
	} while (0)

static char job_id[] = "job-12345", message[] = "caf\xc3\xa9 at work", writer[] = "writer-1", key[] = "video_id",
            value[] = "v-1", status[] = "uploading";

static void fill_update(Progress__V1__BatchUpdate *update, size_t index)
{
	static Google__Protobuf__Duration lease = GOOGLE__PROTOBUF__DURATION__INIT;
	lease.seconds = 30;
	static Progress__V1__UpdateProgressRequest jump = PROGRESS__V1__UPDATE_PROGRESS_REQUEST__INIT;
	static Progress__V1__UpdateProgressRequest__MetadataEntry entry =
	    PROGRESS__V1__UPDATE_PROGRESS_REQUEST__METADATA_ENTRY__INIT;
	static Progress__V1__UpdateProgressRequest__MetadataEntry *entries[] = {&entry};
	static Progress__V1__UpdateProgressByStatusRequest named = PROGRESS__V1__UPDATE_PROGRESS_BY_STATUS_REQUEST__INIT;
	static Progress__V1__UpdateProgressIncrementalRequest step =
	    PROGRESS__V1__UPDATE_PROGRESS_INCREMENTAL_REQUEST__INIT;
	entry.key = key;
	entry.value = value;
	FILL_SHARED(&jump);
	jump.metadata = entries;
	jump.stage = PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_UPLOADING;
	FILL_SHARED(&named);
	named.n_metadata = 0;
	named.status = status;
	FILL_SHARED(&step);
	step.n_metadata = 0;
	step.stage = jump.stage;
	step.fraction = 0.5;
	switch (index % 3) {
	case 0:
		update->update_case = PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS;
		update->update_progress = &jump;
		break;
	case 1:
		update->update_case = PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_BY_STATUS;
		update->update_progress_by_status = &named;
		break;
	default:
		update->update_case = PROGRESS__V1__BATCH_UPDATE__UPDATE_UPDATE_PROGRESS_INCREMENTAL;
		update->update_progress_incremental = &step;
	}
}

void sample_batch(struct bytes *bytes, size_t count)
{
	Progress__V1__BatchUpdateProgressRequest batch = PROGRESS__V1__BATCH_UPDATE_PROGRESS_REQUEST__INIT;
	Progress__V1__BatchUpdate *updates = calloc(count, sizeof *updates);
	batch.updates = calloc(count, sizeof *batch.updates);
	batch.n_updates = count;
	for (size_t i = 0; i < count; i++) {
		progress__v1__batch_update__init(&updates[i]);
		fill_update(&updates[i], i);
		batch.updates[i] = &updates[i];
	}
	bytes_pack(bytes, &batch.base);
	free(batch.updates);
	free(updates);
}

static void update_randomly(struct job *job, struct random *random, int64_t now_ms)
{
	char name[32], text[32], entry_key[16];
	snprintf(name, sizeof name, "writer-%d", (int)random_below(random, 5));
	snprintf(text, sizeof text, "message %d", (int)random_below(random, 3));
	snprintf(entry_key, sizeof entry_key, "key%d", (int)random_below(random, 60));
	struct job_entry entry = {entry_key, text};
	bool has_request_id = random_below(random, 3) == 0;
	struct job_update update = {
	    .stage = &stages_all()[random_below(random, stages_count())],
	    .claim = (enum job_claim)random_below(random, 3),
	    .percent = (double)random_below(random, 101),
	    .fraction = random_unit(random),
	    .done = random_unit(random),
	    .total = (double)random_below(random, 2),
	    .message = text,
	    .metadata = &entry,
	    .metadata_count = (size_t)random_below(random, 2),
	    .attempt = (uint32_t)random_below(random, 40) == 0 ? job->view.attempt + 1 : 0,
	    .origin = {.writer = has_request_id ? NULL : name,
	               .sequence = has_request_id ? 0 : 1 + random_below(random, 100),
	               .request_id = has_request_id ? name : NULL},
	};
	if (update.total == 0)
		update.done = 0;
	struct job_result result;
	struct fault fault;
	enum err err = job_apply(job, &update, now_ms, &result, &fault);
	cr_assert(err == ERR_OK || err == ERR_FAILED_PRECONDITION || err == ERR_ABORTED);
}

struct job *sample_job(struct random *random)
{
	struct job *job;
	struct fault fault;
	struct job_creation creation = {
	    .job_id = "job:1",
	    .pipeline = random_below(random, 2) == 0 ? "clips" : NULL,
	    .parent = random_below(random, 2) == 0 ? "album" : NULL,
	    .ttl_ms = (int64_t)random_below(random, 2) * 60000,
	    .origin = {.request_id = random_below(random, 2) == 0 ? "first" : NULL},
	};
	int64_t now_ms = 1700000000000;
	cr_assert_eq(job_create(&creation, NULL, now_ms, &job, &fault), ERR_OK);
	for (uint64_t left = random_below(random, 60); left > 0; left--) {
		now_ms += (int64_t)random_below(random, 5000);
		update_randomly(job, random, now_ms);
	}
	struct pace_lesson lesson;
	pace_follow(job, NULL, NULL, (double)now_ms / 1000, &lesson);
	cr_assert(job_is_sound(job));
	return job;
}

static struct job_view full_view(void)
{
	return (struct job_view){
	    .stage = STAGE_TRANSCRIBING,
	    .percent = 31.25,
	    .reached_percent = 40.5,
	    .message = strdup("hello"),
	    .error = strdup("an error"),
	    .state = JOB_STATE_STALLED,
	    .source = JOB_SOURCE_ESTIMATED,
	    .attempt = 3,
	    .run = 2,
	    .updated_ms = 5000,
	    .stage_entered_ms = 4000,
	    .done = 7,
	    .total = 9,
	    .revision = 21,
	};
}

struct job *sample_full_job(void)
{
	struct job *job = job_create_blank();
	strcpy(job->job_id, "the-job");
	strcpy(job->pipeline, "the-pipeline");
	strcpy(job->parent, "the-parent");
	job->view = full_view();
	job->metadata = calloc(2, sizeof *job->metadata);
	job->metadata_count = 2;
	job->metadata[0] = (struct job_entry){strdup("a"), strdup("")};
	job->metadata[1] = (struct job_entry){strdup("b"), strdup("caf\xc3\xa9")};
	job->spans = calloc(1, sizeof *job->spans);
	job->span_count = 1;
	job->spans[0] = (struct job_span){STAGE_QUEUED, 1, 2, 3000, 4000, SPAN_OUTCOME_SUPERSEDED};
	job->marks = calloc(2, sizeof *job->marks);
	job->mark_count = 2;
	job->marks[0] = (struct job_mark){
	    .key = strdup("writer"), .sequence = 8, .seen = 0x85, .revision = 20, .outcome = JOB_OUTCOME_APPLIED};
	job->marks[0].answer = malloc(sizeof *job->marks[0].answer);
	*job->marks[0].answer = full_view();
	job->marks[0].answer->revision = 20;
	job->marks[0].answer->percent = 30;
	job->marks[1] = (struct job_mark){
	    .key = strdup("request"), .is_request_id = true, .revision = 21, .outcome = JOB_OUTCOME_ABSORBED};
	job->cancel_requested = true;
	job->cancel_reason = strdup("a reason");
	job->created_ms = 2000;
	job->ttl_ms = 777;
	job->pace.size_hint = 2.5;
	job->pace.worker = learned_key("worker");
	job->pace.class = learned_key("class");
	job->pace.ended_fraction = 0.25;
	struct pace_lesson lesson;
	pace_follow(job, NULL, NULL, 4, &lesson);
	job->pace.is_held = true;
	pace_follow(job, NULL, NULL, 5, &lesson);
	cr_assert(job_is_sound(job));
	return job;
}
