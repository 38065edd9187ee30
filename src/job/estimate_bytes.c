/*
 * An estimate as bytes: a version, then the fields in the order of the struct. Stays are written for the stages behind,
 * the pin for the present and later ones, so that a record takes 250 to 500 bytes. No next instant is written as 0 with
 * a flag, since all numbers must be finite.
 */
#include <math.h>

#include "job/bytes.h"
#include "job/estimate_parts.h"

enum { VERSION = 1 };

/* Flags of one byte. */
enum { HAS_HINT = 1, WAS_LOST = 2, IS_CHASING = 4, HAS_NEXT = 8 };

static uint8_t *put_facts(uint8_t *out, const struct estimate *estimate)
{
	const double numbers[] = {estimate->begun_at,   estimate->entered_at,     estimate->heard_at,
	                          estimate->beat_at,    estimate->reported_at,    estimate->seen_at,
	                          estimate->work,       estimate->longest_gap_s,  estimate->beat_gap_s,
	                          estimate->promised_s, estimate->origin.log_hint};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		out = bytes_put_double(out, numbers[i]);
	out = bytes_put_u64(out, estimate->origin.worker);
	out = bytes_put_u64(out, estimate->origin.class);
	out = bytes_put_u64(out, estimate->jobs);
	out = bytes_put_u32(out, estimate->reports);
	out = bytes_put_u32(out, estimate->beats);
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		out = bytes_put_float(out, estimate->crossed_s[i]);
	return out;
}

/* The present stage's stay is there only when the run has completed. */
static size_t stay_count(const struct estimate *estimate)
{
	return estimate->stage + (estimate->end == ESTIMATE_COMPLETED ? 1U : 0U);
}

static uint8_t *put_stay(uint8_t *out, const struct estimate_stay *stay)
{
	out = bytes_put_u8(out, stay->was_there | stay->is_finished << 1 | stay->has_reports << 2);
	out = bytes_put_float(out, stay->log_s);
	if (!stay->has_reports)
		return out;
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		out = bytes_put_u8(out, stay->marks[i]);
	return bytes_put_u8(out, stay->gap);
}

static uint8_t *put_pin(uint8_t *out, const struct estimate *estimate)
{
	for (size_t i = estimate->stage; i < estimate->stage_count; i++) {
		out = bytes_put_float(out, estimate->mean[i]);
		out = bytes_put_float(out, estimate->spread[i]);
		for (size_t j = estimate->stage; j < i; j++)
			out = bytes_put_u8(out, (uint8_t)estimate->correlation[estimate_pair(i, j)]);
	}
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		out = bytes_put_float(out, estimate->marks[i]);
	out = bytes_put_float(out, estimate->scatter);
	return bytes_put_float(out, estimate->gap_s);
}

static uint8_t *put_display(uint8_t *out, const struct estimate *estimate)
{
	out = bytes_put_double(out, estimate->base_at);
	out = bytes_put_double(out, estimate->fraction);
	out = bytes_put_double(out, estimate->speed);
	out = bytes_put_double(out, isinf(estimate->next_at) ? 0 : estimate->next_at);
	out = bytes_put_double(out, estimate->finish_at);
	out = bytes_put_double(out, estimate->place_floor);
	return bytes_put_double(out, estimate->percent_floor);
}

size_t estimate_seal(const struct estimate *estimate, uint8_t *bytes)
{
	uint8_t *out = bytes_put_u8(bytes, VERSION);
	out = bytes_put_u8(out, estimate->stage_count);
	out = bytes_put_u8(out, estimate->stage);
	out = bytes_put_u8(out, estimate->end);
	out = bytes_put_u8(out, (estimate->origin.has_hint ? HAS_HINT : 0) | (estimate->was_lost ? WAS_LOST : 0) |
	                            (estimate->is_chasing ? IS_CHASING : 0) | (isinf(estimate->next_at) ? 0 : HAS_NEXT));
	out = put_facts(out, estimate);
	for (size_t i = 0; i < stay_count(estimate); i++)
		out = put_stay(out, &estimate->stays[i]);
	out = put_pin(out, estimate);
	out = put_display(out, estimate);
	return (size_t)(out - bytes);
}

static void get_facts(struct bytes_in *in, struct estimate *estimate)
{
	double *const numbers[] = {&estimate->begun_at,   &estimate->entered_at,     &estimate->heard_at,
	                           &estimate->beat_at,    &estimate->reported_at,    &estimate->seen_at,
	                           &estimate->work,       &estimate->longest_gap_s,  &estimate->beat_gap_s,
	                           &estimate->promised_s, &estimate->origin.log_hint};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = bytes_get_double(in);
	estimate->origin.worker = bytes_get_u64(in);
	estimate->origin.class = bytes_get_u64(in);
	estimate->jobs = bytes_get_u64(in);
	estimate->reports = bytes_get_u32(in);
	estimate->beats = bytes_get_u32(in);
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		estimate->crossed_s[i] = bytes_get_float(in);
}

