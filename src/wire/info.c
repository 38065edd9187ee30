/*
 * Decides what readers are shown of a job. It is written field by field rather than through the generated struct: each
 * change of a job is shown at least twice, and the generic packer took a third of the daemon's time.
 */
#include "wire/info.h"

#include <assert.h>
#include <math.h>
#include <progress/fields.h>
#include <string.h>

#include "job/stages.h"
#include "wire/writer.h"

enum {
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
	end = writer_put_number(end, TIMESTAMP__SECONDS, seconds);
	end = writer_put_number(end, TIMESTAMP__NANOS, nanos);
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
		out = writer_put_head(out, PROGRESS_INFO__METADATA,
		                      writer_bytes_bytes(key_bytes) + writer_bytes_bytes(value_bytes));
		out = writer_put_bytes(out, PROGRESS_INFO__METADATA_ENTRY__KEY, entry->key, key_bytes);
		out = writer_put_bytes(out, PROGRESS_INFO__METADATA_ENTRY__VALUE, entry->value, value_bytes);
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
	end = writer_put_double(end, ETA__SECONDS, look->eta_s);
	end = writer_put_double(end, ETA__LO_SECONDS, look->eta_low_s);
	end = writer_put_double(end, ETA__HI_SECONDS, look->eta_high_s);
	return put_part(out, PROGRESS_INFO__ETA, part, end);
}

static uint8_t *put_curve(uint8_t *out, const struct pace_look *look, const struct stage *stage, int64_t wall_ms)
{
	uint8_t part[PART_BYTES_MAX], *end = part;
	double floor = look->percent / 100;
	if (look->is_simulated)
		end = put_time(end, CURVE__ORIGIN, wall_ms - llround(look->age_s * 1000));
	end = writer_put_double(end, CURVE__START, look->is_simulated ? stage->start_percent / 100.0 : floor);
	end = writer_put_double(end, CURVE__END, look->is_simulated ? stage->end_percent / 100.0 : floor);
	if (look->is_simulated) {
		end = writer_put_double(end, CURVE__LOG_MEDIAN, look->curve.mean);
		end = writer_put_double(end, CURVE__LOG_SPREAD, look->curve.spread);
	}
	end = writer_put_double(end, CURVE__FLOOR, floor);
	end = writer_put_double(end, CURVE__TIME_RATE, look->time_speed);
	return put_part(out, PROGRESS_INFO__CURVE, part, end);
}

/* Fields 1 to 19. */
static uint8_t *put_progress(uint8_t *out, const struct job *job, const struct job_view *view,
                             const struct stage *stage, const struct pace_look *look, int64_t wall_ms)
{
	out = writer_put_string(out, PROGRESS_INFO__JOB_ID, job->job_id);
	out = writer_put_string(out, PROGRESS_INFO__PIPELINE, job->pipeline);
	out = writer_put_number(out, PROGRESS_INFO__STAGE, stage->number);
	out = writer_put_string(out, PROGRESS_INFO__STATUS, stage->status);
	out = writer_put_number(out, PROGRESS_INFO__PROGRESS, job_shown_percent(look->percent));
	out = writer_put_double(out, PROGRESS_INFO__FRACTION, look->percent / 100);
	out = writer_put_string(out, PROGRESS_INFO__MESSAGE, view->message);
	out = put_metadata(out, job);
	out = writer_put_number(out, PROGRESS_INFO__STATE, (int)view->state);
	out = writer_put_number(out, PROGRESS_INFO__SOURCE, (int)look->source);
	out = writer_put_double(out, PROGRESS_INFO__TIME_FRACTION, look->time_fraction);
	out = writer_put_number(out, PROGRESS_INFO__REVISION, (int64_t)view->revision);
	out = writer_put_number(out, PROGRESS_INFO__ATTEMPT, view->attempt);
	out = writer_put_number(out, PROGRESS_INFO__REACHED_PROGRESS, job_shown_percent(look->reached_percent));
	out = writer_put_number(out, PROGRESS_INFO__CANCEL_REQUESTED, job->cancel_requested);
	out = writer_put_string(out, PROGRESS_INFO__ERROR, view->error);
	if (look->has_eta)
		out = put_eta(out, look);
	out = writer_put_number(out, PROGRESS_INFO__FLAG, (int)look->flag);
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
	out = put_time(out, PROGRESS_INFO__CREATE_TIME, job->created_ms);
	out = put_time(out, PROGRESS_INFO__UPDATE_TIME, view->updated_ms);
	if (is_final)
		out = put_time(out, PROGRESS_INFO__END_TIME, view->ended_ms);
	out = writer_put_string(out, PROGRESS_INFO__LABEL, stage->label);
	out = writer_put_string(out, PROGRESS_INFO__PARENT, job->parent);
	out = writer_put_number(out, PROGRESS_INFO__RUN, view->run);
	out = put_time(out, PROGRESS_INFO__STAGE_TIME, view->stage_entered_ms);
	out = writer_put_double(out, PROGRESS_INFO__DONE, view->done);
	out = writer_put_double(out, PROGRESS_INFO__TOTAL, view->total);
	out = writer_put_string(out, PROGRESS_INFO__CANCEL_REASON, job->cancel_reason);
	if (lease_ms != 0)
		out = put_time(out, PROGRESS_INFO__LEASE_EXPIRE_TIME, lease_ms);
	return expires_ms != 0 ? put_time(out, PROGRESS_INFO__EXPIRE_TIME, expires_ms) : out;
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
	end = writer_put_number(end, PROGRESS_INFO__HAS_HISTORY, look.has_history);
	assert((size_t)(end - bytes) <= needed);
	*ret_bytes = (struct wire_bytes){bytes, (size_t)(end - bytes)};
	return ERR_OK;
}
