/*
 * Decides what readers are shown of a job. It is written field by field rather than through the generated struct: each
 * change of a job is shown at least twice, and the generic packer took a third of the daemon's time.
 */
#include "wire/info.h"

#include <assert.h>
#include <string.h>

#include "job/stages.h"
#include "wire/writer.h"

/* The numbers of progress.v1.ProgressInfo. */
enum {
	INFO_JOB_ID = 1,
	INFO_PIPELINE = 2,
	INFO_STAGE = 3,
	INFO_STATUS = 4,
	INFO_PROGRESS = 5,
	INFO_FRACTION = 6,
	INFO_MESSAGE = 7,
	INFO_METADATA = 8,
	INFO_STATE = 9,
	INFO_SOURCE = 10,
	INFO_TIME_FRACTION = 11,
	INFO_REVISION = 12,
	INFO_ATTEMPT = 13,
	INFO_REACHED_PROGRESS = 14,
	INFO_CANCEL_REQUESTED = 15,
	INFO_ERROR = 16,
	INFO_ETA = 17,
	INFO_FLAG = 18,
	INFO_CURVE = 19,
	INFO_CREATE_TIME = 20,
	INFO_UPDATE_TIME = 21,
	INFO_END_TIME = 22,
	INFO_LABEL = 23,
	INFO_PARENT = 24,
	INFO_RUN = 25,
	INFO_STAGE_TIME = 26,
	INFO_DONE = 27,
	INFO_TOTAL = 28,
	INFO_CANCEL_REASON = 29,
	INFO_LEASE_EXPIRE_TIME = 30,
	INFO_EXPIRE_TIME = 31,
	INFO_HAS_HISTORY = 32,
	ETA_SECONDS = 1,
	ETA_LO_SECONDS = 2,
	ETA_HI_SECONDS = 3,
	CURVE_ORIGIN = 1,
	CURVE_START = 2,
	CURVE_END = 3,
	CURVE_LOG_MEDIAN = 4,
	CURVE_LOG_SPREAD = 5,
	CURVE_FLOOR = 6,
	CURVE_TIME_RATE = 7,
	ENTRY_KEY = 1,
	ENTRY_VALUE = 2,
	TIME_SECONDS = 1,
	TIME_NANOS = 2,

	NUMBERS_BYTES_MAX = 600, /* all fields but strings and metadata, and the heads of the strings */
	ENTRY_BYTES_MAX = 16,    /* of an entry, beside its strings */
	TIME_BYTES_MAX = 24,
	PART_BYTES_MAX = 100, /* of an eta or a curve */
};

/* Seconds round down, so that the nanoseconds are never negative. */
static void split_time(int64_t ms, int64_t *ret_seconds, int32_t *ret_nanos)
{
	int64_t rest = (ms % 1000 + 1000) % 1000;
	*ret_seconds = (ms - rest) / 1000;
	*ret_nanos = (int32_t)rest * 1000000;
}

