/* Atomics without order: each number is right by itself. */
#include "base/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

struct spread {
	atomic_uint_fast64_t counts[METRICS_BUCKETS];
	atomic_uint_fast64_t sum;
};

static const enum metrics_unit units[METRICS_SPREAD_COUNT] = {
#define METRICS_UNIT(NAME, name, help, unit) unit,
    METRICS_SPREADS(METRICS_UNIT)
#undef METRICS_UNIT
};

static const uint64_t time_bounds[METRICS_BUCKETS - 1] = {
    50000,    100000,   250000,    500000,    1000000,    2500000,    5000000,     10000000,
    25000000, 50000000, 100000000, 250000000, 1000000000, 5000000000, 30000000000,
};

static atomic_uint_fast64_t counters[METRICS_COUNTER_COUNT];
static atomic_int_fast64_t gauges[METRICS_GAUGE_COUNT];
static struct spread spreads[METRICS_SPREAD_COUNT];
static atomic_uint_fast64_t calls[METRICS_DOOR_COUNT][METRICS_METHODS_MAX][METRICS_CODES_MAX];
static struct spread call_times[METRICS_DOOR_COUNT][METRICS_METHODS_MAX];
static atomic_int_fast64_t jobs[METRICS_STATES_MAX][METRICS_STAGES_MAX];
static atomic_uint_fast64_t arrivals[METRICS_STATES_MAX];

static void count(atomic_uint_fast64_t *number, uint64_t more)
{
	atomic_fetch_add_explicit(number, more, memory_order_relaxed);
}

static uint64_t value_of(const atomic_uint_fast64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

void metrics_add(enum metrics_counter counter, uint64_t number)
{
	count(&counters[counter], number);
}

void metrics_set(enum metrics_gauge gauge, int64_t value)
{
	atomic_store_explicit(&gauges[gauge], value, memory_order_relaxed);
}

void metrics_move(enum metrics_gauge gauge, int64_t difference)
{
	atomic_fetch_add_explicit(&gauges[gauge], difference, memory_order_relaxed);
}

uint64_t metrics_bound(enum metrics_unit unit, size_t bucket)
{
	assert(bucket < METRICS_BUCKETS - 1);
	return unit == METRICS_NS ? time_bounds[bucket] : UINT64_C(1) << bucket;
}

static void observe(struct spread *spread, enum metrics_unit unit, uint64_t value)
{
	size_t bucket = 0;
	while (bucket < METRICS_BUCKETS - 1 && value > metrics_bound(unit, bucket))
		bucket++;
	count(&spread->counts[bucket], 1);
	count(&spread->sum, value);
}

void metrics_observe(enum metrics_spread spread, uint64_t value)
{
	observe(&spreads[spread], units[spread], value);
}

void metrics_count_call(enum metrics_door door, size_t method, int code, int64_t duration_ns)
{
	if (method >= METRICS_METHODS_MAX)
		method = METRICS_OTHER_METHOD;
	if (code < 0 || code >= METRICS_CODES_MAX)
		code = METRICS_CODES_MAX - 1;
	count(&calls[door][method][code], 1);
	observe(&call_times[door][method], METRICS_NS, duration_ns > 0 ? (uint64_t)duration_ns : 0);
}

static void move_jobs(int state, int stage, int64_t difference)
{
	atomic_fetch_add_explicit(&jobs[state][stage], difference, memory_order_relaxed);
}

static bool is_place(int state, int stage)
{
	return state > 0 && state < METRICS_STATES_MAX && stage >= 0 && stage < METRICS_STAGES_MAX;
}

void metrics_move_job(int previous_state, int previous_stage, int state, int stage)
{
	if (previous_state == state && previous_stage == stage)
		return;
	if (is_place(previous_state, previous_stage))
		move_jobs(previous_state, previous_stage, -1);
	if (!is_place(state, stage))
		return;
	move_jobs(state, stage, 1);
	metrics_reach_state(previous_state, state);
}

void metrics_reach_state(int previous_state, int state)
{
	if (state != previous_state && state > 0 && state < METRICS_STATES_MAX)
		count(&arrivals[state], 1);
}

void metrics_add_job(int state, int stage)
{
	if (is_place(state, stage))
		move_jobs(state, stage, 1);
}

void metrics_forget_jobs(void)
{
	for (int state = 0; state < METRICS_STATES_MAX; state++)
		for (int stage = 0; stage < METRICS_STAGES_MAX; stage++)
			atomic_store_explicit(&jobs[state][stage], 0, memory_order_relaxed);
}

uint64_t metrics_counter_value(enum metrics_counter counter)
{
	return value_of(&counters[counter]);
}

int64_t metrics_gauge_value(enum metrics_gauge gauge)
{
	return atomic_load_explicit(&gauges[gauge], memory_order_relaxed);
}

static struct metrics_buckets read_spread(const struct spread *spread)
{
	struct metrics_buckets buckets = {.sum = value_of(&spread->sum)};
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		buckets.counts[i] = value_of(&spread->counts[i]);
	return buckets;
}

struct metrics_buckets metrics_spread_buckets(enum metrics_spread spread)
{
	return read_spread(&spreads[spread]);
}

uint64_t metrics_calls(enum metrics_door door, size_t method, int code)
{
	return value_of(&calls[door][method][code]);
}

struct metrics_buckets metrics_call_times(enum metrics_door door, size_t method)
{
	return read_spread(&call_times[door][method]);
}

int64_t metrics_jobs(int state, int stage)
{
	return atomic_load_explicit(&jobs[state][stage], memory_order_relaxed);
}

uint64_t metrics_arrivals(int state)
{
	return value_of(&arrivals[state]);
}
