/* Decides what readers are shown of a job. */
#include "wire/info.h"

#include <assert.h>

#include "job/stages.h"
#include "wire/borrow.h"

typedef Progress__V1__ProgressInfo progress_info;
typedef Progress__V1__ProgressInfo__MetadataEntry info_entry;
typedef Google__Protobuf__Timestamp timestamp;

/* An info and all its times, taken at once. */
struct built_info {
	progress_info info;
	timestamp created, updated, ended, stage_entered, expires;
};

/* Seconds round down, so that the nanoseconds are never negative. */
static timestamp *set_time(timestamp *time, int64_t ms)
{
	int64_t rest = (ms % 1000 + 1000) % 1000;
	google__protobuf__timestamp__init(time);
	time->seconds = (ms - rest) / 1000;
	time->nanos = (int32_t)rest * 1000000;
	return time;
}

timestamp *info_build_timestamp(int64_t ms, struct arena *arena)
{
	timestamp *time = arena_take(arena, sizeof *time);
	return time == NULL ? NULL : set_time(time, ms);
}

Google__Protobuf__Duration *info_build_duration(int64_t ms, struct arena *arena)
{
	Google__Protobuf__Duration *duration = arena_take(arena, sizeof *duration);
	if (duration == NULL)
		return NULL;
	google__protobuf__duration__init(duration);
	duration->seconds = ms / 1000;
	duration->nanos = (int32_t)(ms % 1000) * 1000000;
	return duration;
}

static bool add_metadata(progress_info *info, const struct job *job, struct arena *arena)
{
	if (job->metadata_count == 0)
		return true;
	info_entry *entries = arena_take(arena, job->metadata_count * sizeof *entries);
	info->metadata = arena_take(arena, job->metadata_count * sizeof *info->metadata);
	if (entries == NULL || info->metadata == NULL)
		return false;
	info->n_metadata = job->metadata_count;
	for (size_t i = 0; i < job->metadata_count; i++) {
		progress__v1__progress_info__metadata_entry__init(&entries[i]);
		entries[i].key = job->metadata[i].key;
		entries[i].value = job->metadata[i].value;
		info->metadata[i] = &entries[i];
	}
	return true;
}

/* What the job itself says, whatever its view. */
static void fill_from_job(progress_info *info, const struct job *job)
{
	info->job_id = borrow_string(job->job_id);
	info->pipeline = borrow_string(job->pipeline);
	info->parent = borrow_string(job->parent);
	info->cancel_requested = job->cancel_requested;
	if (job->cancel_reason != NULL)
		info->cancel_reason = job->cancel_reason;
}

static void fill_from_view(progress_info *info, const struct job_view *view)
{
	const struct stage *stage = stages_find(view->stage);
	assert(stage != NULL);
	info->stage = (Progress__V1__PipelineStage)view->stage;
	info->status = borrow_string(stage->status);
	info->label = borrow_string(stage->label);
	info->progress = job_shown_percent(view->percent);
	info->reached_progress = job_shown_percent(view->reached_percent);
	info->fraction = view->percent / 100;
	info->time_fraction = info->fraction;
	info->state = (Progress__V1__JobState)view->state;
	info->source = (Progress__V1__ProgressSource)view->source;
	info->revision = view->revision;
	info->attempt = view->attempt;
	info->run = view->run;
	info->done = view->done;
	info->total = view->total;
	if (view->message != NULL)
		info->message = view->message;
	if (view->error != NULL)
		info->error = view->error;
}

static void fill_times(struct built_info *built, const struct job *job, const struct job_view *view,
                       int64_t default_ttl_ms)
{
	progress_info *info = &built->info;
	info->create_time = set_time(&built->created, job->created_ms);
	info->update_time = set_time(&built->updated, view->updated_ms);
	info->stage_time = set_time(&built->stage_entered, view->stage_entered_ms);
	if (!job_state_is_final(view->state))
		return;
	info->end_time = set_time(&built->ended, view->ended_ms);
	/* A remembered answer may show an end after which the job went on: then there is no such time. */
	int64_t expires_ms = job_expires_ms(job, default_ttl_ms);
	if (expires_ms != 0)
		info->expire_time = set_time(&built->expires, expires_ms);
}

progress_info *info_build(const struct job *job, const struct job_view *view, int64_t default_ttl_ms,
                          struct arena *arena)
{
	struct built_info *built = arena_take(arena, sizeof *built);
	if (built == NULL)
		return NULL;
	progress__v1__progress_info__init(&built->info);
	fill_from_job(&built->info, job);
	fill_from_view(&built->info, view);
	fill_times(built, job, view, default_ttl_ms);
	return add_metadata(&built->info, job, arena) ? &built->info : NULL;
}