static void get_stay(struct bytes_in *in, struct estimate_stay *stay)
{
	uint8_t flags = bytes_get_u8(in);
	stay->was_there = flags & 1;
	stay->is_finished = flags >> 1 & 1;
	stay->has_reports = flags >> 2 & 1;
	stay->log_s = bytes_get_float(in);
	if (!stay->has_reports)
		return;
	for (size_t i = 0; i < LEARNED_MARKS; i++)
		stay->marks[i] = bytes_get_u8(in);
	stay->gap = bytes_get_u8(in);
}

static void get_pin(struct bytes_in *in, struct estimate *estimate)
{
	for (size_t i = estimate->stage; i < estimate->stage_count; i++) {
		estimate->mean[i] = bytes_get_float(in);
		estimate->spread[i] = bytes_get_float(in);
		in->is_bad = in->is_bad || estimate->spread[i] <= 0;
		for (size_t j = estimate->stage; j < i; j++)
			estimate->correlation[estimate_pair(i, j)] = (int8_t)bytes_get_u8(in);
	}
	for (size_t i = 0; i < LEARNED_MARKS; i++) {
		estimate->marks[i] = bytes_get_float(in);
		in->is_bad = in->is_bad || estimate->marks[i] <= 0;
	}
	estimate->scatter = bytes_get_float(in);
	estimate->gap_s = bytes_get_float(in);
}

static void get_display(struct bytes_in *in, struct estimate *estimate, bool has_next)
{
	estimate->base_at = bytes_get_double(in);
	estimate->fraction = bytes_get_double(in);
	estimate->speed = bytes_get_double(in);
	estimate->next_at = bytes_get_double(in);
	if (!has_next)
		estimate->next_at = INFINITY;
	estimate->finish_at = bytes_get_double(in);
	estimate->place_floor = bytes_get_double(in);
	estimate->percent_floor = bytes_get_double(in);
}

static bool is_sound(const struct estimate *estimate)
{
	return estimate->begun_at <= estimate->entered_at && estimate->entered_at <= estimate->reported_at &&
	       estimate->reported_at <= estimate->seen_at && estimate->heard_at <= estimate->seen_at &&
	       estimate->base_at <= estimate->seen_at && estimate->base_at >= estimate->begun_at &&
	       estimate->next_at >= estimate->base_at && estimate->fraction >= 0 && estimate->fraction <= 1 &&
	       estimate->speed >= 0 && estimate->work >= 0 && estimate->work <= 1 && estimate->place_floor >= 0 &&
	       estimate->place_floor <= 1 && estimate->percent_floor >= 0 && estimate->percent_floor <= 100 &&
	       estimate->longest_gap_s >= 0 && estimate->beat_gap_s >= 0 && estimate->promised_s >= 0 &&
	       estimate->scatter > 0 && estimate->gap_s >= 0;
}

enum err estimate_open(const uint8_t *bytes, size_t length, struct estimate *ret_estimate, struct fault *fault)
{
	struct bytes_in in = {.at = bytes, .end = bytes + length};
	struct estimate estimate = {0};
	unsigned version = bytes_get_u8(&in);
	estimate.stage_count = bytes_get_u8(&in);
	estimate.stage = bytes_get_u8(&in);
	estimate.end = bytes_get_u8(&in);
	uint8_t flags = bytes_get_u8(&in);
	if (in.is_bad || version != VERSION || estimate.stage_count > PLAN_STAGES_MAX ||
	    estimate.stage >= estimate.stage_count || estimate.end > ESTIMATE_CANCELLED)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ESTIMATE", "the estimate is damaged, or of version %u",
		                 version);
	estimate.origin.has_hint = (flags & HAS_HINT) != 0;
	estimate.was_lost = (flags & WAS_LOST) != 0;
	estimate.is_chasing = (flags & IS_CHASING) != 0;
	get_facts(&in, &estimate);
	for (size_t i = 0; i < stay_count(&estimate); i++)
		get_stay(&in, &estimate.stays[i]);
	get_pin(&in, &estimate);
	get_display(&in, &estimate, (flags & HAS_NEXT) != 0);
	if (in.is_bad || in.at != in.end || !is_sound(&estimate))
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ESTIMATE", "the estimate is damaged");
	*ret_estimate = estimate;
	return ERR_OK;
}