Google__Protobuf__Timestamp *info_build_timestamp(int64_t ms, struct arena *arena)
{
	Google__Protobuf__Timestamp *time = arena_take(arena, sizeof *time);
	if (time == NULL)
		return NULL;
	google__protobuf__timestamp__init(time);
	split_time(ms, &time->seconds, &time->nanos);
	return time;
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

static size_t length_of(const char *string)
{
	return string == NULL ? 0 : strlen(string);
}

/* At least as many bytes as the info takes. */
static size_t bytes_needed(const struct job *job, const struct job_view *view, const struct stage *stage)
{
	size_t bytes = NUMBERS_BYTES_MAX + length_of(job->job_id) + length_of(job->pipeline) + length_of(job->parent) +
	               length_of(job->cancel_reason) + length_of(view->message) + length_of(view->error) +
	               length_of(stage->status) + length_of(stage->label);
	for (size_t i = 0; i < job->metadata_count; i++)
		bytes += ENTRY_BYTES_MAX + length_of(job->metadata[i].key) + length_of(job->metadata[i].value);
	return bytes;
}

static uint8_t *put_time(uint8_t *out, int field, int64_t ms)
{
	uint8_t time[TIME_BYTES_MAX], *end = time;
	int64_t seconds;
	int32_t nanos;
	split_time(ms, &seconds, &nanos);
	end = writer_put_number(end, TIME_SECONDS, seconds);
	end = writer_put_number(end, TIME_NANOS, nanos);
	size_t length = (size_t)(end - time);
	out = writer_put_head(out, field, length);
	memcpy(out, time, length);
	return out + length;
}

static uint8_t *put_metadata(uint8_t *out, const struct job *job)
{
	for (size_t i = 0; i < job->metadata_count; i++) {
		const struct job_entry *entry = &job->metadata[i];
		size_t key_bytes = strlen(entry->key), value_bytes = strlen(entry->value);
		out = writer_put_head(out, INFO_METADATA, writer_bytes_bytes(key_bytes) + writer_bytes_bytes(value_bytes));
		out = writer_put_bytes(out, ENTRY_KEY, entry->key, key_bytes);
		out = writer_put_bytes(out, ENTRY_VALUE, entry->value, value_bytes);
	}
	return out;
}

static uint8_t *put_part(uint8_t *out, int field, const uint8_t *part, const uint8_t *end)
{
	size_t length = (size_t)(end - part);
	out = writer_put_head(out, field, length);
	memcpy(out, part, length);
	return out + length;
}

static uint8_t *put_eta(uint8_t *out, const struct pace_look *look)
{
	uint8_t part[PART_BYTES_MAX], *end = part;
	end = writer_put_double(end, ETA_SECONDS, look->eta_s);
	end = writer_put_double(end, ETA_LO_SECONDS, look->eta_low_s);
	end = writer_put_double(end, ETA_HI_SECONDS, look->eta_high_s);
	return put_part(out, INFO_ETA, part, end);
}

static uint8_t *put_curve(uint8_t *out, const struct pace_look *look, const struct stage *stage, int64_t wall_ms)
{
	uint8_t part[PART_BYTES_MAX], *end = part;
	double floor = look->percent / 100;
	if (look->is_simulated)
		end = put_time(end, CURVE_ORIGIN, wall_ms - (int64_t)(look->age_s * 1000));
	end = writer_put_double(end, CURVE_START, look->is_simulated ? stage->start_percent / 100.0 : floor);
	end = writer_put_double(end, CURVE_END, look->is_simulated ? stage->end_percent / 100.0 : floor);
	if (look->is_simulated) {
		end = writer_put_double(end, CURVE_LOG_MEDIAN, look->curve.mean);
		end = writer_put_double(end, CURVE_LOG_SPREAD, look->curve.spread);
	}
	end = writer_put_double(end, CURVE_FLOOR, floor);
	end = writer_put_double(end, CURVE_TIME_RATE, look->time_speed);
	return put_part(out, INFO_CURVE, part, end);
}

/* Fields 1 to 19. */
static uint8_t *put_progress(uint8_t *out, const struct job *job, const struct job_view *view,
                             const struct stage *stage, const struct pace_look *look, int64_t wall_ms)
{
	out = writer_put_string(out, INFO_JOB_ID, job->job_id);
	out = writer_put_string(out, INFO_PIPELINE, job->pipeline);
	out = writer_put_number(out, INFO_STAGE, stage->number);
	out = writer_put_string(out, INFO_STATUS, stage->status);
	out = writer_put_number(out, INFO_PROGRESS, job_shown_percent(look->percent));
	out = writer_put_double(out, INFO_FRACTION, look->percent / 100);
	out = writer_put_string(out, INFO_MESSAGE, view->message);
	out = put_metadata(out, job);
	out = writer_put_number(out, INFO_STATE, (int)view->state);
	out = writer_put_number(out, INFO_SOURCE, (int)look->source);
	out = writer_put_double(out, INFO_TIME_FRACTION, look->time_fraction);
	out = writer_put_number(out, INFO_REVISION, (int64_t)view->revision);
	out = writer_put_number(out, INFO_ATTEMPT, view->attempt);
	out = writer_put_number(out, INFO_REACHED_PROGRESS, job_shown_percent(look->reached_percent));
	out = writer_put_number(out, INFO_CANCEL_REQUESTED, job->cancel_requested);
	out = writer_put_string(out, INFO_ERROR, view->error);
	if (look->has_eta)
		out = put_eta(out, look);
	out = writer_put_number(out, INFO_FLAG, (int)look->flag);
	return look->is_moving ? put_curve(out, look, stage, wall_ms) : out;
}

/* When the worker's lease runs out; 0: there is none. */
static int64_t lease_expires_ms(const struct job *job, const struct job_view *view)
{
	return job->lease_ms > 0 && !job_state_is_final(view->state) ? job->signed_ms + job->lease_ms : 0;
}

/* Fields 20 to 31. */
static uint8_t *put_circumstances(uint8_t *out, const struct job *job, const struct job_view *view,
                                  const struct stage *stage, int64_t default_ttl_ms)
{
	bool is_final = job_state_is_final(view->state);
	/* A remembered answer may show an end after which the job went on: then there is no such time. */
	int64_t expires_ms = is_final ? job_expires_ms(job, default_ttl_ms) : 0;
	int64_t lease_ms = lease_expires_ms(job, view);
	out = put_time(out, INFO_CREATE_TIME, job->created_ms);
	out = put_time(out, INFO_UPDATE_TIME, view->updated_ms);
	if (is_final)
		out = put_time(out, INFO_END_TIME, view->ended_ms);
	out = writer_put_string(out, INFO_LABEL, stage->label);
	out = writer_put_string(out, INFO_PARENT, job->parent);
	out = writer_put_number(out, INFO_RUN, view->run);
	out = put_time(out, INFO_STAGE_TIME, view->stage_entered_ms);
	out = writer_put_double(out, INFO_DONE, view->done);
	out = writer_put_double(out, INFO_TOTAL, view->total);
	out = writer_put_string(out, INFO_CANCEL_REASON, job->cancel_reason);
	if (lease_ms != 0)
		out = put_time(out, INFO_LEASE_EXPIRE_TIME, lease_ms);
	return expires_ms != 0 ? put_time(out, INFO_EXPIRE_TIME, expires_ms) : out;
}

enum err info_seal(const struct job *job, const struct job_view *view, const struct info_moment *moment,
                   struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault)
{
	struct pace_look look;
	const struct stage *stage = stages_find(view->stage);
	assert(stage != NULL);
	pace_look(job, view, moment->pace_s, &look);
	size_t needed = bytes_needed(job, view, stage);
	uint8_t *bytes = arena_take(arena, needed);
	if (bytes == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, WIRE_ARENA_FULL, "no memory to show job %s", job->job_id);
	uint8_t *end = put_progress(bytes, job, view, stage, &look, moment->wall_ms);
	end = put_circumstances(end, job, view, stage, moment->default_ttl_ms);
	end = writer_put_number(end, INFO_HAS_HISTORY, look.has_history);
	assert((size_t)(end - bytes) <= needed);
	*ret_bytes = (struct wire_bytes){bytes, (size_t)(end - bytes)};
	return ERR_OK;
}
